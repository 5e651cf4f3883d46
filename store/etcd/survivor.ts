import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import type { ConfState, Entry } from '../../raft/core/types.ts';
import { decodeConfChange } from '../../raft/core/conf-change-codec.ts';
import { readOfflineLog } from '../../raft/runtime/offline-log.ts';
import type { OfflineLog } from '../../raft/runtime/offline-log.ts';
import { LevelBackend } from '../backend/level-backend.ts';
import type { StoreSink } from '../mvcc/types.ts';
import { applyCommand } from './apply.ts';
import type { ApplyObserver } from './apply.ts';
import type { Identity } from './claim.ts';
import { commandCodec, entryCodec } from './command.ts';
import { checkDataVersion } from './data-version.ts';
import { idToHex } from './identity.ts';
import { applyChange, fromConfChange } from './member-change.ts';
import { identityKey, parseJson, removedKey } from './records.ts';
import { loadState } from './store-state.ts';
import type { MemberRecord, StoreState } from './store-state.ts';

/** What the data directory of a member that does not run holds. */
export interface Survivor {
  readonly dataDir: string;
  /** 16 hex digits */
  readonly memberId: string;
  readonly clusterId: string;
  readonly log: OfflineLog;
  /** of the entry that the member knows to be committed, at most `log.lastIndex` */
  readonly commit: number;
  /** the store's revision with all entries up to `commit`, and with all of the log */
  readonly commitRevision: number;
  readonly lastRevision: number;
  /** at the end of the log */
  readonly confState: ConfState;
  readonly members: ReadonlyMap<string, MemberRecord>;
}

export const noSink: StoreSink = { putRecord() {}, dropRecord() {}, putLease() {}, dropLease() {} };
const noObserver: ApplyObserver = {
  leaseStarted() {},
  leaseEnded() {},
  alarmChanged() {},
  memberChanged() {},
  auth() {},
};

const raftDir = (dataDir: string): string => join(dataDir, 'raft');
const storeDir = (dataDir: string): string => join(dataDir, 'store');

/** Whether there is anything of a member at all. */
export const holdsMember = (dataDir: string): boolean => existsSync(storeDir(dataDir)) && existsSync(raftDir(dataDir));

/** In memory, as the member itself would. */
export function applyEntry(state: StoreState, { type, index, term, data }: Entry): void {
  if (index <= state.appliedIndex) return;
  state.appliedIndex = index;
  if (data.length === 0) return;
  if (type === 'conf-change') {
    const change = fromConfChange(decodeConfChange(data));
    if (change !== undefined) applyChange(state, change);
    return;
  }
  const { session, sequence, commands } = entryCodec.decode(data);
  if (!state.sessions.admit(idToHex(session), sequence, index)) return;
  for (const bytes of commands) {
    try {
      applyCommand({ state, observer: noObserver, term, index }, commandCodec.decode(bytes));
    } catch {
      // its client was told; the store is as before
    }
  }
}

async function readStore(dataDir: string): Promise<{ identity: Identity; state: StoreState }> {
  const backend = await LevelBackend.open(storeDir(dataDir));
  try {
    const value = await backend.get(identityKey);
    if (value === undefined) throw new Error(`${storeDir(dataDir)} does not say whose it is: no member ever ran on it`);
    const identity = parseJson<Identity>(value);
    if ((await backend.get(removedKey)) !== undefined) {
      throw new Error(`member ${identity.memberId} was removed from its cluster`);
    }
    return { identity, state: await loadState(backend, noSink) };
  } finally {
    await backend.close();
  }
}

/**
 * Reads all of a member's data. Rejects, saying why, where it is damaged, in use, or of no member; changes nothing but what
 * opening the store does by itself.
 */
export async function readSurvivor(dataDir: string, log: Log): Promise<Survivor> {
  checkDataVersion(dataDir);
  const { identity, state } = await readStore(dataDir);
  const { memberId, clusterId } = identity;
  const offline = await readOfflineLog(raftDir(dataDir), { nodeId: memberId, clusterId }, log);
  const { mark, entries, hardState, lastIndex, confState } = offline;
  if (state.appliedIndex < mark.index && mark.kind !== 'boot') {
    const where = `the store holds entries up to ${state.appliedIndex}, the log begins behind ${mark.index}`;
    throw new Error(`${dataDir} was stopped while it took a snapshot in (${where}): start it once, or use another`);
  }
  const commit = Math.min(Math.max(hardState.commit, state.appliedIndex), lastIndex);
  for (const entry of entries) if (entry.index <= commit) applyEntry(state, entry);
  const commitRevision = state.mvcc.revision;
  for (const entry of entries) applyEntry(state, entry);
  return {
    dataDir,
    memberId,
    clusterId,
    log: offline,
    commit,
    commitRevision,
    lastRevision: state.mvcc.revision,
    confState,
    members: state.members,
  };
}

/** The one with the most: of the latest term, then the longest. It holds all that any of them knows to be committed. */
export function bestSurvivor(survivors: readonly Survivor[]): Survivor | undefined {
  return [...survivors].sort(
    (a, b) => b.log.lastTerm - a.log.lastTerm || b.log.lastIndex - a.log.lastIndex || b.commit - a.commit,
  )[0];
}
