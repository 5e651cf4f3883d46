import {
  EtcdError,
  noLease,
  type EtcdClient,
  type GuardedWrite,
  type GuardedWriteResult,
  type KeyValue,
  type MemberStatus,
  type RangeRequest,
  type RangeResponse,
  type StoreEvent,
  type StoreWatch,
  type WatchObserver,
} from './etcd-client.ts';

interface Version {
  readonly revision: number;
  /** undefined: deleted */
  readonly kv: KeyValue | undefined;
}

interface Watcher {
  readonly prefix: string;
  readonly observer: WatchObserver;
}

const byKey = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A store of one process in memory with all its history: for tests, so that they need no etcd on the machine. */
export class MemoryEtcd {
  #revision = 1;
  #compacted = 0;
  #nextLease = 1;
  readonly #history = new Map<string, Version[]>();
  readonly #watchers = new Set<Watcher>();
  readonly #leases = new Map<string, Set<string>>();
  /** while true every call fails as if no member could be reached */
  down = false;

  get revision(): number {
    return this.#revision;
  }

  /** A client of its own, as each API server has. */
  client(): EtcdClient {
    const own = new Set<Watcher>();
    const up = (): void => {
      if (this.down) throw new EtcdError('unavailable', 'etcdserver: no leader');
    };
    return {
      range: async (request) => (up(), this.#range(request)),
      write: async (request) => (up(), this.#write(request)),
      watch: (prefix, startRevision, observer) => this.#watch(prefix, startRevision, observer, own),
      leaseGrant: async () => {
        up();
        const lease = String(this.#nextLease++);
        this.#leases.set(lease, new Set());
        return lease;
      },
      leaseKeepAlive: async (lease) => (up(), this.#leases.has(lease) ? 15 : 0),
      leaseRevoke: async (lease) => (up(), this.expireLease(lease)),
      compact: async (revision) => (up(), this.compact(Math.max(revision, this.#compacted))),
      status: async (): Promise<MemberStatus> => (up(), { version: '3.6.0', leader: '1', dbSizeBytes: 0 }),
      progressIsOrdered: async () => true,
      close: async () => {
        for (const watcher of own) this.#watchers.delete(watcher);
        own.clear();
      },
    };
  }

  /** Time passes in tests by calling this. */
  expireLease(lease: string): void {
    const keys = this.#leases.get(lease);
    if (keys === undefined) throw new EtcdError('lease-not-found', 'etcdserver: requested lease not found');
    this.#leases.delete(lease);
    this.#write({ guards: [], operations: [...keys].map((key) => ({ delete: { key } })) });
  }

  compact(revision: number): void {
    this.#compacted = revision;
  }

  #at(key: string, revision: number): KeyValue | undefined {
    const versions = this.#history.get(key) ?? [];
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i] as Version;
      if (version.revision <= revision) return version.kv;
    }
    return undefined;
  }

  #range(request: RangeRequest): RangeResponse {
    const revision = request.revision ? request.revision : this.#revision;
    if (revision < this.#compacted) {
      throw new EtcdError('compacted', 'etcdserver: mvcc: required revision has been compacted');
    }
    if (revision > this.#revision) {
      throw new EtcdError('future-revision', 'etcdserver: mvcc: required revision is a future revision');
    }
    const { key, rangeEnd } = request;
    const keys =
      rangeEnd === undefined ? [key] : [...this.#history.keys()].filter((k) => k >= key && k < rangeEnd).sort(byKey);
    const all = keys.map((k) => this.#at(k, revision)).filter((kv) => kv !== undefined);
    const limit = request.limit ? request.limit : all.length;
    const kvs = request.countOnly ? [] : all.slice(0, limit);
    return {
      revision: this.#revision,
      kvs: request.keysOnly ? kvs.map((kv) => ({ ...kv, value: new Uint8Array() })) : kvs,
      count: all.length,
      more: !request.countOnly && all.length > kvs.length,
    };
  }

  #write({ guards, operations }: GuardedWrite): GuardedWriteResult {
    const current = guards.map((guard) => this.#at(guard.key, this.#revision));
    if (!guards.every((guard, i) => (current[i]?.modRevision ?? 0) === guard.modRevision)) {
      return { succeeded: false, revision: this.#revision, current };
    }
    const revision = this.#revision + 1;
    const events: StoreEvent[] = [];
    for (const operation of operations) {
      if ('put' in operation) events.push(this.#put(operation.put, revision));
      else if (this.#at(operation.delete.key, revision) !== undefined) {
        events.push(this.#delete(operation.delete.key, revision));
      }
    }
    if (events.length > 0) this.#revision = revision;
    this.#publish(events, this.#revision);
    return { succeeded: true, revision: this.#revision, current: [] };
  }

  #put(put: { key: string; value: Uint8Array; lease?: string }, revision: number): StoreEvent {
    const before = this.#at(put.key, revision);
    const lease = put.lease ?? noLease;
    if (lease !== noLease) {
      const keys = this.#leases.get(lease);
      if (keys === undefined) throw new EtcdError('lease-not-found', 'etcdserver: requested lease not found');
      keys.add(put.key);
    }
    if (before && before.lease !== lease) this.#leases.get(before.lease)?.delete(put.key);
    const kv: KeyValue = {
      key: put.key,
      value: put.value,
      lease,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
    };
    this.#append(put.key, { revision, kv });
    return { type: 'put', kv };
  }

  #delete(key: string, revision: number): StoreEvent {
    const before = this.#at(key, revision);
    if (before) this.#leases.get(before.lease)?.delete(key);
    this.#append(key, { revision, kv: undefined });
    const kv = { key, value: new Uint8Array(), createRevision: 0, modRevision: revision, version: 0, lease: noLease };
    return { type: 'delete', kv };
  }

  #append(key: string, version: Version): void {
    const versions = this.#history.get(key);
    if (versions) versions.push(version);
    else this.#history.set(key, [version]);
  }

  #publish(events: readonly StoreEvent[], revision: number): void {
    if (events.length === 0) return;
    for (const watcher of this.#watchers) {
      const seen = events.filter((event) => event.kv.key.startsWith(watcher.prefix));
      if (seen.length > 0) queueMicrotask(() => this.#watchers.has(watcher) && watcher.observer.events(seen, revision));
    }
  }

  #watch(prefix: string, startRevision: number, observer: WatchObserver, own: Set<Watcher>): StoreWatch {
    const watcher: Watcher = { prefix, observer };
    this.#watchers.add(watcher);
    own.add(watcher);
    const live = (): boolean => this.#watchers.has(watcher);
    const end = (): void => {
      this.#watchers.delete(watcher);
      own.delete(watcher);
    };
    const past = this.#past(prefix, startRevision);
    queueMicrotask(() => {
      if (!live()) return;
      if (startRevision > 0 && startRevision < this.#compacted) {
        end();
        observer.closed(new EtcdError('compacted', 'etcdserver: mvcc: required revision has been compacted'));
      } else if (past.length > 0) {
        observer.events(past, past.at(-1)?.kv.modRevision ?? 0);
      }
    });
    const requestProgress = (): void => {
      // The revision of now: what is written from here on is delivered after this notification.
      const revision = this.#revision;
      queueMicrotask(() => live() && !this.down && observer.progress(revision));
    };
    return { requestProgress, cancel: end };
  }

  #past(prefix: string, startRevision: number): StoreEvent[] {
    if (startRevision === 0) return [];
    const events: StoreEvent[] = [];
    for (const [key, versions] of this.#history) {
      if (!key.startsWith(prefix)) continue;
      for (const { revision, kv } of versions) {
        if (revision < startRevision) continue;
        const gone = { key, value: new Uint8Array(), createRevision: 0, modRevision: revision, version: 0, lease: '0' };
        events.push(kv ? { type: 'put', kv } : { type: 'delete', kv: gone });
      }
    }
    return events.sort((a, b) => a.kv.modRevision - b.kv.modRevision);
  }
}
