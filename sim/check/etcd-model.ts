import { evaluate, inRange } from './evaluate.ts';
import type { LeaseEndRequest, View } from './evaluate.ts';
import { describeEvents, describeOperation, describeRequest } from './describe.ts';
import { eventsDifference, resultDifference } from './difference.ts';
import { hashText } from './hash.ts';
import { noLease } from './history.ts';
import type { Event, History, Key, Kv, LeaseName, Operation, Request, Response, RevisionRecord } from './history.ts';
import { LeaseTimes } from './lease-times.ts';
import type { Model, Timed } from './linearizability.ts';

/** An operation of the history, or the end of a lease, which no client asked for. */
export type ModelOperation = Operation | (Omit<Operation, 'request'> & { readonly request: LeaseEndRequest });

type StateParts = Pick<EtcdState, 'revision' | 'compactRevision' | 'kvs' | 'leases' | 'trail' | 'before'>;

/** Immutable; each write makes the next one. Two that were reached by the same changes have the same hash. */
export class EtcdState implements View {
  readonly revision: number;
  readonly compactRevision: number;
  readonly kvs: ReadonlyMap<Key, Kv>;
  readonly leases: ReadonlySet<LeaseName>;
  /** of the revisions so far */
  readonly trail: number;
  /** the state before the newest revision */
  readonly before: EtcdState | undefined;
  readonly hash: number;

  constructor(parts: StateParts) {
    this.revision = parts.revision;
    this.compactRevision = parts.compactRevision;
    this.kvs = parts.kvs;
    this.leases = parts.leases;
    this.trail = parts.trail;
    this.before = parts.before;
    this.hash = hashText(`${this.trail}/${this.compactRevision}/${[...this.leases].sort().join()}`);
  }

  static initial(history: Pick<History, 'initial'>): EtcdState {
    const { revision = 1, kvs = [], compactRevision = -1 } = history.initial ?? {};
    return new EtcdState({
      revision,
      compactRevision,
      kvs: new Map(kvs.map((kv) => [kv.key, kv])),
      leases: new Set(kvs.map((kv) => kv.lease).filter((lease) => lease !== noLease)),
      trail: 0,
      before: undefined,
    });
  }

  get(key: Key): Kv | undefined {
    return this.kvs.get(key);
  }

  list(key: Key, rangeEnd: Key | undefined): readonly Kv[] {
    if (rangeEnd === undefined || rangeEnd === '') {
      const kv = this.kvs.get(key);
      return kv === undefined ? [] : [kv];
    }
    return [...this.kvs.values()]
      .filter((kv) => inRange(kv.key, key, rangeEnd))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  at(revision: number): View {
    if (revision >= this.revision || this.before === undefined) return this;
    let state = this.before;
    while (state.revision > revision && state.before !== undefined) state = state.before;
    return state;
  }

  hasLease(lease: LeaseName): boolean {
    return this.leases.has(lease);
  }

  commit(events: readonly Event[]): EtcdState {
    if (events.length === 0) return this;
    const kvs = new Map(this.kvs);
    let trail = this.trail;
    for (const { type, kv } of events) {
      if (type === 'put') kvs.set(kv.key, kv);
      else kvs.delete(kv.key);
      trail = hashText(`${trail}/${type}/${kv.key}/${kv.value}/${kv.lease}/${kv.modRevision}`);
    }
    return this.#with({ kvs, trail, revision: this.revision + 1, before: this });
  }

  withLeases(leases: ReadonlySet<LeaseName>): EtcdState {
    return this.#with({ leases });
  }

  compacted(compactRevision: number): EtcdState {
    return this.#with({ compactRevision });
  }

  #with(changes: Partial<StateParts>): EtcdState {
    const { revision, compactRevision, kvs, leases, trail, before } = this;
    return new EtcdState({ revision, compactRevision, kvs, leases, trail, before, ...changes });
  }
}

function withoutEvents(
  state: EtcdState,
  request: ModelOperation['request'],
  response: Response | undefined,
): EtcdState {
  switch (request.kind) {
    case 'lease-grant': {
      const lease = response?.kind === 'lease-grant' ? response.lease : request.lease;
      return lease === noLease ? state : state.withLeases(new Set([...state.leases, lease]));
    }
    case 'lease-revoke':
    case 'lease-end':
      return state.withLeases(new Set([...state.leases].filter((lease) => lease !== request.lease)));
    case 'compact':
      return state.compacted(request.revision);
    default:
      return state;
  }
}

/** The etcd store as a model for the search, with what is known of the true history of its revisions. */
export class EtcdModel implements Model<EtcdState, ModelOperation> {
  readonly #initial: EtcdState;
  readonly #revisions: ReadonlyMap<number, readonly Event[]> | undefined;
  readonly #leases: LeaseTimes;

  constructor(history: Pick<History, 'initial' | 'operations' | 'unitsPerSecond' | 'revisions'>) {
    this.#initial = EtcdState.initial(history);
    this.#revisions = history.revisions && new Map(history.revisions.map((record) => [record.revision, record.events]));
    this.#leases = new LeaseTimes(history);
  }

  init(): EtcdState {
    return this.#initial;
  }

  step(state: EtcdState, operation: ModelOperation): EtcdState | undefined {
    const next = this.#outcome(state, operation);
    return typeof next === 'string' ? undefined : next;
  }

  hash(state: EtcdState): number {
    return state.hash;
  }

