import { describeOperation } from './describe.ts';
import type { Findings } from './report.ts';
import { noLease } from './history.ts';
import type { History, LeaseName, Operation, Request, StateError } from './history.ts';
import type { LeaseTimes } from './lease-times.ts';

/**
 * What revisions do not show: compaction and leases. Each rule says only what cannot be in any order, so that it never
 * accuses wrongly; the search knows them exactly.
 */
export class Refusals {
  readonly #leases: LeaseTimes;
  readonly #findings: Findings;
  readonly #compacts: readonly Operation[];
  readonly #revokes = new Map<LeaseName, Operation[]>();
  readonly #compactedBefore: number;
  readonly #compactedByOthers: boolean;
  /** leases of the state that the history begins with */
  readonly #old: ReadonlySet<LeaseName>;
  /** for each operation answered with a revision, in order of return: the highest revision answered so far */
  readonly #answered: readonly { readonly time: number; readonly revision: number }[];

  constructor(history: History, leases: LeaseTimes, findings: Findings) {
    this.#leases = leases;
    this.#findings = findings;
    this.#compacts = history.operations.filter(
      ({ request, outcome }) => request.kind === 'compact' && isPossible(outcome.status),
    );
    this.#compactedByOthers = history.compactedByOthers === true;
    this.#compactedBefore = history.initial?.compactRevision ?? -1;
    this.#old = new Set(history.initial?.kvs.map(({ lease }) => lease));
    for (const operation of history.operations) {
      const { request, outcome } = operation;
      if (request.kind !== 'lease-revoke' || !isPossible(outcome.status)) continue;
      const list = this.#revokes.get(request.lease) ?? [];
      list.push(operation);
      this.#revokes.set(request.lease, list);
    }
    this.#answered = answeredRevisions(history.operations);
  }

  check(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const { outcome } = operation;
      if (outcome.status === 'error') {
        const checker = outcome.error.startsWith('lease') ? 'Lease' : 'Linearizable';
        this.#report(checker, operation, this.#refused(operation, outcome.error));
      } else if (outcome.status === 'ok') {
        this.#report('Linearizable', operation, this.#compaction(operation));
        this.#report('Lease', operation, this.#lease(operation));
      }
    }
  }

  #report(checker: string, operation: Operation, text: string | undefined): void {
    if (text !== undefined) this.#findings.add(checker, `${text}\n  ${describeOperation(operation)}`, [operation.id]);
  }

  #refused(operation: Operation, error: StateError): string | undefined {
    const { request } = operation;
    const end = operation.return ?? Infinity;
    const revisions = revisionsRead(request);
    switch (error) {
      case 'compacted': {
        if (this.#compactedByOthers) return undefined;
        // a compaction to the same revision is refused, a read at it is not
        const highest = Math.max(
          this.#compactedBefore,
          ...this.#compacts.filter((c) => c.call <= end && c !== operation).map(compactTo),
        );
        const wrong = revisions.every((r) => (request.kind === 'compact' ? r > highest : r >= highest));
        return wrong ? `refused as compacted, but no compaction went beyond ${Math.max(...revisions)}` : undefined;
      }
      case 'future-revision': {
        if (request.kind === 'range' && request.serializable === true) return undefined; // its member may be behind
        const known = this.#knownAt(operation.call);
        return revisions.every((r) => r <= known)
          ? `refused as a future revision, though revision ${known} had been answered before`
          : undefined;
      }
      case 'lease-not-found': {
        const leases = leasesUsed(request);
        return leases.length > 0 && leases.every((lease) => this.#certainlyAlive(lease, operation))
          ? `refused because of a missing lease (${leases.join()}), which existed all the time`
          : undefined;
      }
      case 'lease-exists': {
        const { lease } = request as { lease: LeaseName };
        const other = this.#leases.of(lease).some((grant) => grant.operation.call <= end);
        return other || this.#old.has(lease)
          ? undefined
          : `refused because lease ${lease} exists, which nobody granted`;
      }
      default:
        return undefined; // the search looks at it
    }
  }

  #compaction(operation: Operation): string | undefined {
    const { request } = operation;
    if (request.kind === 'compact') {
      const before = this.#compacts.find(
        (c) => c !== operation && isOver(c, operation) && compactTo(c) >= request.revision,
      );
      return before === undefined
        ? undefined
        : `compacted to ${request.revision} after it was compacted to ${compactTo(before)}`;
    }
    if (request.kind === 'range' && (request.revision ?? 0) > 0) {
      const revision = request.revision ?? 0;
      const done = this.#compacts.filter((c) => isOver(c, operation)).map(compactTo);
      const compacted = Math.max(this.#compactedBefore, ...done);
      if (revision < compacted && request.serializable !== true) {
        return `read at revision ${revision}, compacted away before (to ${compacted})`;
      }
    }
    return undefined;
  }

  #lease(operation: Operation): string | undefined {
    const { request, outcome } = operation;
    const isGone =
      outcome.status === 'ok' && outcome.response.kind === 'lease-keep-alive' && outcome.response.ttlSeconds <= 0;
    if (request.kind === 'lease-keep-alive' && isGone) {
      return this.#certainlyAlive(request.lease, operation)
        ? `lease ${request.lease} is said to be gone, but existed all the time`
        : undefined;
    }
    for (const lease of request.kind === 'txn' ? [] : leasesUsed(request)) {
      const text = this.#certainlyGone(lease, operation);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** It was granted, not revoked, and not run out from the call to the return. */
  #certainlyAlive(lease: LeaseName, operation: Operation): boolean {
    const end = operation.return ?? Infinity;
    if (this.#revokes.get(lease)?.some((revoke) => revoke.call <= end && revoke !== operation)) return false;
    const grants = this.#leases.of(lease);
    return (
      grants.length === 1 && grants.every((grant) => isOver(grant.operation, operation) && grant.endEarliest > end)
    );
  }

  #certainlyGone(lease: LeaseName, operation: Operation): string | undefined {
    const grants = this.#leases.of(lease);
    if (this.#old.has(lease)) return undefined;
    if (!grants.some((grant) => grant.operation.call <= (operation.return ?? Infinity)))
      return `lease ${lease} was never granted`;
    const revoke = this.#revokes.get(lease)?.find((r) => r !== operation && isOver(r, operation));
    if (revoke === undefined || grants.length > 1) return undefined;
    return `lease ${lease} was revoked before (#${revoke.id})`;
  }

  #knownAt(time: number): number {
    let [low, high] = [0, this.#answered.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#answered[middle]!.time < time) low = middle + 1;
      else high = middle;
    }
    return this.#answered[low - 1]?.revision ?? 0;
  }
}

