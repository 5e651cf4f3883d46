import type { Random } from '../../base/random.ts';
import type {
  Compare,
  Key,
  LeaseName,
  RangeRequest,
  Request,
  TxnRequest,
  TxnStep,
  WatchFilter,
  WatchRequest,
} from '../check/history.ts';
import type { Sorting } from './wire.ts';

/** What a client knows, and draws its requests from. */
export interface Knowledge {
  /** the greatest revision seen in an answer */
  revision: number;
  compactRevision: number;
  /** of the last delete of this client that deleted something; 0: none */
  lastDelete: number;
  /** of this client, as far as it knows */
  readonly leases: LeaseName[];
  /** values read last, for compare-and-swap */
  readonly seen: Map<Key, { readonly modRevision: number; readonly version: number; readonly value: string }>;
}

export interface Drawn {
  readonly request: Request;
  readonly sorting?: Sorting;
  /** of a compaction: answered when the space is free */
  readonly physical?: boolean;
}

const prefixes = ['a', 'b'] as const;
const digits = 4;
export const allKeys: readonly Key[] = prefixes.flatMap((p) => Array.from({ length: digits }, (_, i) => `${p}${i}`));

/** how often each kind is drawn */
export type Weights = Readonly<Record<Request['kind'], number>>;
export const defaultWeights: Weights = {
  put: 30,
  range: 30,
  delete: 6,
  txn: 20,
  'lease-grant': 4,
  'lease-keep-alive': 10,
  'lease-revoke': 2,
  compact: 2,
};

const compareResults = ['=', '!=', '<', '>'] as const;
const compareTargets = ['value', 'version', 'create', 'mod', 'lease'] as const;
const leaseTtlMaxS = 6;
const leasesPerClientMax = 3;

export class RequestSource {
  readonly #random: Random;
  readonly #name: string;
  readonly #weights: Weights;
  readonly #kinds: readonly Request['kind'][];
  readonly #total: number;
  #values = 0;

  constructor(random: Random, name: string, weights: Weights) {
    this.#random = random;
    this.#name = name;
    this.#weights = weights;
    this.#kinds = Object.keys(weights) as Request['kind'][];
    this.#total = this.#kinds.reduce((sum, kind) => sum + weights[kind], 0);
  }

