import { noLease } from './history.ts';
import type {
  Compare,
  DeleteRequest,
  DeleteResult,
  Event,
  Key,
  Kv,
  LeaseName,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
  Request,
  Result,
  StateError,
  TxnRequest,
  TxnResult,
  TxnStep,
  TxnStepResult,
} from './history.ts';

/** `[key, rangeEnd)`, the key alone without an end, everything from `key` on with the end `'\0'`. */
export function inRange(candidate: Key, key: Key, rangeEnd: Key | undefined): boolean {
  if (rangeEnd === undefined || rangeEnd === '') return candidate === key;
  return candidate >= key && (rangeEnd === '\0' || candidate < rangeEnd);
}

/** The store as of one revision. */
export interface View {
  readonly revision: number;
  /** Revisions below it cannot be read. */
  readonly compactRevision: number;
  get(key: Key): Kv | undefined;
  /** In ascending order of keys. */
  list(key: Key, rangeEnd: Key | undefined): readonly Kv[];
  at(revision: number): View;
  hasLease(lease: LeaseName): boolean;
}

export type Effect =
  { readonly result: Result; readonly events: readonly Event[] } | { readonly error: StateError; readonly id?: Key };

/** A member's own operation: a lease came to its end, and its keys go in one revision. */
export interface LeaseEndRequest {
  readonly kind: 'lease-end';
  readonly lease: LeaseName;
}

class Refused {
  readonly error: StateError;
  constructor(error: StateError) {
    this.error = error;
  }
}

/** What etcd would do to a request at this state. Changes nothing: the events say what the next revision holds. */
export function evaluate(view: View, request: Request | LeaseEndRequest): Effect {
  try {
    return evaluateAny(view, request);
  } catch (error) {
    if (error instanceof Refused) return { error: error.error };
    throw error;
  }
}

function evaluateAny(view: View, request: Request | LeaseEndRequest): Effect {
  switch (request.kind) {
    case 'put':
    case 'range':
    case 'delete':
    case 'txn': {
      const run = new Run(view);
      const result = run.do(request);
      return { result, events: run.events };
    }
    case 'lease-grant':
      if (request.lease !== noLease && view.hasLease(request.lease)) throw new Refused('lease-exists');
      return { result: { kind: 'lease-grant', lease: request.lease, ttlSeconds: request.ttlSeconds }, events: [] };
    case 'lease-keep-alive':
      return { result: { kind: 'lease-keep-alive', ttlSeconds: view.hasLease(request.lease) ? 1 : 0 }, events: [] };
    case 'lease-revoke':
    case 'lease-end': {
      if (!view.hasLease(request.lease)) throw new Refused('lease-not-found');
      const attached = view.list('', '\0').filter((kv) => kv.lease === request.lease);
      return { result: { kind: 'lease-revoke' }, events: attached.map((kv) => deletion(kv, view.revision + 1)) };
    }
    default:
      if (request.revision <= view.compactRevision) throw new Refused('compacted');
      if (request.revision > view.revision) throw new Refused('future-revision');
      return { result: { kind: 'compact' }, events: [] };
  }
}

const deletion = (prevKv: Kv, modRevision: number): Event => ({
  type: 'delete',
  kv: { key: prevKv.key, value: '', createRevision: 0, modRevision, version: 0, lease: noLease },
  prevKv,
});

const sign = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
const verdicts: Readonly<Record<Compare['result'], (difference: number) => boolean>> = {
  '=': (d) => d === 0,
  '!=': (d) => d !== 0,
  '<': (d) => d < 0,
  '>': (d) => d > 0,
};
const operands: Readonly<Record<Compare['target'], (kv: Kv | undefined) => string | number>> = {
  value: (kv) => kv?.value ?? '',
  version: (kv) => kv?.version ?? 0,
  create: (kv) => kv?.createRevision ?? 0,
  mod: (kv) => kv?.modRevision ?? 0,
  lease: (kv) => kv?.lease ?? noLease,
};

