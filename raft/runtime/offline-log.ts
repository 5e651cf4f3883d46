import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { changeConfiguration } from '../core/conf-change.ts';
import { decodeConfChange } from '../core/conf-change-codec.ts';
import { configurationOf, confStateOf } from '../core/configuration.ts';
import { emptyConfState } from '../core/memory-storage.ts';
import type { ConfState, Entry, HardState, LogIndex, Term } from '../core/types.ts';
import { systemDisk } from './disk.ts';
import type { Disk } from './disk.ts';
import { openWal } from './wal/open-wal.ts';
import type { SnapshotMark, WalMetadata } from './wal/payload.ts';
import { listSegments } from './wal/segment-files.ts';

/** The log of a member that does not run. */
export interface OfflineLog {
  readonly hardState: HardState;
  readonly mark: SnapshotMark;
  readonly entries: readonly Entry[];
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** the configuration at the end of the log, whether that is committed or not */
  readonly confState: ConfState;
  /** when its newest segment was last written, milliseconds since 1970 */
  readonly writtenAtMs: number;
}

const logDir = (dataDir: string): string => join(dataDir, 'wal');
const nothing = (): Promise<void> => Promise.resolve();

/** Reads as the system's does, and changes nothing: what is written, cut off or removed only seems so. */
export const readOnlyDisk: Disk = {
  ...systemDisk,
  async open(file) {
    const handle = await systemDisk.open(file, 'r');
    return {
      read: (...of) => handle.read(...of),
      close: () => handle.close(),
      // opening writes again what is there, so that it is surely on the disk
      writev: (buffers) => Promise.resolve({ bytesWritten: buffers.reduce((sum, { length }) => sum + length, 0) }),
      appendFile: nothing,
      truncate: nothing,
      datasync: nothing,
      sync: nothing,
    };
  },
  mkdir: nothing,
  unlink: nothing,
  rename: nothing,
  syncDir: nothing,
};

function confStateBehind(mark: SnapshotMark, entries: readonly Entry[]): ConfState {
  let configuration = configurationOf(mark.confState);
  for (const { type, index, data } of entries) {
    if (type === 'conf-change' && index > mark.index) {
      configuration = changeConfiguration(configuration, decodeConfChange(data));
    }
  }
  return confStateOf(configuration);
}

function options(dataDir: string, metadata: WalMetadata, log: Log, disk: Disk): Parameters<typeof openWal>[0] {
  const mark: SnapshotMark = {
    kind: 'boot',
    index: 0,
    term: 0,
    confState: emptyConfState,
    logStart: { index: 0, term: 0 },
  };
  const initial = { mark, hardState: { term: 0, vote: '', commit: 0 } };
  return { dir: logDir(dataDir), metadata, initial, fsync: true, disk, log };
}

async function lastWritten(dataDir: string): Promise<number> {
  const segments = await listSegments(readOnlyDisk, logDir(dataDir));
  const newest = segments.at(-1);
  if (newest === undefined) throw new Error(`there is no log in ${logDir(dataDir)}`);
  return (await stat(newest.file)).mtimeMs;
}

/** Reads the log in `dataDir`. Throws CorruptFileError, WrongDataDirError, or where there is none; changes nothing. */
export async function readOfflineLog(dataDir: string, metadata: WalMetadata, log: Log): Promise<OfflineLog> {
  const writtenAtMs = await lastWritten(dataDir);
  const { wal, state } = await openWal(options(dataDir, metadata, log, readOnlyDisk));
  await wal.abandon();
  const { hardState, mark, entries } = state;
  const last = entries.at(-1) ?? mark.logStart;
  const { index: lastIndex, term: lastTerm } = last;
  return { hardState, mark, entries, lastIndex, lastTerm, confState: confStateBehind(mark, entries), writtenAtMs };
}

/** Puts entries behind the log's end; durable when it resolves. The directory must be locked by the caller. */
export async function appendToOfflineLog(
  dataDir: string,
  metadata: WalMetadata,
  entries: readonly Entry[],
  hardState: HardState,
  log: Log,
): Promise<void> {
  const { wal } = await openWal(options(dataDir, metadata, log, systemDisk));
  try {
    await Promise.race([
      new Promise<void>((resolve) => wal.append({ entries, hardState }, true, resolve)),
      wal.failed.then((error) => {
        throw error;
      }),
    ]);
  } finally {
    await wal.close();
  }
}
