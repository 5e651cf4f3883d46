import { EtcdError } from './storage/etcd-client.ts';
import { AdmissionChain } from './admission/admission.ts';
import { createObject } from './endpoints/create.ts';
import { deleteObject } from './endpoints/delete.ts';
import { checkVersion } from './endpoints/object-preparation.ts';
import { keyOf, type EndpointServices, type ResourceRequest } from './endpoints/resource-request.ts';
import { changeObject } from './endpoints/update.ts';
import { StatusError } from '../api/meta/status.ts';
import type { KubeObject, ObjectStore, RequestContext, ResourceInfo } from './pipeline.ts';
import type { ResourceCatalog } from './registry/catalog.ts';
import type { ResourceEntry } from './registry/resource-entry.ts';

/** Lists kept as arrays. More than that were asked for in many namespaces. */
const listsMax = 4_096;

const noAdmission = new AdmissionChain([]);

function unavailable(): never {
  throw new Error('not part of an internal request');
}

/** What the server itself reads and writes, past authentication and admission. */
export class InternalObjectStore implements ObjectStore {
  readonly #services: () => EndpointServices;
  readonly #catalog: ResourceCatalog;
  readonly #lists = new Map<string, { changes: number; objects: readonly KubeObject[] }>();

  constructor(services: () => EndpointServices, catalog: ResourceCatalog) {
    this.#catalog = catalog;
    this.#services = services;
  }

  #entry(group: string, resource: string): ResourceEntry {
    const entry = this.#catalog.entryOfGroup(group, resource);
    if (entry === undefined) throw new Error(`this server does not store ${resource}.${group}`);
    return entry;
  }

  /** The same array while nothing changes, so that callers may key what they derive from it by it. */
  async list(group: string, resource: string, namespace = ''): Promise<readonly KubeObject[]> {
    // Of what is not served there is nothing.
    const entry = this.#catalog.entryOfGroup(group, resource);
    if (entry === undefined) return [];
    const { prefix, store } = this.#services().storageOf(entry);
    if (!store.cache.ready) throw new EtcdError('unavailable', `the cache of ${resource} is not filled yet`);
    const { changes } = store.cache;
    const listed = namespace === '' ? prefix : `${prefix}${namespace}/`;
    const known = this.#lists.get(listed);
    if (known?.changes === changes) return known.objects;
    const objects = [...store.cache.range(listed)].map(({ object }) => object);
    if (this.#lists.size >= listsMax) this.#lists.clear();
    this.#lists.set(listed, { changes, objects });
    return objects;
  }

  infoOfKind(group: string, version: string, kind: string): ResourceInfo | undefined {
    return this.#catalog.served.find(
      (info) => info.group === group && info.version === version && info.kind === kind && info.verbs.includes('list'),
    );
  }

  /** From a quorum, whatever the cache holds. */
  async listNow(group: string, resource: string): Promise<readonly KubeObject[]> {
    const { prefix, reader } = this.#services().storageOf(this.#entry(group, resource));
    const query = { prefix, limit: 0, continue: '', resourceVersion: undefined, match: undefined };
    return (await reader.list(query)).items.map(({ object }) => object);
  }

  async get(group: string, resource: string, namespace: string, name: string): Promise<KubeObject | undefined> {
    const entry = this.#catalog.entryOfGroup(group, resource);
    if (entry === undefined) return undefined;
    const { prefix, store } = this.#services().storageOf(entry);
    const key = keyOf(entry, prefix, namespace, name);
    // What the cache does not have may be so new that it has not seen it.
    const found = (store.cache.ready ? store.cache.get(key) : undefined) ?? (await store.read(key));
    return found?.object;
  }

  async ensure(group: string, resource: string, object: KubeObject): Promise<boolean> {
    try {
      await createObject(this.#request(group, resource, object), structuredClone(object), false);
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'AlreadyExists') return false;
      throw error;
    }
  }

  async update(group: string, resource: string, object: KubeObject, subresource = ''): Promise<KubeObject> {
    const request = this.#request(group, resource, object, subresource);
    const changed = await changeObject(request, false, (current) => {
      checkVersion(request.entry, object.metadata, current);
      return structuredClone(object);
    });
    return changed.object;
  }

  /** What is left of it may be held by finalizers. */
  async remove(group: string, resource: string, object: KubeObject): Promise<void> {
    await deleteObject(this.#request(group, resource, object), object.metadata?.name ?? '', {});
  }

  /** Of an object that is gone nothing changes. */
  async changeStatus(
    group: string,
    resource: string,
    namespace: string,
    name: string,
    change: (current: KubeObject) => KubeObject,
  ): Promise<void> {
    const request = this.#request(group, resource, { metadata: { namespace, name } }, 'status');
    try {
      await changeObject(request, false, (current) => structuredClone(change(current)));
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
    }
  }

  #request(group: string, resource: string, object: KubeObject, subresource = ''): ResourceRequest {
    const entry = this.#entry(group, resource);
    const { namespace = '', name = '' } = object.metadata ?? {};
    const services = { ...this.#services(), admission: noAdmission };
    const ctx: RequestContext = {
      info: {
        isResourceRequest: true,
        verb: 'update',
        path: '',
        group,
        version: entry.info.version,
        resource,
        subresource,
        namespace,
        name,
      },
      method: '',
      headers: { 'user-agent': 'kube-apiserver' },
      query: new URLSearchParams(),
      body: new Uint8Array(),
      clientCertificate: undefined,
      remoteAddress: '',
      requestId: '',
      signal: new AbortController().signal,
      reply: {
        sent: false,
        code: 0,
        header: unavailable,
        warn: () => {},
        send: unavailable,
        json: unavailable,
        stream: unavailable,
      },
      user: undefined,
      startedMs: 0,
    };
    return { ctx, entry, services, storage: services.storageOf(entry) };
  }
}
