import { describeKv, describeOperation } from './describe.ts';
import { noLease } from './history.ts';
import type { History, LeaseName, Operation, RevisionRecord, Time } from './history.ts';
import type { Findings } from './report.ts';
import type { Timeline } from './timeline.ts';

interface Life {
  /** grants that happened or may have */
  grants: number;
  /** the first call that may have revoked it */
  revokedFrom: Time;
  /** the revision that its end made; none where it had no keys */
  end?: RevisionRecord & { readonly time: Time };
}

const isPossible = ({ outcome: { status } }: Operation): boolean => status === 'ok' || status === 'unknown';

function livesOf({ operations, revisions = [] }: History): Map<LeaseName, Life> {
  const lives = new Map<LeaseName, Life>();
  const lifeOf = (lease: LeaseName): Life => {
    const life = lives.get(lease) ?? { grants: 0, revokedFrom: Infinity };
    lives.set(lease, life);
    return life;
  };
  for (const operation of operations) {
    const { request, outcome, call } = operation;
    if (!isPossible(operation)) continue;
    if (request.kind === 'lease-grant') {
      const granted = outcome.status === 'ok' && outcome.response.kind === 'lease-grant' && outcome.response.lease;
      const lease = granted || request.lease;
      if (lease !== noLease) lifeOf(lease).grants++;
    } else if (request.kind === 'lease-revoke') {
      const life = lifeOf(request.lease);
      life.revokedFrom = Math.min(life.revokedFrom, call);
    }
  }
  for (const record of revisions) {
    const { leaseEnd, time } = record;
    if (leaseEnd !== undefined && time !== undefined) lifeOf(leaseEnd).end ??= { ...record, time };
  }
  return lives;
}

/**
 * What a cluster says of the ends of its leases (`RevisionRecord.leaseEnd`) against what its clients were told:
 *
 *     keep-alive |---|ok, 3 s                 an end before call + 3 s is too early, unless somebody revoked it
 *     end                  * revision 7
 *     keep-alive              |---|ok         too late: it had ended (etcd 20271)
 *
 * One that was under way when the lease ended is wrong either way: before the end it put that off, behind it was too late.
 * And a lease that is gone has taken its keys with it. Leases whose id was granted twice are left out.
 */
export function checkLeaseLives(history: History, timeline: Timeline, findings: Findings): void {
  const lives = livesOf(history);
  for (const operation of history.operations) {
    const { request, outcome } = operation;
    if (outcome.status !== 'ok') continue;
    const { response } = outcome;
    const add = (text: string): void =>
      findings.add('Lease', `${text}\n  ${describeOperation(operation)}`, [operation.id]);
    if (request.kind === 'lease-revoke') {
      const left = keysOf(timeline, request.lease, response.revision);
      if (left !== undefined) add(`${left} survives lease ${request.lease}, which was revoked`);
    } else if (request.kind === 'lease-keep-alive' && response.kind === 'lease-keep-alive' && response.ttlSeconds > 0) {
      const life = lives.get(request.lease);
      const text = life?.grants === 1 ? keptAlive(history, operation, response.ttlSeconds, life) : undefined;
      if (text !== undefined) add(text);
    }
  }
  for (const { revision, leaseEnd } of history.revisions ?? []) {
    const left = leaseEnd === undefined ? undefined : keysOf(timeline, leaseEnd, revision);
    if (left !== undefined)
      findings.add('Lease', `${left} survives the end of lease ${leaseEnd} in revision ${revision}`);
  }
}

function keptAlive(
  { unitsPerSecond }: History,
  { request, call }: Operation,
  ttlSeconds: number,
  { end, revokedFrom }: Life,
): string | undefined {
  if (end === undefined) return undefined;
  const { lease } = request as { lease: LeaseName };
  if (call > end.time) return `lease ${lease} had ended in revision ${end.revision} when it was kept alive`;
  if (unitsPerSecond === undefined || revokedFrom < end.time) return undefined;
  if (end.time >= call + ttlSeconds * unitsPerSecond) return undefined;
  return `lease ${lease} ended in revision ${end.revision}, before the time that it was kept alive for was over`;
}

/** A key that a lease holds, as of that revision. */
function keysOf(timeline: Timeline, lease: LeaseName, revision: number): string | undefined {
  if (revision > timeline.last) return undefined;
  const kv = timeline.list('\0', '\0', revision).find((found) => found.lease === lease);
  return kv && describeKv(kv);
}