const isPossible = (status: string): boolean => status === 'ok' || status === 'unknown';
const compactTo = ({ request }: Operation): number => (request.kind === 'compact' ? request.revision : -1);
const isOver = (earlier: Operation, later: Operation): boolean =>
  earlier.outcome.status === 'ok' && earlier.return !== undefined && earlier.return < later.call;

function revisionsRead(request: Request): number[] {
  if (request.kind === 'range') return [request.revision ?? 0];
  if (request.kind === 'compact') return [request.revision];
  if (request.kind !== 'txn') return [];
  return [...request.success, ...request.failure].flatMap(revisionsRead).filter((revision) => revision > 0);
}

function leasesUsed(request: Request): LeaseName[] {
  if (request.kind === 'txn') return [...request.success, ...request.failure].flatMap(leasesUsed);
  if (request.kind === 'lease-revoke' || request.kind === 'lease-keep-alive') return [request.lease];
  return request.kind === 'put' && (request.lease ?? noLease) !== noLease ? [request.lease!] : [];
}

function answeredRevisions(operations: readonly Operation[]): { time: number; revision: number }[] {
  const answered = operations
    .flatMap(({ outcome, return: time, request }) =>
      outcome.status === 'ok' && time !== undefined && request.kind !== 'lease-keep-alive'
        ? [{ time, revision: outcome.response.revision }]
        : [],
    )
    .sort((a, b) => a.time - b.time);
  for (let i = 1; i < answered.length; i++) {
    answered[i]!.revision = Math.max(answered[i]!.revision, answered[i - 1]!.revision);
  }
  return answered;
}
