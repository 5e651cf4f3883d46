import { nameOf } from '../world/sim-cluster.ts';
import { peerUrl } from '../world/sim-network.ts';
import type { SimCallError, SimMember } from '../world/types.ts';
import type { FaultEnv } from './fault-env.ts';

const nothing = (): void => {};
const membersMax = 6;
const membersMin = 3;
const attempts = 20;
const pauseMs = 500;
const callTimeoutMs = 8000;

interface Listed {
  readonly ID: bigint;
  readonly isLearner: boolean;
  readonly peerURLs: readonly string[];
}
type MemberList = readonly Listed[];

export const idText = (id: bigint): string => BigInt.asUintN(64, id).toString(16).padStart(16, '0');
const idOf = (member: SimMember): bigint => BigInt(`0x${member.id}`);

/** The members as a quorum knows them, asked from whoever answers; undefined: nobody did. */
export async function listMembers(env: FaultEnv, attempt: number): Promise<MemberList | undefined> {
  const { world, admin, alive } = env;
  const at = world.cluster.leader() ?? alive[attempt % Math.max(1, alive.length)];
  if (at === undefined) return undefined;
  const options = { timeoutMs: callTimeoutMs };
  try {
    const answer = await admin.call<{ members: MemberList }>(
      at.place,
      'Cluster/MemberList',
      { linearizable: true },
      options,
    );
    return answer.members;
  } catch {
    return undefined;
  }
}

/** Asks until it is seen to be done, for a while; undefined: that was not to be seen. */
async function ask(
  env: FaultEnv,
  method: string,
  request: object,
  done: (list: MemberList) => boolean,
): Promise<MemberList | undefined> {
  const { world, admin, stats } = env;
  for (let i = 0; i < attempts && !env.over; i++) {
    const before = await listMembers(env, i);
    if (before !== undefined && done(before)) return before;
    const at = world.cluster.leader() ?? env.any((i * 0.37) % 1);
    if (at !== undefined && !env.over) {
      try {
        await admin.call(at.place, `Cluster/${method}`, request, { timeoutMs: callTimeoutMs });
        world.trace('nemesis', () => `${method} done`);
      } catch (error) {
        world.trace('nemesis', () => `${method}: ${(error as SimCallError).message}`);
        stats.add(`${method} refused or lost`);
      }
    }
    await world.sleep(pauseMs);
  }
  return undefined;
}

const withUrl = (list: MemberList, url: string): Listed | undefined =>
  list.find(({ peerURLs }) => peerURLs.includes(url));

/** As an operator does it: add it as a learner, start it, promote it when it has caught up. */
async function add(env: FaultEnv): Promise<boolean> {
  const { world, stats } = env;
  const { cluster } = world;
  const place = cluster.members.length;
  const url = peerUrl(place);
  const request = { peerURLs: [url], isLearner: true };
  const list = await ask(env, 'MemberAdd', request, (found) => withUrl(found, url) !== undefined);
  if (list === undefined) return false;
  // what its flags say: everybody's name and peer URLs
  const initialCluster: Record<string, readonly string[]> = {};
  for (const { peerURLs } of list) {
    const at = [...cluster.members.keys(), place].find((known) => peerURLs.includes(peerUrl(known)));
    initialCluster[at === undefined ? peerURLs.join() : nameOf(at)] = peerURLs;
  }
  cluster.addMember({ initialCluster });
  env.bringUp(place);
  stats.add('members added as learners');
  await world.sleep(pauseMs);
  const { ID } = withUrl(list, url)!;
  const isVoter = (found: MemberList): boolean => found.some((one) => one.ID === ID && !one.isLearner);
  if ((await ask(env, 'MemberPromote', { ID }, isVoter)) === undefined) return false;
  stats.add('members promoted');
  return true;
}

async function remove(env: FaultEnv, member: SimMember): Promise<boolean> {
  const { world, stats } = env;
  const ID = idOf(member);
  env.leaving.add(member.place);
  const gone = (found: MemberList): boolean => found.every((one) => one.ID !== ID);
  if ((await ask(env, 'MemberRemove', { ID }, gone)) === undefined) return false;
  stats.add('members removed');
  await world.sleep(4 * pauseMs);
  env.retire(member.place);
  env.rotten.delete(member.place);
  return true;
}

export function addMember(env: FaultEnv): (() => void) | undefined {
  if (!canChange(env) || env.members.length >= membersMax) return undefined;
  env.membership(async () => void (await add(env)));
  return nothing;
}

/** One that may not come up again goes first: to take out another would leave too few. */
function victim(env: FaultEnv, pick: number): SimMember | undefined {
  const [rotten] = env.rotten;
  return rotten === undefined ? env.any(pick, env.members) : env.world.cluster.members[rotten];
}

export function removeMember(env: FaultEnv, pick: number): (() => void) | undefined {
  const member = victim(env, pick);
  if (!canChange(env) || member === undefined || env.members.length <= membersMin) return undefined;
  env.membership(async () => void (await remove(env, member)));
  return nothing;
}

/** Takes a member out for good, and puts a new one in its place. */
export function replaceMember(env: FaultEnv, pick: number): (() => void) | undefined {
  const member = victim(env, pick);
  if (!canChange(env) || member === undefined) return undefined;
  env.membership(async () => {
    if ((await remove(env, member)) && (await add(env))) env.stats.add('members replaced');
  });
  return nothing;
}

const canChange = (env: FaultEnv): boolean => env.world.cluster.leader() !== undefined && !env.membershipBusy;

/** Makes what was begun and not seen to the end match what the cluster knows. False: nobody can tell yet. */
export async function settleMembership(env: FaultEnv): Promise<boolean> {
  const { cluster } = env.world;
  const list = await listMembers(env, Math.floor(env.world.nowMs));
  if (list === undefined) return false;
  for (const { place } of cluster.members) {
    if (withUrl(list, peerUrl(place)) === undefined) env.retire(place);
  }
  // added, but never started
  const place = cluster.members.length;
  const added = withUrl(list, peerUrl(place));
  if (added !== undefined) {
    const initialCluster: Record<string, readonly string[]> = {};
    for (const { peerURLs } of list) initialCluster[peerURLs.join()] = peerURLs;
    delete initialCluster[peerUrl(place)];
    cluster.addMember({ initialCluster: { ...initialCluster, [nameOf(place)]: [peerUrl(place)] } });
    env.bringUp(place);
  }
  return true;
}
