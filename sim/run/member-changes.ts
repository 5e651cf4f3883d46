import type { SimCallError, SimMember } from '../world/types.ts';
import { peerUrl } from '../world/sim-network.ts';
import type { FaultEnv } from './fault-env.ts';

const nothing = (): void => {};
const unimplemented = 12;
const membersMax = 7;
const membersMin = 3;
const attempts = 20;
const pauseMs = 500;
const callTimeoutMs = 8000;

interface MemberList {
  readonly members: readonly {
    readonly ID: bigint;
    readonly isLearner: boolean;
    readonly peerURLs: readonly string[];
  }[];
}

const idOf = (member: SimMember): bigint => BigInt(`0x${member.id}`);

/** Asks whoever answers, for a while; false: nobody did what was asked. */
async function ask(
  env: FaultEnv,
  method: string,
  request: object,
  done: (list: MemberList) => boolean,
): Promise<boolean> {
  const { world, admin, stats } = env;
  for (let i = 0; i < attempts; i++) {
    const at = world.cluster.leader() ?? env.alive[i % Math.max(1, env.alive.length)];
    if (at !== undefined) {
      const options = { timeoutMs: callTimeoutMs };
      try {
        const before = await admin.call<MemberList>(at.place, 'Cluster/MemberList', { linearizable: true }, options);
        if (done(before)) return true;
        await admin.call(at.place, `Cluster/${method}`, request, options);
        world.trace('nemesis', () => `${method} done`);
        return true;
      } catch (error) {
        const { code, message } = error as SimCallError;
        world.trace('nemesis', () => `${method}: ${message}`);
        if (code !== unimplemented) stats.add(`${method} tried`);
        else return false;
      }
    }
    await world.sleep(pauseMs);
  }
  return false;
}

const has = (list: MemberList, id: bigint, learner?: boolean): boolean =>
  list.members.some(({ ID, isLearner }) => ID === id && (learner === undefined || isLearner === learner));

/** As an operator does it: add it as a learner, start it, promote it when it has caught up. */
async function add(env: FaultEnv): Promise<boolean> {
  const { world, stats } = env;
  const place = world.cluster.addMember();
  env.retired.add(place);
  const member = world.cluster.members[place]!;
  const request = { peerURLs: [peerUrl(place)], isLearner: true };
  if (!(await ask(env, 'MemberAdd', request, (list) => has(list, idOf(member))))) return false;
  env.retired.delete(place);
  env.bringUp(place);
  await world.sleep(pauseMs);
  const id = idOf(member);
  if (!(await ask(env, 'MemberPromote', { ID: id }, (list) => has(list, id, false)))) return false;
  stats.add('members promoted');
  return true;
}

async function remove(env: FaultEnv, member: SimMember): Promise<boolean> {
  const { world, stats } = env;
  const id = idOf(member);
  if (!(await ask(env, 'MemberRemove', { ID: id }, (list) => !has(list, id)))) return false;
  stats.add('members taken out');
  await world.sleep(pauseMs);
  env.retired.add(member.place);
  world.cluster.crash(member.place, { kind: 'process' });
  return true;
}

export function addMember(env: FaultEnv): (() => void) | undefined {
  if (!canChange(env) || env.members.length >= membersMax) return undefined;
  env.membership(async () => void (await add(env)));
  return nothing;
}

export function removeMember(env: FaultEnv, pick: number): (() => void) | undefined {
  const member = env.any(pick, env.members);
  if (!canChange(env) || member === undefined || env.members.length <= membersMin) return undefined;
  env.membership(async () => void (await remove(env, member)));
  return nothing;
}

/** One whose disk was refused where there is one, or any. */
export function replaceMember(env: FaultEnv, pick: number): (() => void) | undefined {
  const broken = env.world.cluster.members.find(({ place }) => env.rotten.has(place) && env.retired.has(place));
  const member = broken ?? env.any(pick, env.members);
  if (!canChange(env) || member === undefined) return undefined;
  env.membership(async () => {
    if (!(await remove(env, member))) return;
    env.rotten.delete(member.place);
    if (await add(env)) env.stats.add('members replaced');
  });
  return nothing;
}

/** A cluster that can do it, and has a leader now. */
const canChange = (env: FaultEnv): boolean => env.world.cluster.leader() !== undefined;