/** Leases are numbers written as text: the longer one is the greater one. */
function difference(compare: Compare, kv: Kv | undefined): number {
  const found = operands[compare.target](kv);
  if (compare.target !== 'lease') return sign(found, compare.operand);
  const [a, b] = [BigInt(found), BigInt(compare.operand)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A comparison over a range holds when it does for each key; values of absent keys compare to nothing. */
export function compareHolds(view: View, compare: Compare): boolean {
  const kvs = view.list(compare.key, compare.rangeEnd);
  const holds = (kv: Kv | undefined): boolean => verdicts[compare.result](difference(compare, kv));
  if (kvs.length === 0) return compare.target !== 'value' && holds(undefined);
  return kvs.every(holds);
}

/** Which branches a transaction takes, decided on the state before it, for nested ones too. */
interface Plan {
  readonly succeeded: boolean;
  readonly steps: readonly { readonly step: TxnStep; readonly nested: Plan | undefined }[];
}

/** One operation at work: what it changed so far lies over the state before it. */
class Run {
  readonly #base: View;
  readonly #changes = new Map<Key, Kv | undefined>();
  readonly events: Event[] = [];

  constructor(base: View) {
    this.#base = base;
  }

  do(request: PutRequest | RangeRequest | DeleteRequest | TxnRequest): TxnStepResult {
    if (request.kind !== 'txn') {
      this.#check(request);
      return this.#one(request);
    }
    const plan = this.#plan(request);
    this.#checkPlan(plan);
    return this.#execute(plan);
  }

  #plan(txn: TxnRequest): Plan {
    const succeeded = txn.compare.every((compare) => compareHolds(this.#base, compare));
    const steps = (succeeded ? txn.success : txn.failure).map((step) => ({
      step,
      nested: step.kind === 'txn' ? this.#plan(step) : undefined,
    }));
    return { succeeded, steps };
  }

  /** Whatever may be refused is, before anything changes. */
  #checkPlan(plan: Plan): void {
    for (const { step, nested } of plan.steps) {
      if (nested !== undefined) this.#checkPlan(nested);
      else if (step.kind !== 'txn') this.#check(step);
    }
  }

  #check(request: PutRequest | RangeRequest | DeleteRequest): void {
    if (request.kind === 'range') {
      const revision = request.revision ?? 0;
      if (revision > this.#base.revision) throw new Refused('future-revision');
      if (revision > 0 && revision < this.#base.compactRevision) throw new Refused('compacted');
    } else if (request.kind === 'put') {
      const lease = request.lease ?? noLease;
      if (lease !== noLease && !this.#base.hasLease(lease)) throw new Refused('lease-not-found');
      const needsKey = request.ignoreValue === true || request.ignoreLease === true;
      if (needsKey && this.#base.get(request.key) === undefined) throw new Refused('key-not-found');
    }
  }

  #execute(plan: Plan): TxnResult {
    const responses = plan.steps.map(({ step, nested }) =>
      nested !== undefined ? this.#execute(nested) : this.#one(step as Exclude<TxnStep, TxnRequest>),
    );
    return { kind: 'txn', succeeded: plan.succeeded, responses };
  }

  #one(request: PutRequest | RangeRequest | DeleteRequest): PutResult | RangeResult | DeleteResult {
    if (request.kind === 'put') return this.#put(request);
    return request.kind === 'range' ? this.#range(request) : this.#delete(request);
  }

  #get(key: Key): Kv | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(key);
  }

  #list(key: Key, rangeEnd: Key | undefined): readonly Kv[] {
    if (this.#changes.size === 0) return this.#base.list(key, rangeEnd);
    const merged = new Map(this.#base.list(key, rangeEnd).map((kv) => [kv.key, kv]));
    for (const [changed, kv] of this.#changes) {
      if (!inRange(changed, key, rangeEnd)) continue;
      if (kv === undefined) merged.delete(changed);
      else merged.set(changed, kv);
    }
    return [...merged.values()].sort((a, b) => sign(a.key, b.key));
  }

  #put(put: PutRequest): PutResult {
    const previous = this.#get(put.key);
    const modRevision = this.#base.revision + 1;
    const kv: Kv = {
      key: put.key,
      value: put.ignoreValue === true ? (previous?.value ?? '') : put.value,
      createRevision: previous?.createRevision ?? modRevision,
      modRevision,
      version: (previous?.version ?? 0) + 1,
      lease: put.ignoreLease === true ? (previous?.lease ?? noLease) : (put.lease ?? noLease),
    };
    this.#changes.set(put.key, kv);
    this.events.push({ type: 'put', kv, prevKv: previous });
    return { kind: 'put', prevKv: put.prevKv === true ? previous : undefined };
  }

  #delete(request: DeleteRequest): DeleteResult {
    const gone = this.#list(request.key, request.rangeEnd);
    for (const kv of gone) {
      this.#changes.set(kv.key, undefined);
      this.events.push(deletion(kv, this.#base.revision + 1));
    }
    return { kind: 'delete', deleted: gone.length, prevKvs: request.prevKv === true ? gone : undefined };
  }

  #range(range: RangeRequest): RangeResult {
    const revision = range.revision ?? 0;
    const all =
      revision > 0 && revision < this.#base.revision
        ? this.#base.at(revision).list(range.key, range.rangeEnd)
        : revision > 0 && revision === this.#base.revision && this.events.length > 0
          ? this.#base.list(range.key, range.rangeEnd)
          : this.#list(range.key, range.rangeEnd);
    const count = all.length;
    if (range.countOnly === true) return { kind: 'range', kvs: [], count, more: false };
    const limit = range.limit !== undefined && range.limit > 0 ? range.limit : Infinity;
    const kept = count > limit ? all.slice(0, limit) : all;
    const kvs = range.keysOnly === true ? kept.map((kv) => ({ ...kv, value: '' })) : kept;
    return { kind: 'range', kvs, count, more: count > kvs.length };
  }
}
