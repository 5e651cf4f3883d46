import { messageOf } from '../../../base/message-of.ts';
import type { EtcdMemberOptions } from '../member-options.ts';
import type { CallPeer } from '../peer-service.ts';
import type { StoreState } from '../store-state.ts';
import { hashPath, hashScheme } from './peer-hash.ts';
import type { HashAnswer, HashRequest } from './peer-hash.ts';
import { judge } from './verdict.ts';

export interface StartCheckParts {
  readonly options: Pick<EtcdMemberOptions, 'dataDir' | 'name' | 'log'>;
  readonly memberId: string;
  readonly clusterId: string;
  readonly state: StoreState;
  readonly callPeer: CallPeer | undefined;
}

const askTimeoutMs = 2000;

/** This member's data are not those of the others. */
export class DataInconsistencyError extends Error {
  override name = 'DataInconsistencyError';
}

async function ask(callPeer: CallPeer, urls: readonly string[], request: HashRequest): Promise<HashAnswer | string> {
  let trouble = 'it has no peer URL';
  for (const url of urls) {
    try {
      const answer = (await callPeer(url, hashPath, request, askTimeoutMs)) as HashAnswer;
      return answer.scheme === hashScheme ? answer : 'it makes hashes in another way';
    } catch (error) {
      trouble = messageOf(error);
    }
  }
  return trouble;
}

/**
 * Before a member serves anybody: what it holds must be what its peers hold at that revision. Peers that are not there, or
 * cannot compare, do not count. One that differs from others starts only where a majority is with it.
 */
export async function checkAtStart(parts: StartCheckParts): Promise<void> {
  const { options, memberId, clusterId, state, callPeer } = parts;
  const others = [...state.members].filter(([id]) => id !== memberId);
  if (callPeer === undefined || others.length === 0 || state.mvcc.revision === 1) return;
  const own = { id: memberId, ...state.mvcc.hash() };
  const { revision, compactRevision } = own;
  const request: HashRequest = { clusterId, revision, compactRevision, waitMs: 0 };
  const answers = await Promise.all(others.map(([, { peerUrls }]) => ask(callPeer, peerUrls, request)));
  const comparable = answers.filter((answer) => typeof answer !== 'string');
  const verdict = judge(own, comparable, state.members.size);
  if (verdict.kind === 'same') {
    const skipped = answers.filter((answer) => typeof answer === 'string');
    options.log.info(
      { revision, compactRevision, checked: verdict.checked, skipped },
      'no difference from peers at start',
    );
    return;
  }
  if (verdict.kind === 'odd' && !verdict.members.includes(memberId)) {
    options.log.error(
      { members: verdict.members, revision },
      'members have other data than the majority, which this one is of',
    );
    return;
  }
  throw new DataInconsistencyError(
    `member ${memberId} (${options.name}) found data inconsistency with peers: what ${options.dataDir} holds at revision ${revision} ` +
      'is not what they hold. Remove this member and add a new one in its place, or restore the cluster from a backup; ' +
      '--feature-gates=InitialCorruptCheck=false starts it all the same',
  );
}
