import type { Pod } from '../../api/types/core-v1.ts';
import type { ClusterChange } from './framework.ts';
import { Heap } from './heap.ts';

export interface QueueOptions {
  readonly backoffMsFirst?: number;
  readonly backoffMsMax?: number;
  /** pods that nothing has woken are tried again after this long */
  readonly unschedulableMsMax?: number;
}

interface Entry {
  pod: Pod;
  readonly uid: string;
  readonly addedMs: number;
  attempts: number;
  place: 'active' | 'backoff' | 'unschedulable' | 'in-flight' | 'gone';
  /** since when it is unschedulable, or until when it backs off */
  atMs: number;
  /** what may wake it; undefined: anything */
  wakenBy: ReadonlySet<ClusterChange> | undefined;
  /** distinguishes the entry's place in a heap from an earlier one that is no longer valid */
  ticket: number;
}
interface Ticket {
  readonly entry: Entry;
  readonly ticket: number;
}

const isGated = (pod: Pod): boolean => (pod.spec?.schedulingGates?.length ?? 0) > 0;
const priorityOf = ({ entry }: Ticket): number => entry.pod.spec?.priority ?? 0;

/**
 * Pods that wait for a node, each in one place:
 *
 *     active         to be tried now: highest priority first, then oldest
 *     backoff        tried and failed; again after 1 s, 2 s, 4 s … 10 s
 *     unschedulable  no node fits; waits for a change that may help (or for five minutes)
 *
 * Changes that happen while a pod is in flight wake it when it comes back, lest it misses them.
 */
export class SchedulingQueue {
  readonly #entries = new Map<string, Entry>();
  readonly #active = new Heap<Ticket>((a, b) => {
    const [x, y] = [priorityOf(a), priorityOf(b)];
    return x === y
      ? a.entry.addedMs < b.entry.addedMs || (a.entry.addedMs === b.entry.addedMs && a.ticket < b.ticket)
      : x > y;
  });
  readonly #backoff = new Heap<Ticket>((a, b) => a.entry.atMs < b.entry.atMs);
  readonly #options: Required<QueueOptions>;
  #tickets = 0;
  readonly #changesInFlight = new Map<string, Set<ClusterChange>>();

  constructor(options: QueueOptions = {}) {
    this.#options = { backoffMsFirst: 1000, backoffMsMax: 10_000, unschedulableMsMax: 300_000, ...options };
  }

  /** A pod without a node, new or changed. A gated one waits outside until its gates are gone. */
  set(pod: Pod, nowMs: number): void {
    const uid = pod.metadata?.uid ?? '';
    const known = this.#entries.get(uid);
    if (isGated(pod)) {
      if (known && known.place !== 'in-flight') this.remove(uid);
      return;
    }
    if (known === undefined) {
      const entry: Entry = {
        pod,
        uid,
        addedMs: nowMs,
        attempts: 0,
        place: 'active',
        atMs: 0,
        wakenBy: undefined,
        ticket: 0,
      };
      this.#entries.set(uid, entry);
      this.#activate(entry);
      return;
    }
    const specChanged = JSON.stringify(known.pod.spec) !== JSON.stringify(pod.spec) || labelsChanged(known.pod, pod);
    known.pod = pod;
    if (specChanged && known.place === 'unschedulable') this.#wake(known, nowMs);
  }

  has(uid: string): boolean {
    return this.#entries.has(uid);
  }

  remove(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry) entry.place = 'gone';
    this.#entries.delete(uid);
    this.#changesInFlight.delete(uid);
  }

  /** The next pod to try; it is in flight until `failed`, `retry` or `remove`. */
  pop(nowMs: number): Pod | undefined {
    this.#flush(nowMs);
    for (let next = this.#active.pop(); next !== undefined; next = this.#active.pop()) {
      const { entry, ticket } = next;
      if (entry.place !== 'active' || entry.ticket !== ticket) continue;
      entry.place = 'in-flight';
      entry.attempts++;
      this.#changesInFlight.set(entry.uid, new Set());
      return entry.pod;
    }
    return undefined;
  }

  /** No node fits: waits for one of the changes. */
  unschedulable(uid: string, wakenBy: ReadonlySet<ClusterChange>, nowMs: number): void {
    const entry = this.#entries.get(uid);
    if (entry?.place !== 'in-flight') return;
    const missed = this.#changesInFlight.get(uid) ?? new Set();
    this.#changesInFlight.delete(uid);
    entry.place = 'unschedulable';
    entry.atMs = nowMs;
    entry.wakenBy = wakenBy;
    if ([...missed].some((change) => wakenBy.has(change))) this.#wake(entry, nowMs);
  }

  /** The attempt failed for another reason, such as a conflict: tried again after its backoff. */
  retry(uid: string, nowMs: number): void {
    const entry = this.#entries.get(uid);
    if (entry?.place !== 'in-flight') return;
    this.#changesInFlight.delete(uid);
    entry.atMs = nowMs;
    this.#wake(entry, nowMs);
  }

  /** Wakes the pods that the change may help. */
  changed(change: ClusterChange, nowMs: number): void {
    for (const missed of this.#changesInFlight.values()) missed.add(change);
    for (const entry of this.#entries.values()) {
      if (entry.place === 'unschedulable' && (entry.wakenBy === undefined || entry.wakenBy.has(change))) {
        this.#wake(entry, nowMs);
      }
    }
  }

  /** When `pop` may have something though it has nothing now. */
  nextAtMs(): number | undefined {
    for (let next = this.#backoff.peek(); next !== undefined; next = this.#backoff.peek()) {
      if (next.entry.place === 'backoff' && next.entry.ticket === next.ticket) return next.entry.atMs;
      this.#backoff.pop();
    }
    return undefined;
  }

  counts(): Record<'active' | 'backoff' | 'unschedulable', number> {
    const counts = { active: 0, backoff: 0, unschedulable: 0 };
    for (const { place } of this.#entries.values()) if (place in counts) counts[place as keyof typeof counts]++;
    return counts;
  }

  #backoffMs(entry: Entry): number {
    const { backoffMsFirst, backoffMsMax } = this.#options;
    return Math.min(backoffMsMax, backoffMsFirst * 2 ** Math.min(Math.max(0, entry.attempts - 1), 30));
  }

  /** Its backoff counts from the last attempt. */
  #wake(entry: Entry, nowMs: number): void {
    const untilMs = entry.atMs + this.#backoffMs(entry);
    if (untilMs <= nowMs) {
      this.#activate(entry);
      return;
    }
    entry.place = 'backoff';
    entry.atMs = untilMs;
    entry.ticket = ++this.#tickets;
    this.#backoff.push({ entry, ticket: entry.ticket });
  }

  #activate(entry: Entry): void {
    entry.place = 'active';
    entry.ticket = ++this.#tickets;
    this.#active.push({ entry, ticket: entry.ticket });
  }

  #flush(nowMs: number): void {
    for (let atMs = this.nextAtMs(); atMs !== undefined && atMs <= nowMs; atMs = this.nextAtMs()) {
      const next = this.#backoff.pop();
      if (next) this.#activate(next.entry);
    }
  }

  /** Pods that waited too long for a change; called now and then. */
  flushUnschedulable(nowMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.place === 'unschedulable' && nowMs - entry.atMs > this.#options.unschedulableMsMax) {
        this.#wake(entry, nowMs);
      }
    }
  }
}

const labelsChanged = (a: Pod, b: Pod): boolean =>
  JSON.stringify(a.metadata?.labels) !== JSON.stringify(b.metadata?.labels);
