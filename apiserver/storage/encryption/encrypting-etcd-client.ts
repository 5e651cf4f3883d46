import { messageOf } from '../../../base/message-of.ts';
import { entries } from '../../registry/registry.ts';
import type { EtcdClient, GuardedWrite, KeyValue, Operation, RangeRequest, WatchObserver } from '../etcd-client.ts';
import { transformerFor, type Transformers } from './encryption-configuration.ts';
import type { ValueTransformer } from './value-transformer.ts';

interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** Longest first: `services/specs` before `services`. */
const storedPaths: readonly (readonly [path: string, resource: GroupResource])[] = entries
  .filter(({ conversion }) => conversion === undefined)
  .map(({ storage, info }): [string, GroupResource] => [storage, info])
  .sort(([a], [b]) => b.length - a.length);

/**
 * What a key below the store's prefix is of: `secrets/default/x`, or `example.com/widgets/…` of a custom resource.
 * undefined: of no resource, such as the servers' own notes, which nobody encrypts.
 */
function resourceOf(path: string): GroupResource | undefined {
  const known = storedPaths.find(([stored]) => path.startsWith(`${stored}/`));
  if (known !== undefined) return known[1];
  const [group = '', resource = ''] = path.split('/');
  return group.includes('.') ? { group, resource } : undefined;
}

/**
 * A store whose values are sealed on their way in and opened on their way out, as an EncryptionConfiguration says.
 * Nobody else sees the difference; what cannot be opened arrives with the reason, in `unreadable`.
 */
export class EncryptingEtcdClient implements EtcdClient {
  readonly #inner: EtcdClient;
  readonly #prefix: string;
  readonly #transformers: () => Transformers;
  /** by the part of a key up to the resource; forgotten when the configuration changes */
  readonly #known = new Map<string, ValueTransformer | undefined>();
  #knownOf: Transformers | undefined;

  /** `prefix`: `/registry/`. `transformers`: those of now; another map once the configuration has changed. */
  constructor(inner: EtcdClient, prefix: string, transformers: () => Transformers) {
    this.#inner = inner;
    this.#prefix = prefix;
    this.#transformers = transformers;
  }

  #transformerOf(key: string): ValueTransformer | undefined {
    if (!key.startsWith(this.#prefix)) return undefined;
    const transformers = this.#transformers();
    if (transformers !== this.#knownOf) {
      this.#known.clear();
      this.#knownOf = transformers;
    }
    const found = resourceOf(key.slice(this.#prefix.length));
    if (found === undefined) return undefined;
    const { group, resource } = found;
    const name = `${group}/${resource}`;
    if (this.#known.has(name)) return this.#known.get(name);
    const transformer = transformerFor(transformers, { group, resource });
    if (this.#known.size < rememberedMax) this.#known.set(name, transformer);
    return transformer;
  }

  /** what a value of this key is written as now */
  formOf(key: string): string {
    return this.#transformerOf(key)?.form ?? '';
  }

  #open(kv: KeyValue): KeyValue {
    const transformer = this.#transformerOf(kv.key);
    if (transformer === undefined || kv.value.length === 0) return kv;
    try {
      return { ...kv, ...transformer.open(kv.value, kv.key) };
    } catch (error) {
      return { ...kv, unreadable: messageOf(error) };
    }
  }

  #seal(operation: Operation): Operation {
    if (!('put' in operation)) return operation;
    const { put } = operation;
    const transformer = this.#transformerOf(put.key);
    return transformer === undefined ? operation : { put: { ...put, value: transformer.seal(put.value, put.key) } };
  }

  async range(request: RangeRequest) {
    const response = await this.#inner.range(request);
    return { ...response, kvs: response.kvs.map((kv) => this.#open(kv)) };
  }

  async write({ guards, operations }: GuardedWrite) {
    const result = await this.#inner.write({ guards, operations: operations.map((one) => this.#seal(one)) });
    return { ...result, current: result.current.map((kv) => kv && this.#open(kv)) };
  }

  watch(prefix: string, startRevision: number, observer: WatchObserver) {
    return this.#inner.watch(prefix, startRevision, {
      events: (events, revision) =>
        observer.events(
          events.map((event) => ({ ...event, kv: this.#open(event.kv) })),
          revision,
        ),
      progress: (revision) => observer.progress(revision),
      closed: (error) => observer.closed(error),
    });
  }

  leaseGrant(ttlSeconds: number) {
    return this.#inner.leaseGrant(ttlSeconds);
  }
  leaseKeepAlive(lease: string) {
    return this.#inner.leaseKeepAlive(lease);
  }
  leaseRevoke(lease: string) {
    return this.#inner.leaseRevoke(lease);
  }
  compact(revision: number) {
    return this.#inner.compact(revision);
  }
  status() {
    return this.#inner.status();
  }
  progressIsOrdered() {
    return this.#inner.progressIsOrdered();
  }
  close() {
    return this.#inner.close();
  }
}

const rememberedMax = 1_000;
