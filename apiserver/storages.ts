import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Storage } from './endpoints/resource-request.ts';
import type { ResourceCatalog } from './registry/catalog.ts';
import { entries } from './registry/registry.ts';
import type { ResourceEntry } from './registry/resource-entry.ts';
import type { EtcdClient } from './storage/etcd-client.ts';
import { FreshRevision } from './storage/fresh-revision.ts';
import { ListReader } from './storage/list-reader.ts';
import type { ObjectCodec } from './storage/object-codec.ts';
import { ResourceStore } from './storage/resource-store.ts';
import { WatchCache } from './storage/watch-cache.ts';

/** `registry`, `/registry/` → `/registry/` */
export const keyPrefixOf = (etcdPrefix: string): string => `/${etcdPrefix.split('/').filter(Boolean).join('/')}/`;

interface CustomStorage {
  readonly identity: string;
  readonly storage: Storage;
}

/**
 * The storage of every resource: one watch cache a key prefix, however many versions show it; of custom resources one a
 * version, as long as its definition stays the same.
 */
export class Storages {
  readonly #byPath = new Map<string, Storage>();
  readonly #custom = new Map<string, CustomStorage>();
  readonly #make: (path: string, codec?: ObjectCodec) => Storage;
  /** `/registry/` */
  readonly prefix: string;

  constructor(client: EtcdClient, etcdPrefix: string, clock: Clock, log: Log) {
    this.prefix = keyPrefixOf(etcdPrefix);
    const fresh = new FreshRevision(client, `${this.prefix}health`);
    this.#make = (path, codec) => {
      const prefix = `${this.prefix}${path}/`;
      const cache = new WatchCache({ client, prefix, clock, log, ...(codec && { codec }) });
      const store = new ResourceStore(client, cache, codec);
      return { prefix, store, reader: new ListReader(client, cache, fresh, codec) };
    };
    for (const { storage: path } of entries) {
      if (!this.#byPath.has(path)) this.#byPath.set(path, this.#make(path));
    }
  }

  of(entry: ResourceEntry): Storage {
    if (entry.custom !== undefined) return this.#customOf(entry, entry.custom.identity, entry.custom.codec);
    const storage = this.#byPath.get(entry.storage);
    if (storage === undefined) throw new Error(`no storage for ${entry.storage}`);
    return storage;
  }

  /** A changed definition means other objects: watches of the old ones end, and clients begin anew. */
  #customOf(entry: ResourceEntry, identity: string, codec: ObjectCodec): Storage {
    const key = `${entry.storage}@${entry.info.version}`;
    const known = this.#custom.get(key);
    if (known?.identity === identity) return known.storage;
    known?.storage.store.cache.stop();
    const storage = this.#make(entry.storage, codec);
    this.#custom.set(key, { identity, storage });
    storage.store.cache.start();
    return storage;
  }

  /** Keeps the storage of these custom resources, and lets that of others go. */
  retain(custom: readonly ResourceEntry[]): void {
    const kept = new Set(custom.map((entry) => `${entry.storage}@${entry.info.version}`));
    for (const [key, { storage }] of this.#custom) {
      if (kept.has(key)) continue;
      storage.store.cache.stop();
      this.#custom.delete(key);
    }
    for (const entry of custom) this.of(entry);
  }

  start(): void {
    for (const { store } of this.#byPath.values()) store.cache.start();
  }

  stop(): void {
    for (const { store } of this.#byPath.values()) store.cache.stop();
    this.retain([]);
  }

  /** Custom resources may wait for webhooks that run in pods: the server is ready without them. */
  get ready(): boolean {
    return [...this.#byPath.values()].every(({ store }) => store.cache.ready);
  }

  *counts(catalog: ResourceCatalog): Generator<readonly [resource: string, count: number]> {
    for (const { info, storage, conversion, custom } of catalog.entries) {
      if (conversion !== undefined || custom?.isStorage === false) continue;
      const kept =
        custom === undefined ? this.#byPath.get(storage) : this.#custom.get(`${storage}@${info.version}`)?.storage;
      yield [info.group === '' ? info.resource : `${info.resource}.${info.group}`, kept?.store.cache.size ?? 0];
    }
  }
}
