import type { KubeObject } from '../pipeline.ts';
import { CachedObject, encodeForStore } from './cached-object.ts';
import { commit } from './commit.ts';
import { noLease, type EtcdClient, type Guard, type KeyValue, type Operation } from './etcd-client.ts';
import { decodeAll } from './decode-all.ts';
import type { ObjectCodec } from './object-codec.ts';
import type { WatchCache } from './watch-cache.ts';

/** Keys that change in the same transaction as the object: addresses and ports of services. */
export interface Together {
  readonly guards?: readonly Guard[];
  readonly operations?: readonly Operation[];
  /** A guard of these failed, not the object's own: `guarded` is what they hold. Throw, or return to try again. */
  readonly onTaken?: (guarded: readonly (KeyValue | undefined)[]) => void;
}

export interface Change extends Together {
  /** 'delete' removes it; the object as it is now: nothing to write */
  readonly object: KubeObject | 'delete';
  /** nothing is written, whatever becomes of it */
  readonly onlyLooks?: boolean;
}

/** What became of it: the object written, or its last state where it was deleted. */
export interface ChangeResult {
  readonly object: CachedObject;
  readonly deleted: boolean;
}

/** Writes of one resource, each a compare-and-set on the object's own revision. Endpoints word the errors. */
export class ResourceStore {
  readonly cache: WatchCache;
  readonly #client: EtcdClient;
  readonly #codec: ObjectCodec | undefined;

  constructor(client: EtcdClient, cache: WatchCache, codec?: ObjectCodec) {
    this.#client = client;
    this.#codec = codec;
    this.cache = cache;
  }

  /** The latest version, from a quorum. */
  async read(key: string): Promise<CachedObject | undefined> {
    const kv = (await this.#client.range({ key })).kvs[0];
    return kv && this.#decode(kv);
  }

  /** Undefined: there is one of that key already. */
  async create(
    key: string,
    object: KubeObject,
    lease = noLease,
    together: Together = {},
  ): Promise<CachedObject | undefined> {
    const value = await this.#encode(object);
    const { guards, operations } = together;
    const result = await commit(this.#client, { key, expected: 0, value, lease, guards, operations });
    if (result.done) return withRevision(key, object, result.revision, lease);
    if (result.current === undefined) together.onTaken?.(result.guarded);
    return undefined;
  }

  /**
   * Reads, lets `change` decide, writes if nobody else did in between; otherwise again. It begins with what the cache
   * has: where that makes `change` throw, the latest version is read and asked again before the error counts. The
   * object keeps its lease unless it gets another one.
   */
  async update(
    key: string,
    change: (current: CachedObject | undefined) => Change | Promise<Change>,
    lease?: string,
  ): Promise<ChangeResult> {
    let current = this.cache.ready ? this.cache.get(key) : undefined;
    let isLatest = false;
    if (current === undefined) {
      current = await this.read(key);
      isLatest = true;
    }
    for (;;) {
      const decided = await this.#decide(change, current, isLatest);
      if (decided === undefined || (!isLatest && decided.object === current?.object)) {
        current = await this.read(key);
        isLatest = true;
        continue;
      }
      const result = await this.#carryOut(key, current, decided, lease);
      if ('object' in result) return result;
      current = result.current;
      isLatest = true;
    }
  }

  /** Undefined: it threw, but on a version that may be old. */
  async #decide(
    change: (current: CachedObject | undefined) => Change | Promise<Change>,
    current: CachedObject | undefined,
    isLatest: boolean,
  ): Promise<Change | undefined> {
    try {
      return await change(current);
    } catch (error) {
      if (isLatest) throw error;
      return undefined;
    }
  }

  async #carryOut(
    key: string,
    current: CachedObject | undefined,
    { object, guards, operations, onTaken, onlyLooks = false }: Change,
    ownLease?: string,
  ): Promise<ChangeResult | { current: CachedObject | undefined }> {
    if (current !== undefined && object === current.object && (onlyLooks || !this.#isOutdated(current))) {
      return { object: current, deleted: false };
    }
    const expected = current?.modRevision ?? 0;
    const lease = ownLease ?? current?.lease ?? noLease;
    const value = object === 'delete' ? undefined : await this.#encode(object);
    const result = await commit(this.#client, { key, expected, value, lease, guards, operations });
    if (!result.done) {
      if ((result.current?.modRevision ?? 0) === expected) onTaken?.(result.guarded);
      return { current: result.current && (await this.#decode(result.current)) };
    }
    if (object !== 'delete') return { object: withRevision(key, object, result.revision, lease), deleted: false };
    if (current === undefined) throw new Error(`${key}: nothing to delete`);
    return { object: current.deletedAt(result.revision), deleted: true };
  }

  /** Sealed otherwise than values are now: writing it again, though nothing changes, is how keys are rotated. */
  #isOutdated({ key, form }: CachedObject): boolean {
    return form !== undefined && this.#client.formOf !== undefined && this.#client.formOf(key) !== form;
  }

  async #encode(object: KubeObject): Promise<Uint8Array> {
    return encodeForStore(this.#codec === undefined ? object : await this.#codec.toStored(object));
  }

  async #decode(kv: KeyValue): Promise<CachedObject> {
    const cached = this.cache.get(kv.key);
    if (cached?.modRevision === kv.modRevision) return cached;
    if (this.#codec === undefined) return CachedObject.decode(kv);
    return (await decodeAll([kv], this.#codec))[0] as CachedObject;
  }
}

function withRevision(key: string, object: KubeObject, revision: number, lease: string): CachedObject {
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return new CachedObject(key, { ...object, metadata }, revision, lease);
}
