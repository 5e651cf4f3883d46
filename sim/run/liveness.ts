import type { SimMember, SimWorld } from '../world/types.ts';
import type { FaultEnv } from './fault-env.ts';
import { settleMembership } from './member-changes.ts';
import type { WatcherClient } from './watcher.ts';
import type { WorkloadClient } from './workload.ts';

/** Bounds after the end of all faults, in milliseconds of virtual time. */
export interface LivenessBounds {
  readonly leaderMs: number;
  readonly progressMs: number;
  readonly convergeMs: number;
  readonly watchMs: number;
  readonly membershipMs: number;
  readonly leasesMs: number;
}

/**
 * A call that hangs from before may take its whole time-out (10 s) before its client asks again; connections that
 * retransmit and members that were just started take some election timeouts.
 */
export const livenessBounds = (electionMs: number): LivenessBounds => ({
  leaderMs: 10 * electionMs + 5_000,
  progressMs: 10 * electionMs + 25_000,
  convergeMs: 10 * electionMs + 20_000,
  watchMs: 10_000,
  membershipMs: 10 * electionMs + 20_000,
  // the longest TTL, twice: a new leader gives each its whole time again
  leasesMs: 10 * electionMs + 15_000,
});

const lookEveryMs = 100;
const askLeasesEveryMs = 1000;

interface Parts {
  readonly world: SimWorld;
  readonly env: FaultEnv;
  readonly clients: readonly WorkloadClient[];
  readonly watchers: readonly WatcherClient[];
  readonly bounds: LivenessBounds;
  settled?: 'asked' | 'known' | undefined;
}

/** Runs on until a condition holds; where it does not within its bound, that is a violation. */
function reaches({ world }: Parts, limitMs: number, holds: () => boolean, whatNot: () => string): boolean {
  for (const endMs = world.nowMs + limitMs; ;) {
    if (world.failures.length > 0) return false;
    if (holds()) return true;
    if (world.nowMs >= endMs) break;
    if (!world.runFor(lookEveryMs)) return false;
  }
  const error = new Error(`${limitMs} ms after the faults had ended ${whatNot()}`);
  world.fail({ kind: 'liveness', timeMs: world.nowMs, error });
  return false;
}

const describeMember = (member: SimMember): string => {
  const { name, life, status, error } = member;
  if (status === undefined) return `${name} is ${life}${error ? ` (${error.message})` : ''}`;
  return `${name} is ${status.role} of term ${status.term}, commit ${status.commit}, applied ${status.applied}`;
};
const describeAll = ({ env }: Parts): string => env.members.map(describeMember).join('; ');

/** Whether it is known who is a member; asks when it is called first, and again where nobody answered. */
function settles(parts: Parts): boolean {
  if (parts.settled === undefined) {
    parts.settled = 'asked';
    void settleMembership(parts.env).then((known) => (parts.settled = known ? 'known' : undefined));
  }
  return parts.settled === 'known';
}

/** A leader, progress of every client, and then equal members; false at a violation. */
export function checkLiveness(parts: Parts): boolean {
  const { world, env, clients, bounds } = parts;
  const fromMs = world.nowMs;
  return (
    reaches(
      parts,
      bounds.leaderMs,
      () => world.cluster.leader() !== undefined,
      () => `nobody leads: ${describeAll(parts)}`,
    ) &&
    reaches(
      parts,
      bounds.membershipMs,
      () => !env.membershipBusy && settles(parts),
      () => `nobody says who is a member: ${describeAll(parts)}`,
    ) &&
    reaches(
      parts,
      bounds.progressMs,
      () => clients.every(({ lastSuccessMs }) => lastSuccessMs > fromMs),
      () => {
        const stuck = clients.filter(({ lastSuccessMs }) => lastSuccessMs <= fromMs);
        return `${stuck.map(({ name }) => name).join(', ')} made no progress: ${describeAll(parts)}`;
      },
    ) &&
    reaches(
      parts,
      bounds.leaderMs,
      () => env.members.every(({ life }) => life === 'running'),
      () => `not all members run: ${describeAll(parts)}`,
    )
  );
}

/** Nobody keeps leases alive any more, so all of them come to their end. */
export function checkLeases(parts: Parts): boolean {
  const { world, env, bounds } = parts;
  let left: string | undefined = 'not known';
  let asked = false;
  const ask = async (): Promise<void> => {
    asked = true;
    const at = world.cluster.leader();
    try {
      if (at === undefined) return;
      const answer = await env.admin.call<{ leases: { ID: bigint }[] }>(at.place, 'Lease/LeaseLeases', {});
      left = answer.leases.map(({ ID }) => String(ID)).join(', ');
    } finally {
      await world.sleep(askLeasesEveryMs);
      asked = false;
    }
  };
  return reaches(
    parts,
    bounds.leasesMs,
    () => {
      if (!asked && left !== '') ask().catch(() => {});
      return left === '';
    },
    () => `leases have not ended: ${left}`,
  );
}

/** To be called when no client writes any more. Leases may still end, so it looks for a moment at which all are equal. */
export function checkConvergence(parts: Parts): boolean {
  const { env, world, watchers, bounds } = parts;
  const equal = (): boolean => {
    const applied = env.members.map(({ status }) => status?.applied);
    if (new Set(applied).size !== 1 || applied[0] === undefined) return false;
    const states = env.members.map(({ place }) => world.cluster.stateOf(place));
    return new Set(states.map((state) => state && `${state.revision}/${state.appliedIndex}`)).size === 1;
  };
  const converged = reaches(parts, bounds.convergeMs, equal, () => `members are not equal: ${describeAll(parts)}`);
  if (!converged) return false;
  const waiting = (): SimMember[] => env.members.filter(({ etcd }) => etcd && etcd.describe().proposalsPending > 0);
  const answered = reaches(
    parts,
    bounds.convergeMs,
    () => waiting().length === 0,
    () =>
      `proposals wait for ever: ${waiting()
        .map(({ name }) => name)
        .join(', ')}`,
  );
  if (!answered) return false;
  const hashes = env.members.map(({ place }) => world.cluster.stateOf(place)?.hash);
  if (new Set(hashes).size > 1) {
    const text = `members applied the same and hold something else: ${hashes.join(', ')}`;
    world.fail({ kind: 'check', timeMs: world.nowMs, error: new Error(text) });
    return false;
  }
  const revision = world.cluster.stateOf(env.members[0]!.place)!.revision;
  let asked = 0;
  return reaches(
    parts,
    bounds.watchMs,
    () => {
      if (asked++ % 10 === 0) for (const watcher of watchers) watcher.askProgress();
      return watchers.every((watcher) => watcher.isCurrent(revision));
    },
    () => {
      const behind = watchers.filter((watcher) => !watcher.isCurrent(revision));
      const list = behind.map((watcher) => `${watcher.name} (${watcher.describe()})`).join('; ');
      return `watches have not been told of revision ${revision}: ${list}`;
    },
  );
}
