import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { decodeConfChange } from '../core/conf-change-codec.ts';
import { emptyConfState } from '../core/memory-storage.ts';
import type { ConfChange, ConfState, HardState, LogIndex } from '../core/types.ts';
import { CorruptFileError } from './disk-error.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { RaftNodeOptions } from './types.ts';
import { openWal } from './wal/open-wal.ts';
import type { SnapshotMark } from './wal/payload.ts';
import type { WalState } from './wal/replay.ts';
import type { RaftPlatform } from './platform.ts';
import type { Wal, WalOptions } from './wal/wal.ts';

/** What a member starts from. */
export interface Recovered {
  readonly wal: Wal;
  readonly state: WalState;
  readonly snapshots: SnapshotStore;
  /** the state machine holds everything up to here */
  readonly applied: LogIndex;
  /** configuration changes behind the log's mark that the machine has applied already, for the core to catch up on */
  readonly appliedChanges: readonly { index: LogIndex; change: ConfChange }[];
}

/** What a new log starts with; a member that joins knows nothing until the leader sends it a snapshot. */
export function initialLog(options: RaftNodeOptions): { mark: SnapshotMark; hardState: HardState } {
  if (options.initialState === 'existing') return bootAt(0, emptyConfState);
  // The log begins behind an entry 1 that nobody has, so a member that joins later gets a snapshot, and with it the
  // configuration, instead of a log from which the first configuration could not be told.
  return bootAt(1, { ...emptyConfState, voters: options.initialMembers.map(({ id }) => id).sort() });
}

function bootAt(at: 0 | 1, confState: ConfState): { mark: SnapshotMark; hardState: HardState } {
  const mark: SnapshotMark = { kind: 'boot', index: at, term: at, confState, logStart: { index: at, term: at } };
  return { mark, hardState: { term: at, vote: '', commit: at } };
}

/**
 * Opens log and snapshots and brings the state machine at least to the log's mark. The machine's own durable state may
 * be anywhere behind that; what is missing comes from the log.
 */
export async function recover(
  options: RaftNodeOptions,
  platform: Pick<RaftPlatform, 'clock' | 'random' | 'disk'>,
  log: Log,
  faults: Pick<WalOptions, 'diskFault' | 'faultPoint'> & { segmentBytes?: number } = {},
): Promise<Recovered> {
  const fsync = options.unsafeNoFsync !== true;
  const metadata = { nodeId: options.id, clusterId: options.clusterId };
  const dir = join(options.dataDir, 'wal');
  const { wal, state, created } = await openWal({
    dir,
    metadata,
    initial: initialLog(options),
    fsync,
    diskFault: faults.diskFault,
    faultPoint: faults.faultPoint,
    ...(faults.segmentBytes !== undefined && { segmentBytes: faults.segmentBytes }),
    log,
    ...platform,
  });
  try {
    const snapshots = await SnapshotStore.open(join(options.dataDir, 'snap'), fsync, log, platform.disk);
    const applied = await restoreMachine(options, state, snapshots, log);
    const lastIndex = state.entries.at(-1)?.index ?? state.mark.logStart.index;
    if (applied > lastIndex) {
      throw new CorruptFileError(
        dir,
        wal.bytes,
        `the log ends at entry ${lastIndex}, but the state machine has applied ${applied}: the log was truncated or lost`,
      );
    }
    const fields = { created, logStart: state.mark.logStart.index, lastIndex, applied, commit: state.hardState.commit };
    log.info(fields, created ? 'made a new log' : 'read the log');
    return { wal, state, snapshots, applied, appliedChanges: changesBetween(state, applied) };
  } catch (error) {
    await wal.abandon();
    throw error;
  }
}

async function restoreMachine(
  { machine, dataDir }: RaftNodeOptions,
  { mark }: WalState,
  snapshots: SnapshotStore,
  log: Log,
): Promise<LogIndex> {
  const durable = machine.durableIndex;
  if (durable >= mark.index) return durable;
  if (mark.kind === 'boot') return mark.index;
  if (!(await snapshots.indexes()).includes(mark.index)) {
    throw new CorruptFileError(
      dataDir,
      0,
      `the state machine holds entries up to ${durable}, but the log begins behind ${mark.index} and there is no ` +
        `snapshot file ${snapshots.file(mark.index)}: the state was lost or replaced by an older copy`,
    );
  }
  log.info({ index: mark.index, durable }, 'restoring the state machine from the snapshot file');
  const { meta, chunks } = await snapshots.load(mark.index);
  await machine.restore(meta, chunks);
  return mark.index;
}

function changesBetween({ mark, entries }: WalState, applied: LogIndex): Recovered['appliedChanges'] {
  return entries
    .filter((entry) => entry.type === 'conf-change' && entry.index > mark.index && entry.index <= applied)
    .map((entry) => ({ index: entry.index, change: decodeConfChange(entry.data) }));
}