  next(known: Knowledge): Drawn {
    const kind = this.#kind(known);
    switch (kind) {
      case 'put':
        return { request: this.#put(this.key(), known) };
      case 'range':
        return this.#range(known);
      case 'delete':
        return { request: this.#delete(this.key(), 0.2) };
      case 'txn':
        return { request: this.#txn(known) };
      case 'lease-grant':
        return { request: { kind, lease: this.#newLease(), ttlSeconds: 1 + this.#random.below(leaseTtlMaxS) } };
      case 'lease-keep-alive':
      case 'lease-revoke':
        return { request: { kind, lease: this.#pick(known.leases) } };
    }
    return { request: { kind, revision: this.#compactTo(known) }, physical: this.#chance(0.5) };
  }

  watch(startRevision: number): WatchRequest {
    const place = this.#random.below(4);
    const range =
      place === 0
        ? { key: this.key() }
        : place === 1
          ? { key: '\0', rangeEnd: '\0' }
          : { key: prefixes[place - 2]!, rangeEnd: String.fromCharCode(prefixes[place - 2]!.charCodeAt(0) + 1) };
    const filters: WatchFilter[] = [];
    const filtered = this.#random.next();
    if (filtered < 0.2) filters.push(filtered < 0.1 ? 'noput' : 'nodelete');
    return {
      ...range,
      ...(startRevision > 0 && { startRevision }),
      ...(filters.length > 0 && { filters }),
      prevKv: this.#chance(0.4),
      progressNotify: this.#chance(0.4),
      fragment: this.#chance(0.4),
    };
  }

  /** One that writes and can only succeed: to see that the cluster takes writes again. */
  probe(): Request {
    return { kind: 'put', key: this.key(), value: this.value() };
  }

  #kind(known: Knowledge): Request['kind'] {
    let at = this.#random.next() * this.#total;
    const drawn = this.#kinds.find((kind) => (at -= this.#weights[kind]) < 0) ?? 'put';
    if (drawn === 'lease-grant' && known.leases.length >= leasesPerClientMax) return 'lease-keep-alive';
    const needsLease = drawn === 'lease-keep-alive' || drawn === 'lease-revoke';
    if (needsLease && known.leases.length === 0) return 'lease-grant';
    return drawn;
  }

  #put(key: Key, known: Knowledge): TxnStep {
    const withLease = known.leases.length > 0 && this.#chance(0.3);
    const ignoreValue = this.#chance(0.04);
    const ignoreLease = !withLease && this.#chance(0.04);
    return {
      kind: 'put',
      key,
      value: ignoreValue ? '' : this.value(),
      ...(withLease && { lease: this.#pick(known.leases) }),
      ...(this.#chance(0.3) && { prevKv: true }),
      ...(ignoreValue && { ignoreValue }),
      ...(ignoreLease && { ignoreLease }),
    };
  }

  #delete(key: Key, rangeChance: number): TxnStep {
    const range = this.#chance(rangeChance) ? this.#span() : { key };
    return { kind: 'delete', ...range, ...(this.#chance(0.5) && { prevKv: true }) };
  }

  #range(known: Knowledge): Drawn {
    const request: RangeRequest = { ...this.#rangeStep(known), ...(this.#chance(0.25) && { serializable: true }) };
    const sortable = request.rangeEnd !== undefined && request.limit === undefined && this.#chance(0.3);
    if (!sortable) return { request };
    return { request, sorting: { sortOrder: 1 + this.#random.below(2), sortTarget: this.#random.below(5) } };
  }

  #rangeStep(known: Knowledge): RangeRequest {
    const span = this.#chance(0.5) ? { key: this.key() } : this.#span();
    return {
      kind: 'range',
      ...span,
      ...('rangeEnd' in span && this.#chance(0.3) && { limit: 1 + this.#random.below(4) }),
      ...(this.#chance(0.15) && { revision: this.#pastRevision(known) }),
      ...(this.#chance(0.08) && { keysOnly: true }),
      ...(this.#chance(0.08) && { countOnly: true }),
    };
  }

  #txn(known: Knowledge): TxnRequest {
    const shape = this.#random.below(4);
    const key = this.key();
    const seen = known.seen.get(key);
    if (shape === 0) {
      // compare-and-swap, as a lock or the Kubernetes API server does it
      return {
        kind: 'txn',
        compare: [{ key, target: 'mod', result: '=', operand: seen?.modRevision ?? 0 }],
        success: [this.#put(key, known)],
        failure: [{ kind: 'range', key }],
      };
    }
    if (shape === 1) {
      const reads = [this.#rangeStep(known), this.#rangeStep(known)];
      return { kind: 'txn', compare: [], success: reads, failure: [] };
    }
    const success = this.#writes(this.#shuffled(), known, shape === 3);
    const failure = this.#writes(this.#shuffled(), known, false);
    const compare = Array.from({ length: this.#random.below(3) }, () => this.#compare(known));
    return { kind: 'txn', compare, success, failure };
  }

  /** No key twice, as etcd demands. */
  #writes(keys: Key[], known: Knowledge, nested: boolean): TxnStep[] {
    const steps: TxnStep[] = [];
    const count = 1 + this.#random.below(3);
    for (let i = 0; i < count; i++) {
      const key = keys.pop()!;
      const what = this.#random.below(5);
      if (what === 0) steps.push(this.#delete(key, 0));
      else if (what === 1) steps.push(this.#rangeStep(known));
      else steps.push(this.#put(key, known));
    }
    if (nested) {
      const success = this.#writes([keys.pop()!, keys.pop()!, keys.pop()!], known, false);
      steps.push({ kind: 'txn', compare: [this.#compare(known)], success, failure: [] });
    }
    return steps;
  }

  #compare(known: Knowledge): Compare {
    const target = this.#pick(compareTargets);
    const key = this.key();
    const seen = known.seen.get(key);
    const operands = {
      value: seen?.value ?? '',
      version: seen?.version ?? this.#random.below(3),
      create: seen?.modRevision ?? 0,
      mod: seen?.modRevision ?? 0,
      lease: known.leases[0] ?? '0',
    };
    const span = this.#chance(0.1) ? this.#span() : { key };
    return { ...span, target, result: this.#pick(compareResults), operand: operands[target] };
  }

  #span(): { key: Key; rangeEnd: Key } {
    const prefix = this.#pick(prefixes);
    if (this.#chance(0.15)) return { key: prefix, rangeEnd: '\0' };
    return { key: prefix, rangeEnd: String.fromCharCode(prefix.charCodeAt(0) + 1) };
  }

  #pastRevision({ revision, compactRevision }: Knowledge): number {
    if (this.#chance(0.05)) return revision + 1 + this.#random.below(50);
    const oldest = this.#chance(0.25) ? 1 : Math.max(1, compactRevision);
    return oldest + this.#random.below(Math.max(1, revision - oldest + 1));
  }

  /** often to a revision that is a deletion and no more: its tombstone is where a compaction has to stop */
  #compactTo(known: Knowledge): number {
    const { lastDelete, compactRevision } = known;
    return lastDelete > compactRevision && this.#chance(0.4) ? lastDelete : this.#pastRevision(known);
  }

  #newLease(): LeaseName {
    return this.#chance(0.4) ? '0' : String(1 + this.#random.below(2 ** 31));
  }

  key(): Key {
    // some keys are hot
    return allKeys[this.#chance(0.5) ? this.#random.below(3) : this.#random.below(allKeys.length)]!;
  }

  /** Unique, so that a checker sees whose write was read. */
  value(): string {
    return `${this.#name}.${++this.#values}`;
  }

  #shuffled(): Key[] {
    const keys = [...allKeys];
    for (let i = keys.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1);
      [keys[i], keys[j]] = [keys[j]!, keys[i]!];
    }
    return keys;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }

  #chance(p: number): boolean {
    return this.#random.next() < p;
  }
}
