/**
 * Linearizability where revisions tell the order. Every answer carries the revision at which it was given, so each
 * answered operation has its place: a write makes revision r, and reads of revision r come between it and r + 1. What
 * is left to check: that each answer is right at its place, and that places agree with real time. Only writes that
 * were never answered have to be found a place (`attribute`).
 *
 *     revision      1 ──────── 2 ──────── 3 ──────── 4
 *                  reads     put a=1     ?        put b=2
 *                            reads    an unanswered write that fits, called before anyone saw 3
 *
 * Takes n log n, and says exactly what is wrong; the search in linearizability.ts is its arbiter on small histories.
 */
import { attribute, seenAt } from './attribution.ts';
import { describeEvents, describeOperation, describeRequest } from './describe.ts';
import { eventsDifference, resultDifference } from './difference.ts';
import { evaluate } from './evaluate.ts';
import type { History, Operation, Response, Result } from './history.ts';
import type { LeaseTimes } from './lease-times.ts';
import type { Findings } from './report.ts';
import type { Timeline } from './timeline.ts';

/** An answered operation with a place in the order of revisions. */
export interface Placed {
  readonly operation: Operation;
  readonly response: Response;
  readonly writes: boolean;
}

/** What made each revision. */
export type Claims = ReadonlyMap<number, Operation | 'lease-end'>;

const resultWrites = (result: Result): boolean =>
  result.kind === 'put' ||
  (result.kind === 'delete' && result.deleted > 0) ||
  (result.kind === 'txn' && result.responses.some(resultWrites));

export function placedOperations(operations: readonly Operation[]): Placed[] {
  const placed: Placed[] = [];
  for (const operation of operations) {
    const { request, outcome } = operation;
    if (outcome.status !== 'ok' || request.kind === 'lease-keep-alive') continue;
    if (request.kind === 'range' && request.serializable === true) continue;
    placed.push({ operation, response: outcome.response, writes: resultWrites(outcome.response) });
  }
  return placed;
}

/**
 * Works the revisions out from what was acknowledged. False where some are missing: unanswered operations made them,
 * and only the search can say which.
 */
export function deriveRevisions(timeline: Timeline, history: History): boolean {
  const writes = placedOperations(history.operations).filter(({ writes }) => writes);
  writes.sort((a, b) => a.response.revision - b.response.revision);
  for (const { operation, response } of writes) {
    if (response.revision <= timeline.last) continue;
    if (response.revision !== timeline.last + 1) return false;
    const effect = evaluate(timeline.view(timeline.last), operation.request);
    if ('error' in effect || effect.events.length === 0) return false;
    timeline.append({ revision: response.revision, events: effect.events });
  }
  return placedOperations(history.operations).every(({ response }) => response.revision <= timeline.last);
}

export class ByRevision {
  readonly #timeline: Timeline;
  readonly #findings: Findings;
  readonly #placed: readonly Placed[];
  readonly #claims = new Map<number, Operation | 'lease-end'>();

  constructor(timeline: Timeline, operations: readonly Operation[], findings: Findings) {
    this.#timeline = timeline;
    this.#findings = findings;
    this.#placed = placedOperations(operations);
  }

  /** Adds what is wrong to the findings; returns who made which revision. */
  check(operations: readonly Operation[], leases: LeaseTimes): Claims {
    const seen = seenAt(this.#timeline, this.#placed);
    const isRevoke = ({ operation }: Placed): boolean => operation.request.kind === 'lease-revoke';
    // a revocation's answer does not say whether keys went with the lease: only a revision that nobody else made is its
    const placed = [
      ...this.#placed.filter((one) => !isRevoke(one)).map((one) => this.#checkPlace(one, one.writes)),
      ...this.#placed.filter(isRevoke).map((one) => this.#checkPlace(one, this.#revoked(one, seen))),
    ];
    this.#checkRealTime(placed);
    attribute(this.#timeline, operations, seen, leases, this.#claims, this.#findings);
    return this.#claims;
  }

  #violation(checker: string, text: string, ...operations: readonly Operation[]): void {
    const lines = operations.map((operation) => `  ${describeOperation(operation)}`);
    const ids = operations.map(({ id }) => id);
    this.#findings.add(checker, [text, ...lines].join('\n'), ids);
  }

  #checkPlace(one: Placed, writes: boolean): Placed {
    const { operation, response } = one;
    const { revision } = response;
    if (revision < this.#timeline.first || revision > this.#timeline.last) {
      const what = writes ? 'acknowledged write is lost: revision' : 'answer from revision';
      const text = `${what} ${revision}, which never was (the last is ${this.#timeline.last})`;
      this.#violation(writes ? 'Durable' : 'Linearizable', text, operation);
      return one;
    }
    if (!writes) {
      this.#checkRead(operation, response);
      return one;
    }
    const other = this.#claims.get(revision);
    if (other !== undefined && other !== 'lease-end') {
      this.#violation('Linearizable', `two writes have the same revision ${revision}`, other, operation);
      return { ...one, writes };
    }
    this.#claims.set(revision, operation);
    this.#checkWrite(operation, response);
    return { ...one, writes };
  }

