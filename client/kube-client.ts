import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import type { Status } from '../api/types/meta-v1.ts';
import { messageOf } from './api-errors.ts';
import { parseJsonLines } from './json-lines.ts';
import { apiVersionOf, resourcePath } from './resources.ts';
import { Transport } from './transport.ts';
import { ApiError } from './types.ts';
import type {
  ClientConfig,
  DeleteOptions,
  KubeClient,
  KubeList,
  KubeObject,
  ListOptions,
  PatchType,
  ResourceClient,
  ResourceOptions,
  ResourceRef,
  WatchEvent,
  WatchOptions,
} from './types.ts';

const patchContentTypes: Record<PatchType, string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

const metadataAccept = {
  object: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
};

/** Requests with one identity over keep-alive TLS connections, to whichever of the servers answers. */
export function createKubeClient(config: ClientConfig, clock: Clock = systemClock): KubeClient {
  const transport = new Transport(config, clock);
  return clientOf(transport, undefined, () => transport.close());
}

function clientOf(transport: Transport, scope: AbortSignal | undefined, close: () => Promise<void>): KubeClient {
  return {
    resource: <T extends KubeObject>(ref: ResourceRef<T> | ResourceRef, options: ResourceOptions = {}) =>
      new RestResource<T>(transport, ref, options, scope),
    async request<R>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<R> {
      const text = body === undefined ? undefined : JSON.stringify(body);
      return (await transport.request({ method, path, body: text, signals: [scope, signal] })) as R;
    },
    scoped(signal) {
      // Every request under way listens to it.
      setMaxListeners(0, signal);
      return clientOf(transport, signal, async () => {});
    },
    close,
  };
}

class RestResource<T extends KubeObject> implements ResourceClient<T> {
  readonly ref: ResourceRef;
  readonly #transport: Transport;
  readonly #accept: { object?: string; list?: string };
  readonly #scope: AbortSignal | undefined;

  constructor(transport: Transport, ref: ResourceRef, options: ResourceOptions, scope: AbortSignal | undefined) {
    this.#scope = scope;
    this.#transport = transport;
    this.ref = ref;
    this.#accept = options.metadataOnly ? metadataAccept : {};
  }

  async get(name: string, namespace = ''): Promise<T> {
    const path = this.#path(namespace, name);
    return (await this.#transport.request({
      method: 'GET',
      path,
      accept: this.#accept.object,
      signals: [this.#scope],
    })) as T;
  }

  async list(options: ListOptions = {}): Promise<KubeList<T>> {
    const path = this.#path(options.namespace) + queryOf(options);
    const request = { method: 'GET', path, accept: this.#accept.list, signals: [this.#scope, options.signal] };
    const list = (await this.#transport.request(request)) as KubeList<T>;
    list.items ??= [];
    return list;
  }

  async create(object: T, namespace = object.metadata?.namespace ?? ''): Promise<T> {
    return (await this.#send('POST', this.#path(namespace), this.#typed(object))) as T;
  }

  async update(object: T): Promise<T> {
    return (await this.#send('PUT', this.#pathOf(object), this.#typed(object))) as T;
  }

  async updateStatus(object: T): Promise<T> {
    return (await this.#send('PUT', this.#pathOf(object, 'status'), this.#typed(object))) as T;
  }

  async createSubresource<R>(name: string, subresource: string, body: unknown, namespace = ''): Promise<R> {
    return (await this.#send('POST', this.#path(namespace, name, subresource), body)) as R;
  }

  async patch(name: string, type: PatchType, body: unknown, namespace = '', subresource = ''): Promise<T> {
    return (await this.#transport.request({
      method: 'PATCH',
      path: this.#path(namespace, name, subresource),
      accept: this.#accept.object,
      contentType: patchContentTypes[type],
      body: JSON.stringify(body),
      signals: [this.#scope],
    })) as T;
  }

  async delete(name: string, namespace = '', options?: DeleteOptions): Promise<T | Status> {
    return (await this.#send('DELETE', this.#path(namespace, name), deleteBody(options))) as T | Status;
  }

  async deleteCollection(options: ListOptions, deleteOptions?: DeleteOptions): Promise<void> {
    await this.#send('DELETE', this.#path(options.namespace) + queryOf(options), deleteBody(deleteOptions));
  }

  async *watch(options: WatchOptions): AsyncGenerator<WatchEvent<T>, void, void> {
    const path = this.#path(options.namespace) + queryOf(options, { watch: 'true' });
    const { signal } = options;
    try {
      const bytes = await this.#transport.stream({
        method: 'GET',
        path,
        accept: this.#accept.object,
        signals: [this.#scope, signal],
      });
      for await (const event of parseJsonLines<WatchEvent<T>>(bytes)) {
        if (signal?.aborted) return;
        yield event;
      }
    } catch (error) {
      if (signal?.aborted || this.#scope?.aborted) return;
      if (error instanceof ApiError) throw error;
      throw new ApiError(0, '', `watch ${path} broke: ${messageOf(error)}`, undefined, { cause: error });
    }
  }

  #send(method: string, path: string, body: unknown): Promise<unknown> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.#transport.request({ method, path, body: text, signals: [this.#scope] });
  }

  #path(namespace = '', name = '', subresource = ''): string {
    return resourcePath(this.ref, namespace, name, subresource);
  }

  #pathOf(object: T, subresource = ''): string {
    return this.#path(object.metadata?.namespace, object.metadata?.name, subresource);
  }

  /** Lists omit the items' apiVersion and kind; bodies must have them. */
  #typed(object: T): T {
    return { ...object, apiVersion: apiVersionOf(this.ref), kind: this.ref.kind };
  }
}

const deleteBody = (options: DeleteOptions | undefined): object | undefined =>
  options && { apiVersion: 'v1', kind: 'DeleteOptions', ...options };

const queryKeys = [
  'labelSelector',
  'fieldSelector',
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'allowWatchBookmarks',
  'timeoutSeconds',
] as const;

function queryOf(options: WatchOptions, fixed: Record<string, string> = {}): string {
  const query = new URLSearchParams(fixed);
  for (const key of queryKeys) {
    const value = options[key];
    if (value !== undefined && value !== '') query.set(key, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
