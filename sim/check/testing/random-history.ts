import type { Random } from '../../../base/random.ts';
import type { Event, History, Operation, Outcome, Request, Watch, WatchResponse } from '../history.ts';
import { ReferenceStore } from './reference-store.ts';

export interface Shape {
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  /** of 100 operations so many are never answered */
  readonly unknownPercent?: number;
  readonly leases?: boolean;
  readonly compaction?: boolean;
  readonly watches?: number;
}

type Draft = { -readonly [name in keyof Operation]: Operation[name] };
interface Running {
  readonly draft: Draft;
  applied: boolean;
}

/** A history that a correct cluster could have given: clients run at random, each operation takes effect at one moment. */
export function randomHistory(
  random: Random,
  shape: Shape,
): History & Required<Pick<History, 'revisions' | 'watches'>> {
  const run = new RandomRun(random, shape);
  run.go();
  const revisions = run.store.revisions;
  const watches = Array.from({ length: shape.watches ?? 0 }, (_, id) => randomWatch(random, run, id + 1));
  return { operations: run.operations, revisions, watches, unitsPerSecond: 10 };
}

class RandomRun {
  readonly store = new ReferenceStore();
  readonly operations: Operation[] = [];
  readonly #random: Random;
  readonly #shape: Shape;
  readonly #late: Draft[] = [];
  readonly #leaseEnds = new Map<string, number>();
  time = 0;

  constructor(random: Random, shape: Shape) {
    this.#random = random;
    this.#shape = shape;
  }

  get keys(): number {
    return this.#shape.keys;
  }

