import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { randomId64, systemRandom } from '../../base/random.ts';
import { encodeConfChange } from '../../raft/core/conf-change-codec.ts';
import type { ConfChange, ConfState, Entry } from '../../raft/core/types.ts';
import { lockDataDir } from '../../raft/runtime/data-dir-lock.ts';
import { appendToOfflineLog } from '../../raft/runtime/offline-log.ts';
import { idToHex } from './identity.ts';
import { toConfChange } from './member-change.ts';
import type { MemberChange } from './member-change.ts';
import { readSurvivor } from './survivor.ts';
import type { Survivor } from './survivor.ts';

const leaveJoint: ConfChange = { transition: 'auto', changes: [], data: new Uint8Array(0) };

/** Steps that leave `id` alone: each changes one voter, as a cluster would do it. */
function changesTo(id: string, { voters, votersOutgoing, learners, learnersNext }: ConfState): MemberChange[] {
  const others = [...new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext])].filter((m) => m !== id);
  const promoted: MemberChange[] = voters.includes(id) ? [] : [{ kind: 'promote', id }];
  return [...promoted, ...others.map((other): MemberChange => ({ kind: 'remove', id: other }))];
}

/** What is appended so that the survivor is the only member. Empty: it is so already. */
export function entriesForNewCluster(survivor: Survivor, term: number, session: bigint): Entry[] {
  const { memberId, confState, members, log } = survivor;
  const known = [...confState.voters, ...confState.votersOutgoing, ...confState.learners, ...confState.learnersNext];
  if (!known.includes(memberId) && !members.has(memberId)) {
    throw new Error(`${survivor.dataDir}: member ${memberId} is not among the members that its own log names`);
  }
  const steps: ConfChange[] = confState.votersOutgoing.length > 0 ? [leaveJoint] : [];
  for (const [i, change] of changesTo(memberId, confState).entries()) {
    steps.push(toConfChange({ ...change, session: idToHex(session), sequence: i + 1 }));
  }
  return steps.map((change, i) => ({
    type: 'conf-change',
    term,
    index: log.lastIndex + 1 + i,
    data: encodeConfChange(change),
  }));
}

/**
 * Makes a member that does not run the only one of its cluster: declares all of its log committed, and removes the others,
 * for good. `termAbove`: of other survivors, so that nothing of theirs can pass for newer.
 */
export async function forceNewCluster(dataDir: string, log: Log, termAbove = 0): Promise<Survivor> {
  const raftDir = join(dataDir, 'raft');
  const lock = await lockDataDir(raftDir);
  try {
    const survivor = await readSurvivor(dataDir, log);
    const { memberId, clusterId, log: offline } = survivor;
    const term = Math.max(offline.hardState.term, offline.lastTerm, termAbove) + 1;
    const entries = entriesForNewCluster(survivor, term, randomId64(systemRandom));
    const last = entries.at(-1);
    if (last === undefined) return survivor;
    const hardState = { term, vote: memberId, commit: last.index };
    await appendToOfflineLog(raftDir, { nodeId: memberId, clusterId }, entries, hardState, log);
    const removed = [...survivor.members.keys()].filter((id) => id !== memberId);
    log.warn(
      { member: memberId, removed, index: last.index, term },
      'this member was made the only one of its cluster',
    );
    return survivor;
  } finally {
    await lock.release();
  }
}
