import { eventsDifference } from '../../sim/check/difference.ts';
import type { Event, MemberState, RevisionRecord } from '../../sim/check/history.ts';
import type { Violation } from '../../sim/check/index.ts';
import type { HashKVResponse, StatusResponse } from '../../proto/etcd-types.ts';
import { sleep } from '../../base/clock.ts';
import type { ChaosCluster } from '../cluster/chaos-cluster.ts';
import { prefix, prefixEnd } from '../load/draw-request.ts';
import { StoreClient } from '../load/store-client.ts';
import { openWatch } from '../load/watch-stream.ts';

const convergeMs = 30_000;
const readMs = 20_000;

/** Waits until all members have applied the same revision, and hashes it; a member that does not answer is left out. */
export async function memberStates(cluster: ChaosCluster): Promise<{ states: MemberState[]; problems: string[] }> {
  const clients = cluster.layout.replicas.map((replica) => new StoreClient(cluster.layout, replica));
  const deadline = performance.now() + convergeMs;
  let problem = '';
  try {
    while (performance.now() < deadline) {
      try {
        const states = await Promise.all(clients.map((client) => stateOf(client)));
        const revisions = new Set(states.map(({ revision }) => revision));
        if (revisions.size === 1) return { states, problems: [] };
        problem = states.map(({ member, revision }) => `${member} at ${revision}`).join(', ');
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      await sleep(100);
    }
    const settled = await Promise.allSettled(clients.map((client) => stateOf(client)));
    const states = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    return { states, problems: [`members did not come together within ${convergeMs / 1000} s: ${problem}`] };
  } finally {
    for (const client of clients) client.close();
  }
}

async function stateOf(client: StoreClient): Promise<MemberState> {
  const status = await client.call<StatusResponse>('Maintenance/Status', {}, 2000);
  const revision = status.header?.revision ?? 0;
  const { hash, compactRevision } = await client.call<HashKVResponse>('Maintenance/HashKV', { revision }, 5000);
  return {
    member: client.member,
    revision,
    compactRevision,
    hash: String(hash),
    appliedIndex: status.raftAppliedIndex,
  };
}

/** What one member's own history holds of the load's keys, from its compaction on to `until`. */
function historyOf(client: StoreClient, from: number, until: number): Promise<Event[]> {
  return new Promise((resolve, reject) => {
    const found: Event[] = [];
    const request = { key: prefix, rangeEnd: prefixEnd, startRevision: from };
    const timer = setTimeout(() => open.cancel(), readMs);
    const open = openWatch(
      client,
      request,
      ({ kind, events = [], reason }) => {
        if (kind === 'canceled') reject(new Error(reason ?? 'cancelled'));
        for (const event of events) found.push(event);
        if ((found.at(-1)?.kv.modRevision ?? 0) < until) return;
        clearTimeout(timer);
        open.cancel();
        resolve(found);
      },
      (reason) => reject(new Error(`it ended at revision ${found.at(-1)?.kv.modRevision ?? 0} of ${until}: ${reason}`)),
    );
  });
}

function byRevision(events: readonly Event[]): Map<number, Event[]> {
  const revisions = new Map<number, Event[]>();
  for (const event of events) {
    const list = revisions.get(event.kv.modRevision);
    if (list === undefined) revisions.set(event.kv.modRevision, [event]);
    else list.push(event);
  }
  return revisions;
}

/** Every member's own history of the load's keys is what the watch on all of them was told while it happened. */
export async function checkMemberHistories(
  cluster: ChaosCluster,
  truth: readonly RevisionRecord[],
  compactRevision: number,
): Promise<Violation[]> {
  const last = truth.at(-1)?.revision ?? 0;
  const from = Math.max(compactRevision + 1, truth[0]?.revision ?? 0);
  const expected = truth.filter(({ revision }) => revision >= from);
  const violations: Violation[] = [];
  const add = (text: string): void => void violations.push({ checker: 'MemberHistory', text, operations: [] });
  for (const replica of cluster.layout.replicas) {
    if (expected.length === 0) break;
    const client = new StoreClient(cluster.layout, replica);
    try {
      const revisions = byRevision(await historyOf(client, from, last));
      const known = new Set(expected.map(({ revision }) => revision));
      for (const { revision, events } of expected) {
        const difference = eventsDifference(events, revisions.get(revision) ?? []);
        if (difference !== undefined) add(`${replica.name}, revision ${revision}: ${difference}`);
      }
      for (const revision of revisions.keys()) {
        if (revision <= last && !known.has(revision))
          add(`${replica.name} has revision ${revision}, which no watch was told of`);
      }
    } catch (error) {
      add(`${replica.name} does not give its history: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      client.close();
    }
  }
  return violations.slice(0, 20);
}
