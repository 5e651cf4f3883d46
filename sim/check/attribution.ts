import type { Placed } from './by-revision.ts';
import { describeEvents, describeOperation } from './describe.ts';
import { eventsDifference } from './difference.ts';
import { evaluate } from './evaluate.ts';
import type { Event, Key, LeaseName, Operation, TxnStep } from './history.ts';
import type { LeaseTimes } from './lease-times.ts';
import type { Findings } from './report.ts';
import type { Timeline } from './timeline.ts';

/** For so many revisions that nobody made it is found out who may be to blame. */
const explainedMax = 10;

/** Something of unknown outcome that may have made a revision: a client's operation, or the end of a lease. */
interface Candidate {
  readonly operation?: Operation;
  readonly lease?: LeaseName;
  /** it cannot have happened before */
  readonly earliest: number;
}

/**
 * Finds out which unanswered operations, or ends of leases, made the revisions that no answer accounts for: each at
 * most one, with the same events, and called before anybody saw that revision. A perfect matching, by augmenting
 * paths: a revision that finds its candidate taken asks the other one to move.
 */
export function attribute(
  timeline: Timeline,
  operations: readonly Operation[],
  seen: readonly number[],
  leases: LeaseTimes,
  claims: Map<number, Operation | 'lease-end'>,
  findings: Findings,
): void {
  const unclaimed: number[] = [];
  for (let r = timeline.first + 1; r <= timeline.last; r++) if (!claims.has(r)) unclaimed.push(r);
  if (unclaimed.length === 0) return;
  const index = new CandidateIndex(operations, leases);
  const options = new Map<number, readonly Candidate[]>();
  for (const r of unclaimed) {
    const deadline = seen[r - timeline.first] ?? Infinity;
    options.set(r, index.fitting(timeline, r, deadline));
  }
  const owners = match(unclaimed, options);
  const matched = new Set(owners.values());
  for (const [candidate, r] of owners) claims.set(r, candidate.operation ?? 'lease-end');
  let shown = 0;
  for (const r of unclaimed) {
    if (matched.has(r)) continue;
    if (++shown > explainedMax) {
      findings.add('Linearizable', `revision ${r} (${describeEvents(timeline.events(r))}) was made by no operation`);
      continue;
    }
    const { text, operations: involved } = unexplained(timeline, r, operations, index);
    findings.add('Linearizable', text, involved);
  }
}

/** When revision `first + i` existed at the latest: when it was applied, or by the first answer from it or a later one. */
export function seenAt(timeline: Timeline, placed: readonly Placed[]): number[] {
  const { first, last } = timeline;
  const seen = Array.from({ length: last - first + 1 }, (_, i) => timeline.record(first + i)?.time ?? Infinity);
  for (const { operation, response } of placed) {
    const i = Math.min(response.revision, last) - first;
    if (i >= 0) seen[i] = Math.min(seen[i]!, operation.return ?? Infinity);
  }
  for (let i = seen.length - 2; i >= 0; i--) seen[i] = Math.min(seen[i]!, seen[i + 1]!);
  return seen;
}

function match(
  revisions: readonly number[],
  options: ReadonlyMap<number, readonly Candidate[]>,
): Map<Candidate, number> {
  const owners = new Map<Candidate, number>();
  for (const start of revisions) {
    const asked = new Set<Candidate>();
    const settle = (r: number): boolean => {
      for (const candidate of options.get(r) ?? []) {
        if (asked.has(candidate)) continue;
        asked.add(candidate);
        const owner = owners.get(candidate);
        if (owner === undefined || settle(owner)) {
          owners.set(candidate, r);
          return true;
        }
      }
      return false;
    };
    settle(start);
  }
  return owners;
}

/** The keys an operation may put; undefined if it may delete or read ranges, and so nothing is ruled out. */
function touched(step: TxnStep): readonly Key[] | undefined {
  if (step.kind === 'put') return [step.key];
  if (step.kind === 'range') return [];
  if (step.kind === 'delete') return step.rangeEnd ? undefined : [step.key];
  const lists = [...step.success, ...step.failure].map(touched);
  return lists.some((list) => list === undefined) ? undefined : lists.flatMap((list) => list ?? []);
}

class CandidateIndex {
  readonly #byKey = new Map<Key, Candidate[]>();
  readonly #anyKey: Candidate[] = [];
  readonly #ends = new Map<LeaseName, Candidate[]>();
  readonly #leases: LeaseTimes;