  position(operation: ModelOperation): number | undefined {
    const { outcome, request } = operation;
    return outcome.status === 'ok' && request.kind !== 'lease-keep-alive' ? outcome.response.revision : undefined;
  }

  at(state: EtcdState): number {
    return state.revision;
  }

  /** Why an operation is impossible at a state, for a person to read; undefined where it is possible. */
  explain(state: EtcdState, operation: ModelOperation): string | undefined {
    const next = this.#outcome(state, operation);
    return typeof next === 'string' ? next : undefined;
  }

  #outcome(state: EtcdState, operation: ModelOperation): EtcdState | string {
    const { request, outcome } = operation;
    if (request.kind === 'lease-keep-alive') return this.#keepAlive(state, operation);
    const response = outcome.status === 'ok' ? outcome.response : undefined;
    if (response !== undefined && response.revision !== state.revision && response.revision !== state.revision + 1) {
      return `says revision ${response.revision} where the store is at ${state.revision}`;
    }
    const effect = evaluate(state, request);
    if (outcome.status === 'error') {
      if ('error' in effect) return effect.error === outcome.error ? state : `should be refused as ${effect.error}`;
      return `should not be refused at revision ${state.revision}`;
    }
    if ('error' in effect) return `should be refused as ${effect.error}`;
    const next = withoutEvents(state.commit(effect.events), request, response);
    if (response === undefined) {
      if (next === state) return 'changes nothing';
    } else {
      if (next.revision !== response.revision) return `should have revision ${next.revision}, not ${response.revision}`;
      const text = resultDifference(effect.result, response);
      if (text !== undefined) return text;
    }
    return this.#known(state, next, effect.events);
  }

  #known(state: EtcdState, next: EtcdState, events: readonly Event[]): EtcdState | string {
    if (this.#revisions === undefined || next.revision === state.revision) return next;
    const truth = this.#revisions.get(next.revision);
    if (truth === undefined) return `there is no revision ${next.revision}`;
    const text = eventsDifference(truth, events);
    return text === undefined ? next : `revision ${next.revision} is another one: ${text}`;
  }

  /** "Gone" may be said of a lease that has run out and whose end is not in the log yet. */
  #keepAlive(state: EtcdState, operation: ModelOperation): EtcdState | string {
    const { request, outcome } = operation;
    const { lease } = request as { lease: LeaseName };
    const alive = state.hasLease(lease);
    const gone =
      outcome.status === 'error' ||
      (outcome.status === 'ok' && outcome.response.kind === 'lease-keep-alive' && outcome.response.ttlSeconds <= 0);
    if (outcome.status === 'unknown') return 'changes nothing';
    if (!gone) return alive ? state : `lease ${lease} does not exist`;
    const mayBeOver = this.#leases.mayHaveEnded(lease, operation.return ?? Infinity);
    return alive && !mayBeOver ? `lease ${lease} exists and has not run out` : state;
  }
}

/**
 * What takes part in the search: not what certainly never happened, nor serializable reads (they may be stale); but
 * the end of each lease, which may come at any time after it ran out.
 */
export function timedOperations(
  history: Pick<History, 'operations' | 'unitsPerSecond' | 'initial' | 'revisions' | 'compactedByOthers'>,
): Timed<ModelOperation>[] {
  const timed: Timed<ModelOperation>[] = [];
  for (const op of history.operations) {
    const { request, outcome, call } = op;
    if (outcome.status === 'failed' || isSerializable(request)) continue;
    if (history.compactedByOthers === true && outcome.status === 'error' && outcome.error === 'compacted') continue;
    if (outcome.status === 'unknown') {
      if (changesState(request)) timed.push({ op, call });
    } else timed.push({ op, call, return: op.return ?? Infinity });
  }
  let id = 0;
  const leaseEnd = (lease: LeaseName, call: number): void => {
    const op: ModelOperation = {
      id: --id,
      client: -1,
      call,
      request: { kind: 'lease-end', lease },
      outcome: { status: 'unknown' },
    };
    timed.push({ op, call });
  };
  for (const { lease, endEarliest } of new LeaseTimes(history).all()) leaseEnd(lease, endEarliest);
  for (const lease of EtcdState.initial(history).leases) leaseEnd(lease, -Infinity);
  const last = history.revisions?.at(-1)?.revision;
  if (last !== undefined) timed.push({ op: finalRead(last), call: Infinity, return: Infinity });
  return timed;
}

/** In the end somebody has made every revision that there is: as if one had looked. */
const finalRead = (revision: number): ModelOperation => ({
  id: 0,
  client: -1,
  call: Infinity,
  return: Infinity,
  request: { kind: 'range', key: '' },
  outcome: { status: 'ok', response: { kind: 'range', kvs: [], count: 0, revision } },
});

const isSerializable = (request: Request): boolean => request.kind === 'range' && request.serializable === true;
export const changesState = (request: Request): boolean =>
  request.kind !== 'range' && request.kind !== 'lease-keep-alive';

/** For a report. */
export function describeModelOperation(op: ModelOperation): string {
  if (op.id === 0) return 'the end of the history, with all its revisions';
  return op.request.kind === 'lease-end' ? describeRequest(op.request) : describeOperation(op as Operation);
}

/** The state after operations that the search put in order. */
export function stateAfter(model: EtcdModel, operations: readonly ModelOperation[]): EtcdState {
  let state = model.init();
  for (const op of operations) state = model.step(state, op) ?? state;
  return state;
}

export const describeRecord = (record: RevisionRecord): string =>
  `revision ${record.revision}: ${describeEvents(record.events)}`;
