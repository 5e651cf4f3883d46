import { newExpired, newServiceUnavailable, newTooLargeResourceVersion, StatusError } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import { CachedObject } from './cached-object.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { EtcdError, prefixEnd, UnreadableError, type EtcdClient, type KeyValue } from './etcd-client.ts';
import type { FreshRevision } from './fresh-revision.ts';
import { decodeAll } from './decode-all.ts';
import type { ObjectCodec } from './object-codec.ts';
import type { WatchCache } from './watch-cache.ts';

export interface ListQuery {
  /** all of a resource (`/registry/pods/`) or of one namespace of it (`/registry/pods/default/`) */
  readonly prefix: string;
  /** 0: no limit */
  readonly limit: number;
  readonly continue: string;
  /** undefined: the latest; 0: any; else by `match` */
  readonly resourceVersion: number | undefined;
  readonly match: 'Exact' | 'NotOlderThan' | undefined;
  /** absent: everything */
  readonly selects?: (object: KubeObject) => boolean;
}

export interface ListResult {
  readonly items: readonly CachedObject[];
  readonly revision: number;
  /** '' at the end */
  readonly continue: string;
  readonly remainingItemCount: number | undefined;
}

/** how long a list waits for the cache to reach a version */
const freshnessTimeoutMs = 3_000;
/** how long the first list of a resource waits for its cache to be filled at all */
const fillingTimeoutMs = 500;
const storePageSize = 1_000;

const expiredContinue =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';
const expiredVersion = 'The resourceVersion for the provided list is too old.';

/** Answers lists from the cache where it is known to be new enough, and from the store otherwise. */
export class ListReader {
  readonly #client: EtcdClient;
  readonly #cache: WatchCache;
  readonly #fresh: FreshRevision;

  readonly #codec: ObjectCodec | undefined;

  constructor(client: EtcdClient, cache: WatchCache, fresh: FreshRevision, codec?: ObjectCodec) {
    this.#codec = codec;
    this.#client = client;
    this.#cache = cache;
    this.#fresh = fresh;
  }

