import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Storage } from './endpoints/resource-request.ts';
import { entries } from './registry/registry.ts';
import type { ResourceEntry } from './registry/resource-entry.ts';
import type { EtcdClient } from './storage/etcd-client.ts';
import { FreshRevision } from './storage/fresh-revision.ts';
import { ListReader } from './storage/list-reader.ts';
import { ResourceStore } from './storage/resource-store.ts';
import { WatchCache } from './storage/watch-cache.ts';

/** The storage of every resource: one watch cache a key prefix, however many versions show it. */
export class Storages {
  readonly #byPath = new Map<string, Storage>();
  /** `/registry/` */
  readonly prefix: string;

  constructor(client: EtcdClient, etcdPrefix: string, clock: Clock, log: Log) {
    this.prefix = `/${etcdPrefix.split('/').filter(Boolean).join('/')}/`;
    const fresh = new FreshRevision(client, `${this.prefix}health`);
    for (const { storage: path } of entries) {
      if (this.#byPath.has(path)) continue;
      const prefix = `${this.prefix}${path}/`;
      const cache = new WatchCache({ client, prefix, clock, log });
      const store = new ResourceStore(client, cache);
      this.#byPath.set(path, { prefix, store, reader: new ListReader(client, cache, fresh) });
    }
  }

  of(entry: ResourceEntry): Storage {
    const storage = this.#byPath.get(entry.storage);
    if (storage === undefined) throw new Error(`no storage for ${entry.storage}`);
    return storage;
  }

  start(): void {
    for (const { store } of this.#byPath.values()) store.cache.start();
  }

  stop(): void {
    for (const { store } of this.#byPath.values()) store.cache.stop();
  }

  get ready(): boolean {
    return [...this.#byPath.values()].every(({ store }) => store.cache.ready);
  }

  *counts(): Generator<readonly [resource: string, count: number]> {
    for (const { info, storage, conversion } of entries) {
      if (conversion !== undefined) continue;
      const count = this.#byPath.get(storage)?.store.cache.size ?? 0;
      yield [info.group === '' ? info.resource : `${info.resource}.${info.group}`, count];
    }
  }
}
