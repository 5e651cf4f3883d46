import { noLease } from '../history.ts';
import type {
  Event,
  Key,
  Kv,
  LeaseName,
  Request,
  Response,
  RevisionRecord,
  StateError,
  TxnStepResult,
} from '../history.ts';

type Refusal = { readonly error: StateError };
type Content = Map<Key, Kv>;

/** A naive etcd, written apart from the model that the checkers use: a whole map of keys for each revision. */
export class ReferenceStore {
  readonly states: Content[] = [new Map(), new Map()];
  readonly revisions: RevisionRecord[] = [];
  readonly leases = new Set<LeaseName>();
  compactRevision = -1;

  get revision(): number {
    return this.states.length - 1;
  }

  get content(): Content {
    return this.states[this.revision]!;
  }

  apply(request: Request, time: number): Response | Refusal {
    switch (request.kind) {
      case 'lease-grant':
        if (this.leases.has(request.lease)) return { error: 'lease-exists' };
        this.leases.add(request.lease);
        return { kind: 'lease-grant', lease: request.lease, ttlSeconds: request.ttlSeconds, revision: this.revision };
      case 'lease-keep-alive':
        return {
          kind: 'lease-keep-alive',
          ttlSeconds: this.leases.has(request.lease) ? 5 : 0,
          revision: this.revision,
        };
      case 'lease-revoke':
        if (!this.leases.has(request.lease)) return { error: 'lease-not-found' };
        this.endLease(request.lease, time);
        return { kind: 'lease-revoke', revision: this.revision };
      case 'compact':
        if (request.revision <= this.compactRevision) return { error: 'compacted' };
        if (request.revision > this.revision) return { error: 'future-revision' };
        this.compactRevision = request.revision;
        return { kind: 'compact', revision: this.revision };
      default: {
        const next = new Map(this.content);
        const events: Event[] = [];
        const result = this.#step(request, next, events);
        if ('error' in result) return result;
        this.#commit(next, events, time);
        return { ...result, revision: this.revision };
      }
    }
  }

  endLease(lease: LeaseName, time: number): void {
    const next = new Map(this.content);
    const events: Event[] = [];
    for (const key of [...next.keys()].sort()) {
      if (next.get(key)!.lease === lease) this.#remove(key, next, events);
    }
    this.leases.delete(lease);
    this.#commit(next, events, time);
  }

  #commit(next: Content, events: Event[], time: number): void {
    if (events.length === 0) return;
    this.states.push(next);
    this.revisions.push({ revision: this.revision, events, time });
  }

  #step(request: Request, next: Content, events: Event[]): TxnStepResult | Refusal {
    if (request.kind === 'put') {
      if (request.lease !== undefined && !this.leases.has(request.lease)) return { error: 'lease-not-found' };
      const mod = this.revision + 1;
      const old = next.get(request.key);
      const kv: Kv = {
        key: request.key,
        value: request.value,
        createRevision: old ? old.createRevision : mod,
        modRevision: mod,
        version: old ? old.version + 1 : 1,
        lease: request.lease ?? noLease,
      };
      next.set(request.key, kv);
      events.push({ type: 'put', kv, prevKv: old });
      return request.prevKv ? { kind: 'put', prevKv: old } : { kind: 'put' };
    }
    if (request.kind === 'range') {
      const at = request.revision ?? 0;
      if (at > this.revision) return { error: 'future-revision' };
      if (at > 0 && at < this.compactRevision) return { error: 'compacted' };
      return this.read(request.key, request.rangeEnd, at > 0 ? this.states[at]! : next, request.limit);
    }
    if (request.kind === 'delete') {
      const keys = this.read(request.key, request.rangeEnd, next).kvs.map(({ key }) => key);
      const prevKvs = keys.map((key) => next.get(key)!);
      for (const key of keys) this.#remove(key, next, events);
      return { kind: 'delete', deleted: keys.length, ...(request.prevKv ? { prevKvs } : {}) };
    }
    if (request.kind !== 'txn') throw new Error(request.kind);
    const succeeded = request.compare.every(({ key, target, operand }) => {
      const kv = this.content.get(key);
      if (target === 'value') return kv !== undefined && kv.value === operand;
      return (target === 'mod' ? (kv?.modRevision ?? 0) : (kv?.version ?? 0)) === operand;
    });
    const responses: TxnStepResult[] = [];
    for (const step of succeeded ? request.success : request.failure) {
      const result = this.#step(step, next, events);
      if ('error' in result) return result;
      responses.push(result);
    }
    return { kind: 'txn', succeeded, responses };
  }

  read(key: Key, rangeEnd: Key | undefined, content: Content, limit = 0) {
    const all = [...content.values()]
      .filter((kv) => (rangeEnd ? kv.key >= key && kv.key < rangeEnd : kv.key === key))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const kvs = limit > 0 ? all.slice(0, limit) : all;
    return { kind: 'range' as const, kvs, count: all.length, more: all.length > kvs.length };
  }

  #remove(key: Key, next: Content, events: Event[]): void {
    const prevKv = next.get(key);
    next.delete(key);
    const kv = { key, value: '', createRevision: 0, modRevision: this.revision + 1, version: 0, lease: noLease };
    events.push({ type: 'delete', kv, prevKv });
  }
}