  async list(query: ListQuery): Promise<ListResult> {
    // A custom resource's cache is as young as its definition: what a list shows must be where a watch can go on.
    if (this.#codec !== undefined && !this.#cache.ready) await this.#cache.waitFor(0, fillingTimeoutMs);
    if (query.continue !== '') return this.#nextPage(query);
    const { resourceVersion: wanted, match } = query;
    if (wanted !== undefined && wanted > 0) {
      // Without a match a limited list at a version has always meant exactly that version.
      if (match === 'Exact' || (match === undefined && query.limit > 0)) return this.#atVersion(query, wanted);
      if (await this.#cache.waitFor(wanted, freshnessTimeoutMs)) return this.#fromCache(query);
      throw newTooLargeResourceVersion(String(wanted), String(this.#cache.revision));
    }
    if (wanted === 0 && this.#cache.ready) return this.#fromCache(query);
    if (wanted === undefined && (await this.catchUp())) return this.#fromCache(query);
    return this.#fromStore(query, query.prefix, 0);
  }

  /** True once the cache is proven to be no older than this call. */
  async catchUp(): Promise<boolean> {
    if (!this.#cache.ready || !(await this.#client.progressIsOrdered())) return false;
    const revision = await this.#fresh.get();
    return this.#cache.waitFor(revision, freshnessTimeoutMs);
  }

  /** Waits until the cache holds what is there now: by itself, or with the events of the store where that is old. */
  async catchUpOrFail(): Promise<void> {
    if (await this.catchUp()) return;
    const { revision } = await this.#client.range({
      key: this.#cache.prefix,
      rangeEnd: prefixEnd(this.#cache.prefix),
      countOnly: true,
    });
    if (await this.#client.progressIsOrdered()) {
      if (await this.#cache.waitFor(revision, freshnessTimeoutMs)) return;
    } else if (await this.#holdsAllOfStore()) return;
    throw newServiceUnavailable('the watch cache could not catch up with the store in time; try again');
  }

  /** For stores without trustworthy progress: the newest change of the prefix has arrived in the cache. */
  async #holdsAllOfStore(): Promise<boolean> {
    if (!(await this.#cache.waitFor(0, freshnessTimeoutMs))) return false;
    const { items } = await this.#fromStore(
      { prefix: this.#cache.prefix, limit: 0, continue: '', resourceVersion: undefined, match: undefined },
      this.#cache.prefix,
      0,
    );
    const newest = items.reduce((max, item) => Math.max(max, item.modRevision), 0);
    return this.#cache.waitFor(newest, freshnessTimeoutMs);
  }

  #fromCache(query: ListQuery): ListResult {
    const { limit, prefix, selects } = query;
    const unreadable = this.#cache.unreadable(prefix);
    if (unreadable !== undefined) throw new UnreadableError(unreadable);
    const revision = this.#cache.revision;
    const items: CachedObject[] = [];
    let full = false;
    for (const entry of this.#cache.range(prefix)) {
      if (selects !== undefined && !selects(entry.object)) continue;
      full = limit > 0 && items.length === limit;
      if (full) break;
      items.push(entry);
    }
    // a page costs what is on it, not what is behind it
    const more = full ? this.#cache.count(prefix) - items.length : 0;
    return this.#page(query, items, revision, full, more);
  }

  async #nextPage(query: ListQuery): Promise<ListResult> {
    const { resourceVersion } = query;
    if (resourceVersion !== undefined && resourceVersion > 0) {
      throw new StatusError(400, 'BadRequest', 'specifying resource version is not allowed when using continue');
    }
    const token = decodeContinue(query.continue);
    const from = query.prefix + token.start;
    if (token.revision < 0) return this.#fromStore(query, from, 0);
    try {
      return await this.#fromStore(query, from, token.revision);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.kind !== 'compacted') throw error;
      const expired = newExpired(expiredContinue);
      expired.status.metadata = { continue: encodeContinue({ revision: -1, start: token.start }) };
      throw expired;
    }
  }

  async #atVersion(query: ListQuery, revision: number): Promise<ListResult> {
    try {
      return await this.#fromStore(query, query.prefix, revision);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (error.kind === 'compacted') throw newExpired(expiredVersion);
      if (error.kind === 'future-revision') {
        throw newTooLargeResourceVersion(String(revision), String(this.#cache.revision));
      }
      throw error;
    }
  }

  async #fromStore(query: ListQuery, from: string, atRevision: number): Promise<ListResult> {
    const { limit, selects } = query;
    const rangeEnd = prefixEnd(query.prefix);
    const items: CachedObject[] = [];
    let revision = atRevision;
    let key = from;
    for (;;) {
      const wanted = limit > 0 && selects === undefined ? limit - items.length : storePageSize;
      const page = await this.#client.range({ key, rangeEnd, limit: wanted, revision });
      if (revision === 0) revision = page.revision;
      let taken = 0;
      const decoded = await this.#decode(page.kvs);
      for (const entry of decoded) {
        if (limit > 0 && items.length === limit) break;
        taken++;
        if (selects === undefined || selects(entry.object)) items.push(entry);
      }
      const full = limit > 0 && items.length === limit;
      const rest = page.count - taken;
      if (rest <= 0 || full) return this.#page(query, items, revision, rest > 0, rest);
      key = `${page.kvs.at(-1)?.key ?? ''}\0`;
    }
  }

  async #decode(kvs: readonly KeyValue[]): Promise<CachedObject[]> {
    if (this.#codec !== undefined) return decodeAll(kvs, this.#codec);
    return kvs.map((kv) => {
      const cached = this.#cache.get(kv.key);
      return cached?.modRevision === kv.modRevision ? cached : CachedObject.decode(kv);
    });
  }

  #page(query: ListQuery, items: CachedObject[], revision: number, more: boolean, rest: number): ListResult {
    const last = items.at(-1);
    if (!more || last === undefined) return { items, revision, continue: '', remainingItemCount: undefined };
    return {
      items,
      revision,
      continue: encodeContinue({ revision, start: `${last.key.slice(query.prefix.length)}\0` }),
      // With a selector nobody has counted.
      remainingItemCount: query.selects === undefined ? rest : undefined,
    };
  }
}
