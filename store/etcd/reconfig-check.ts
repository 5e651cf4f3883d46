import type { EtcdErrorName } from './errors.ts';
import type { MemberChange } from './member-change.ts';
import type { MemberRecord } from './store-state.ts';

/**
 * etcd's --strict-reconfig-check: a change that would leave the cluster without a quorum of working members is refused.
 * Looked at from the member that was asked.
 */
export interface ClusterView {
  /** this member */
  readonly id: string;
  readonly members: ReadonlyMap<string, MemberRecord>;
  /** how long the connection to a member has stood, milliseconds */
  readonly connectedMs: (id: string) => number | undefined;
  /** a member counts as healthy once it has been connected for so long */
  readonly healthyAfterMs: number;
}

const quorumOf = (count: number): number => Math.floor(count / 2) + 1;

/** a member has a name as soon as it has run */
const started = (members: readonly (readonly [string, MemberRecord])[]): number =>
  members.filter(([, { name }]) => name !== '').length;

function healthy({ id, connectedMs, healthyAfterMs }: ClusterView, member: string): boolean {
  return member === id || (connectedMs(member) ?? -1) >= healthyAfterMs;
}

type Voters = readonly (readonly [string, MemberRecord])[];

function faultOfAdding(view: ClusterView, voters: Voters, { learner }: MemberChange): EtcdErrorName | undefined {
  if (learner !== true) {
    // one that runs and one that comes: how a cluster of one grows
    const growsFromOne = voters.length === 1 && started(voters) === 1;
    if (!growsFromOne && started(voters) < quorumOf(voters.length + 1)) return 'not-enough-started';
  }
  return voters.every(([id]) => healthy(view, id)) ? undefined : 'unhealthy-cluster';
}

function faultOfRemoving(view: ClusterView, voters: Voters, { id }: MemberChange): EtcdErrorName | undefined {
  if (view.members.get(id)?.learner === true) return undefined;
  const others = voters.filter(([voter]) => voter !== id);
  if (others.length === 0 || started(others) < quorumOf(others.length)) return 'not-enough-started';
  // one that is down counts for nothing, so nothing is lost with it
  if (id !== view.id && view.connectedMs(id) === undefined) return undefined;
  const active = voters.filter(([voter]) => healthy(view, voter)).length;
  return active - 1 < 1 + Math.floor((voters.length - 1) / 2) ? 'unhealthy-cluster' : undefined;
}

function faultOfPromoting(_view: ClusterView, voters: Voters): EtcdErrorName | undefined {
  return started(voters) + 1 < quorumOf(voters.length + 1) ? 'not-enough-started' : undefined;
}

const checks: Record<
  MemberChange['kind'],
  (view: ClusterView, voters: Voters, change: MemberChange) => EtcdErrorName | undefined
> = { add: faultOfAdding, remove: faultOfRemoving, promote: faultOfPromoting, update: () => undefined };

/** Why the change would be unsafe now; undefined: it is safe. */
export function reconfigFault(view: ClusterView, change: MemberChange): EtcdErrorName | undefined {
  const voters = [...view.members].filter(([, { learner }]) => learner !== true);
  return checks[change.kind](view, voters, change);
}