  go(): void {
    const random = this.#random;
    const clients: (Running | undefined)[] = Array.from({ length: this.#shape.clients }, () => undefined);
    while (this.operations.length < this.#shape.operations || clients.some((running) => running !== undefined)) {
      this.time++;
      this.#internal();
      const client = random.below(clients.length);
      const running = clients[client];
      if (running === undefined) {
        if (this.operations.length < this.#shape.operations) clients[client] = this.#begin(client);
      } else if (!running.applied) {
        if (random.below(100) < (this.#shape.unknownPercent ?? 0)) {
          this.#lose(running.draft);
          clients[client] = undefined;
        } else {
          running.draft.outcome = this.#outcome(running.draft.request);
          running.applied = true;
        }
      } else {
        running.draft.return = this.time;
        clients[client] = undefined;
      }
    }
  }

  #begin(client: number): Running {
    const draft: Draft = {
      id: this.operations.length + 1,
      client,
      call: this.time,
      request: this.#request(),
      outcome: { status: 'unknown' },
    };
    this.operations.push(draft);
    return { draft, applied: false };
  }

  #lose(draft: Draft): void {
    const fate = this.#random.below(4);
    if (fate === 0) draft.outcome = { status: 'failed' };
    else if (fate === 1) this.#outcome(draft.request);
    else if (fate === 2) this.#late.push(draft);
  }

  #internal(): void {
    if (this.#late.length > 0 && this.#random.below(10) === 0) this.#outcome(this.#late.shift()!.request);
    for (const [lease, end] of this.#leaseEnds) {
      if (this.time <= end || this.#random.below(8) > 0) continue;
      this.#leaseEnds.delete(lease);
      if (this.store.leases.has(lease)) this.store.endLease(lease, this.time);
    }
  }

  #outcome(request: Request): Outcome {
    const serializable = request.kind === 'range' && request.serializable === true;
    if (serializable) return this.#stale(request);
    const answer = this.store.apply(request, this.time);
    if ('error' in answer) return { status: 'error', error: answer.error };
    if (answer.kind === 'lease-grant') this.#leaseEnds.set(answer.lease, this.time + answer.ttlSeconds * 10);
    return { status: 'ok', response: answer };
  }

  #stale(request: Extract<Request, { kind: 'range' }>): Outcome {
    const revision = Math.max(1, this.store.revision - this.#random.below(4));
    const result = this.store.read(request.key, request.rangeEnd, this.store.states[revision]!);
    return { status: 'ok', response: { ...result, revision } };
  }

  key(): string {
    return `k${this.#random.below(this.#shape.keys)}`;
  }

  #request(): Request {
    const random = this.#random;
    const key = this.key();
    const value = `v${this.operations.length + 1}`;
    const { leases = false, compaction = false } = this.#shape;
    if (leases && random.below(6) === 0) return this.#leaseRequest(key, value);
    if (compaction && random.below(15) === 0) {
      return { kind: 'compact', revision: Math.max(1, this.store.revision - random.below(3)) };
    }
    const pick = random.below(12);
    if (pick < 4) return { kind: 'put', key, value, prevKv: random.below(2) === 0 };
    if (pick < 6) return { kind: 'range', key };
    if (pick < 7) return { kind: 'range', key: 'k', rangeEnd: 'l', limit: random.below(3) };
    if (pick < 8)
      return { kind: 'range', key: 'k', rangeEnd: 'l', revision: Math.max(1, this.store.revision - random.below(3)) };
    if (pick < 9) return { kind: 'range', key: 'k', rangeEnd: 'l', serializable: true };
    if (pick < 10) return { kind: 'delete', key, rangeEnd: random.below(3) === 0 ? 'k2' : undefined, prevKv: true };
    return this.#txn(key, value);
  }

  #txn(key: string, value: string): Request {
    const kv = this.store.content.get(key);
    const byMod = this.#random.below(2) === 0;
    return {
      kind: 'txn',
      compare: [
        { key, target: byMod ? 'mod' : 'version', result: '=', operand: (byMod ? kv?.modRevision : kv?.version) ?? 0 },
      ],
      success: [
        { kind: 'put', key, value },
        { kind: 'put', key: `x${this.#random.below(2)}`, value },
      ],
      failure: [this.#random.below(2) === 0 ? { kind: 'range', key } : { kind: 'delete', key }],
    };
  }

  #leaseRequest(key: string, value: string): Request {
    const lease = String(1 + this.#random.below(4));
    const pick = this.#random.below(6);
    if (pick < 2) return { kind: 'lease-grant', lease, ttlSeconds: 1 + this.#random.below(4) };
    if (pick < 3) return { kind: 'lease-revoke', lease };
    if (pick < 4) return { kind: 'lease-keep-alive', lease };
    return { kind: 'put', key, value, lease };
  }
}

/** A watch as a correct member serves it: some revisions at a time, with progress between. */
function randomWatch(random: Random, run: RandomRun, id: number): Watch {
  const { store } = run;
  const startRevision = random.below(3) === 0 ? 0 : 1 + random.below(store.revision);
  const from = startRevision || 1 + random.below(store.revision);
  const prefix = random.below(2) === 0;
  const prevKv = random.below(2) === 0;
  const key = prefix ? 'k' : run.key();
  const request = { key, rangeEnd: prefix ? 'l' : undefined, startRevision, prevKv };
  const responses: WatchResponse[] = [];
  let time = run.time + 10 * id;
  const created = startRevision === 0 ? from : store.revision;
  responses.push({ time, kind: 'created', revision: created });
  let next = startRevision === 0 ? created + 1 : startRevision;
  while (next <= store.revision) {
    const until = Math.min(store.revision, next + random.below(4));
    const wanted = (event: Event): boolean =>
      prefix ? event.kv.key >= 'k' && event.kv.key < 'l' : event.kv.key === key;
    const events = store.revisions
      .filter(({ revision }) => revision >= next && revision <= until)
      .flatMap((record) => record.events.filter(wanted))
      .map((event) => (prevKv ? event : { type: event.type, kv: event.kv }));
    if (events.length > 0) responses.push({ time: ++time, kind: 'events', revision: until, events });
    if (random.below(4) === 0) responses.push({ time: ++time, kind: 'progress', revision: until });
    next = until + 1;
  }
  return { id, client: 100 + id, request, opened: run.time, responses };
}