  #revoked({ operation, response: { revision } }: Placed, seen: readonly number[]): boolean {
    if (revision <= this.#timeline.first || this.#claims.has(revision)) return false;
    if (operation.call > (seen[revision - this.#timeline.first] ?? -Infinity)) return false;
    const effect = evaluate(this.#timeline.view(revision - 1), operation.request);
    const events = 'events' in effect ? effect.events : [];
    return events.length > 0 && eventsDifference(this.#timeline.events(revision), events) === undefined;
  }

  #checkRead(operation: Operation, response: Response): void {
    if (operation.request.kind === 'lease-grant') return; // revisions say nothing of which leases exist
    const effect = evaluate(this.#timeline.view(response.revision), operation.request);
    const text =
      'error' in effect
        ? `should be refused as ${effect.error}`
        : effect.events.length > 0
          ? `should have changed something (${describeEvents(effect.events)})`
          : resultDifference(effect.result, response);
    if (text !== undefined)
      this.#violation('Linearizable', `wrong answer at revision ${response.revision}: ${text}`, operation);
  }

  #checkWrite(operation: Operation, response: Response): void {
    const { revision } = response;
    const truth = this.#timeline.record(revision);
    if (revision === this.#timeline.first || truth === undefined) {
      this.#violation('Linearizable', `acknowledged with revision ${revision}, which was there before`, operation);
      return;
    }
    const effect = evaluate(this.#timeline.view(revision - 1), operation.request);
    if ('error' in effect) {
      this.#violation('Linearizable', `revision ${revision}: should be refused as ${effect.error}`, operation);
      return;
    }
    const wrong = resultDifference(effect.result, response);
    if (wrong !== undefined)
      this.#violation('Linearizable', `wrong answer at revision ${revision}: ${wrong}`, operation);
    const lost = eventsDifference(effect.events, truth.events);
    if (lost === undefined) return;
    this.#violation('Durable', `acknowledged write is lost: its revision ${revision} ${lost}`, operation);
  }

  /** What began after something of revision r was over comes later: at r or more, and a write at more. */
  #checkRealTime(placed: readonly Placed[]): void {
    const byCall = [...placed].sort((a, b) => a.operation.call - b.operation.call);
    const byReturn = [...placed].sort((a, b) => endOf(a) - endOf(b));
    let over = 0;
    let highest: Placed | undefined;
    for (const one of byCall) {
      while (over < byReturn.length && endOf(byReturn[over]!) < one.operation.call) {
        const done = byReturn[over++]!;
        if (highest === undefined || done.response.revision >= highest.response.revision) highest = done;
      }
      if (highest === undefined) continue;
      const [earlier, later] = [highest.response.revision, one.response.revision];
      if (later > earlier || (later === earlier && !one.writes)) continue;
      this.#outOfOrder(highest, one);
    }
  }

  #outOfOrder(earlier: Placed, later: Placed): void {
    const [a, b] = [earlier.response.revision, later.response.revision];
    const text = !later.writes
      ? `stale read: answered from revision ${b} though revision ${a} had been answered before it began`
      : earlier.writes
        ? `revision goes back: ${b} was made by a write that began after revision ${a} was acknowledged`
        : `read from the future: revision ${a} was answered before the write of revision ${b} (${describeRequest(later.operation.request)}) began`;
    this.#violation('Linearizable', text, earlier.operation, later.operation);
  }
}

export const endOf = ({ operation }: Placed): number => operation.return ?? Infinity;