  constructor(operations: readonly Operation[], leases: LeaseTimes) {
    this.#leases = leases;
    for (const operation of operations) {
      const { request, outcome, call: earliest } = operation;
      if (outcome.status !== 'unknown') continue;
      if (request.kind === 'lease-revoke') this.#anyKey.push({ operation, earliest });
      if (request.kind !== 'put' && request.kind !== 'delete' && request.kind !== 'txn') continue;
      const candidate: Candidate = { operation, earliest };
      const keys = touched(request);
      if (keys === undefined) this.#anyKey.push(candidate);
      else for (const key of new Set(keys)) this.#add(key, candidate);
    }
  }

  #add(key: Key, candidate: Candidate): void {
    const list = this.#byKey.get(key);
    if (list === undefined) this.#byKey.set(key, [candidate]);
    else list.push(candidate);
  }

  fitting(timeline: Timeline, revision: number, deadline: number): readonly Candidate[] {
    const events = timeline.events(revision);
    const before = timeline.view(revision - 1);
    const fits = ({ operation, earliest }: Candidate): boolean => {
      if (earliest > deadline || operation === undefined) return false;
      const effect = evaluate(before, operation.request);
      return 'events' in effect && eventsDifference(events, effect.events) === undefined;
    };
    const named = this.#byKey.get(events[0]?.kv.key ?? '') ?? [];
    const found = [...named.filter(fits), ...this.#anyKey.filter(fits)];
    return [...found, ...this.#leaseEnds(timeline, revision).filter(({ earliest }) => earliest <= deadline)];
  }

  /** The end of the lease whose keys, all of them, go in this revision. */
  #leaseEnds(timeline: Timeline, revision: number): readonly Candidate[] {
    const events = timeline.events(revision);
    const [event] = events;
    const lease = event && timeline.get(event.kv.key, revision - 1)?.lease;
    if (event?.type !== 'delete' || lease === undefined || lease === '0') return [];
    const effect = evaluate(timeline.view(revision - 1), { kind: 'lease-end', lease });
    if ('error' in effect || eventsDifference(events, effect.events) !== undefined) return [];
    let ends = this.#ends.get(lease);
    if (ends === undefined) {
      const grants = this.#leases.of(lease);
      // a lease of before the history began has no grant in it
      ends =
        grants.length > 0
          ? grants.map(({ endEarliest }) => ({ lease, earliest: endEarliest }))
          : [{ lease, earliest: -Infinity }];
      this.#ends.set(lease, ends);
    }
    return ends;
  }

  /** The lease that came to this end although it cannot have run out. */
  earlyEnd(timeline: Timeline, revision: number): LeaseName | undefined {
    return this.#leaseEnds(timeline, revision)[0]?.lease;
  }
}

const madeBy = (before: ReturnType<Timeline['view']>, operation: Operation, events: readonly Event[]): boolean => {
  const { kind } = operation.request;
  if (kind !== 'put' && kind !== 'delete' && kind !== 'txn') return false;
  const effect = evaluate(before, operation.request);
  return 'events' in effect && eventsDifference(events, effect.events) === undefined;
};

/** Who would have done it, had it not been answered otherwise: that says what went wrong. */
function unexplained(
  timeline: Timeline,
  revision: number,
  operations: readonly Operation[],
  index: CandidateIndex,
): { text: string; operations: readonly number[] } {
  const events = timeline.events(revision);
  const what = `revision ${revision} (${describeEvents(events)})`;
  const culprit = operations.find((operation) => madeBy(timeline.view(revision - 1), operation, events));
  const lease = index.earlyEnd(timeline, revision);
  if (culprit === undefined) {
    const text =
      lease === undefined
        ? 'was made by no operation of the history'
        : `ended lease ${lease} before it can have run out`;
    return { text: `${what} ${text}`, operations: [] };
  }
  const { outcome } = culprit;
  const how =
    outcome.status === 'ok'
      ? `is a doubled write: it was acknowledged with revision ${outcome.response.revision}`
      : outcome.status === 'unknown'
        ? 'can only be of an operation that was applied twice, or was seen before it was called'
        : 'is of an operation that was reported as not applied';
  return { text: `${what} ${how}\n  ${describeOperation(culprit)}`, operations: [culprit.id] };
}
