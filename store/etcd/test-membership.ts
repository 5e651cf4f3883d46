/** For tests of the membership. */
import { sleep } from '../../base/clock.ts';
import type { Member } from '../../proto/etcd-types.ts';
import { idToBigint } from './identity.ts';
import type { EtcdMemberOptions } from './member.ts';
import { TestClient } from './test-client.ts';
import { TestCluster } from './test-cluster.ts';

export interface Changed {
  member: Member;
  members: Member[];
}
export const zero = new Uint8Array(1);
const quick: Partial<EtcdMemberOptions> = { healthyAfterMs: 0 };

export async function start(
  t: { teardown(action: () => unknown): void },
  size: number,
  more: Partial<EtcdMemberOptions> = {},
) {
  const cluster = await TestCluster.start(size, { ...quick, ...more });
  const clients = new Map<number, TestClient>();
  t.teardown(async () => {
    for (const client of clients.values()) client.close();
    await cluster.stop();
  });
  const client = (i: number): TestClient => {
    const known = clients.get(i) ?? new TestClient(cluster.clientUrl(i));
    clients.set(i, known);
    return known;
  };
  return { cluster, client };
}

export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return `${code} ${details}`;
  }
}

export async function eventually(
  what: string,
  holds: () => Promise<boolean> | boolean,
  patienceMs = 10_000,
): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < patienceMs; await sleep(30)) {
    if (await holds()) return;
  }
  throw new Error(`${what}: not within ${patienceMs} ms`);
}

export const idOf = (cluster: TestCluster, i: number): bigint => idToBigint(cluster.members[i]!.id);
export const peerUrlOf = (cluster: TestCluster, i: number): string => cluster.optionsOf(i).initialAdvertisePeerUrls[0]!;

/** Adds a learner in a new place, starts it, and promotes it; its place. */
export async function grow(cluster: TestCluster, asked: TestClient): Promise<number> {
  const place = await cluster.reserve();
  const { member } = await asked.call<Changed>('Cluster/MemberAdd', {
    peerURLs: [peerUrlOf(cluster, place)],
    isLearner: true,
  });
  await cluster.startMember(place);
  await eventually('the learner is promoted', async () => {
    const answer = await refusal(asked.call('Cluster/MemberPromote', { ID: member.ID }));
    if (answer !== 'accepted' && !answer.includes('in sync with leader')) throw new Error(answer);
    return answer === 'accepted';
  });
  return place;
}
