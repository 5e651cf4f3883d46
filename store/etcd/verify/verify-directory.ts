import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkRaft } from '../../../raft/runtime/check-raft.ts';
import type { RaftReport } from '../../../raft/runtime/check-raft.ts';
import { DataDirLockedError, lockDataDir } from '../../../raft/runtime/data-dir-lock.ts';
import { decodeImage } from '../../backend/image.ts';
import { checkDataVersion } from '../data-version.ts';
import type { StoreState } from '../store-state.ts';
import type { Fault } from './fault.ts';
import { compareLogAndStore } from './log-against-store.ts';
import { verifyStore } from './verify-store.ts';
import type { StoreReport } from './verify-store.ts';

export interface VerifyReport {
  readonly directory: string;
  /** what was looked at, for people */
  readonly lines: readonly string[];
  readonly faults: readonly Fault[];
  /** with all of the log; undefined: it could not be loaded, or there is none here */
  readonly state: StoreState | undefined;
}

export type DirectoryKind = 'member' | 'raft' | 'store';

/** What of a member is in the directory; undefined: nothing. */
export function kindOfDirectory(directory: string): DirectoryKind | undefined {
  if (existsSync(join(directory, 'store')) || existsSync(join(directory, 'raft'))) return 'member';
  if (existsSync(join(directory, 'wal'))) return 'raft';
  return existsSync(join(directory, 'current')) || existsSync(join(directory, 'db-1')) ? 'store' : undefined;
}

async function checkImage(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of decodeImage(chunks));
}

function raftLines({ metadata, log, segments, snapshots, notes }: RaftReport): string[] {
  const lines = notes.map((note) => `log: ${note}`);
  if (metadata !== undefined) lines.push(`member ${metadata.nodeId} of cluster ${metadata.clusterId}`);
  if (log !== undefined) {
    const { entries, hardState, lastIndex, lastTerm, mark } = log;
    const span = entries.length === 0 ? 'no entries' : `entries ${entries[0]!.index} to ${lastIndex}`;
    lines.push(
      `log: ${segments} segments, ${span} (behind ${mark.logStart.index}), last of term ${lastTerm}, ` +
        `known to be committed up to ${hardState.commit}; every checksum read`,
    );
  }
  for (const { file, meta, bytes } of snapshots)
    lines.push(`snapshot file ${basename(file)}: index ${meta.index}, ${bytes} bytes`);
  return lines;
}

/** What log and store, each sound by itself, must be together. */
function* togetherFaults(directory: string, raft: RaftReport, store: StoreReport): Generator<Fault> {
  const { metadata, log } = raft;
  const { identity, state } = store;
  if (metadata !== undefined && identity !== undefined) {
    const { memberId, clusterId } = identity;
    if (metadata.nodeId !== memberId || metadata.clusterId !== clusterId) {
      yield { file: directory, what: `the store is of member ${memberId} of cluster ${clusterId}, the log of another` };
    }
  }
  if (log === undefined || state === undefined) return;
  const { mark, lastIndex } = log;
  if (state.appliedIndex > lastIndex) {
    const what = `entries up to ${state.appliedIndex} are applied, but the log ends at ${lastIndex}: it was cut off or lost`;
    yield { file: join(directory, 'raft'), what };
  }
  const inFile = raft.snapshots.some(({ meta }) => meta.index === mark.index);
  if (state.appliedIndex < mark.index && mark.kind !== 'boot' && !inFile) {
    const what = `entries up to ${state.appliedIndex} are applied, but the log begins behind ${mark.index}, and no snapshot file has what is between`;
    yield { file: join(directory, 'store'), what };
  }
}

async function verifyMember(directory: string): Promise<VerifyReport> {
  const version = checkDataVersion(directory);
  const [raftDir, storeDir] = [join(directory, 'raft'), join(directory, 'store')];
  const lines = version === undefined ? [] : [`written by kuorum ${version.kuorum}`];
  if (!existsSync(storeDir)) {
    return { directory, lines, faults: [{ file: storeDir, what: 'it is missing' }], state: undefined };
  }
  const store = await verifyStore(storeDir);
  if (!existsSync(raftDir)) {
    // made of a backup, and not started yet
    const fresh = store.identity?.restoredFor !== undefined && (store.state?.appliedIndex ?? 0) <= 1;
    const faults = fresh ? store.faults : [...store.faults, { file: raftDir, what: 'it is missing' }];
    return { directory, lines: [...lines, ...store.lines], faults, state: store.state };
  }
  const raft = await checkRaft(raftDir, checkImage);
  const together = [...togetherFaults(directory, raft, store)];
  lines.push(...raftLines(raft), ...store.lines);
  const faults = [...raft.faults, ...store.faults, ...together];
  const { state, identity } = store;
  if (together.length > 0 || raft.log === undefined || state === undefined || identity === undefined) {
    return { directory, lines, faults, state };
  }
  const comparison = await compareLogAndStore(storeDir, state, raft.log, identity);
  lines.push(`log against store: ${comparison.text}`);
  return { directory, lines, faults: [...faults, ...comparison.faults], state };
}

async function verifyKind(directory: string, kind: DirectoryKind): Promise<VerifyReport> {
  if (kind === 'member') return verifyMember(directory);
  if (kind === 'store') return { directory, ...(await verifyStore(directory)) };
  const raft = await checkRaft(directory, checkImage);
  return { directory, lines: raftLines(raft), faults: raft.faults, state: undefined };
}

/**
 * Reads all that a member's data directory, its log or its store holds, checks every checksum and what the parts say of one
 * another, and changes nothing. Rejects where a process has it open, or a newer program wrote it.
 */
export async function verifyDirectory(directory: string, kind: DirectoryKind): Promise<VerifyReport> {
  const member = kind === 'member' ? directory : dirname(directory);
  const raftDir = kind === 'raft' ? directory : join(member, 'raft');
  if (!existsSync(raftDir)) return verifyKind(directory, kind);
  const lock = await lockDataDir(raftDir).catch((error: unknown) => {
    if (error instanceof DataDirLockedError) throw error;
    return undefined; // not ours to write: then nobody of ours has it open either
  });
  try {
    return await verifyKind(directory, kind);
  } finally {
    await lock?.release();
  }
}
