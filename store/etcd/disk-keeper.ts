import type { MemberContext } from './service.ts';

const mebibyte = 1024 * 1024;
const lookEveryMs = 10_000;
const againAfterMs = 5 * 60_000;
/** LevelDB keeps so much that is not needed any more as it likes */
const spareBytes = 128 * mebibyte;
const spareFactor = 2;

/** Whether files hold so much that was overwritten that rewriting them is worth its price. */
export const isWasteful = (diskBytes: number, inUseBytes: number): boolean =>
  diskBytes > spareFactor * inUseBytes + spareBytes;

/**
 * Gives back disk space that compactions freed, beside all other work. LevelDB does so by itself where new writes come to
 * lie over old ones; this is for what lies still.
 */
export function keepDiskTidy({ clock, machine, log, diskBytes }: MemberContext): () => void {
  let lastMs = -Infinity;
  let leftBytes = 0;
  let busy = false;
  const tidy = async (): Promise<void> => {
    busy = true;
    const before = diskBytes();
    try {
      await machine.compactBackend();
      log.info({ diskBytes: before, inUseBytes: machine.state.mvcc.sizeBytes }, 'rewrote the files of the store');
    } catch (error) {
      log.warn({ err: error }, 'the files of the store could not be rewritten');
    } finally {
      busy = false;
      lastMs = clock.monotonicMs();
      leftBytes = 0;
    }
  };
  return clock.every(lookEveryMs, () => {
    const { sizeBytes, compactPending } = machine.state.mvcc;
    if (busy || compactPending || machine.stopped || clock.monotonicMs() - lastMs < againAfterMs) return;
    // what the last time left is not less by another time
    if (leftBytes === 0) leftBytes = diskBytes();
    const grown = lastMs === -Infinity || diskBytes() > leftBytes + spareBytes;
    if (grown && isWasteful(diskBytes(), sizeBytes)) void tidy();
  });
}
