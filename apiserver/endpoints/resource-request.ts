import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { KubeletConnections } from '../kubelet/kubelet-connections.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import type { KubeObject, Printer, RequestContext, ResourceVerb } from '../pipeline.ts';
import type { Allocator, AllocatorName, ResourceEntry } from '../registry/resource-entry.ts';
import { CachedObject } from '../storage/cached-object.ts';
import type { ListReader } from '../storage/list-reader.ts';
import type { ResourceStore } from '../storage/resource-store.ts';
import type { SharedLeases } from '../storage/shared-leases.ts';

/** Where one resource is kept: versions of it that share their objects share this. */
export interface Storage {
  /** `/registry/pods/` */
  readonly prefix: string;
  readonly store: ResourceStore;
  readonly reader: ListReader;
}

/** What the verbs work with, the same for all requests of a server. */
export interface EndpointServices {
  readonly leases: SharedLeases;
  readonly admission: AdmissionChain;
  readonly printer: Printer;
  readonly clock: Clock;
  readonly log: Log;
  readonly allocators: Readonly<Record<AllocatorName, Allocator>>;
  storageOf(entry: ResourceEntry): Storage;
  /** throws 403 where the user may not do this instead of what was asked for: a PUT that creates */
  authorize(ctx: RequestContext, verb: ResourceVerb): Promise<void>;
  /** answers a TokenRequest; absent where there is no key to sign with */
  readonly mintToken?: (
    request: KubeObject,
    namespace: string,
    account: string,
    warn: (text: string) => void,
  ) => Promise<KubeObject>;
  /** the way to the nodes; absent in tests of what does not need it */
  readonly kubelets?: KubeletConnections;
  /** watches end after a time between this and twice as long, where it is not the usual one */
  readonly watchSecondsMin?: number;
  /** of events, where it is not the usual one */
  readonly eventTtlSeconds?: number;
}

/** One request for one resource. */
export interface ResourceRequest {
  readonly ctx: RequestContext;
  readonly entry: ResourceEntry;
  readonly storage: Storage;
  readonly services: EndpointServices;
}

/** Writes with the lease that objects of this kind get: each write gives them their full time anew. */
export const withLease = <T>(
  { entry, services }: ResourceRequest,
  write: (lease: string | undefined) => Promise<T>,
): Promise<T> => {
  if (entry.ttlSeconds === undefined) return write(undefined);
  // events are all that is forgotten after a time
  return services.leases.write(services.eventTtlSeconds ?? entry.ttlSeconds, write);
};

export type VerbHandler = (request: ResourceRequest) => Promise<void>;

export function keyOf(entry: ResourceEntry, prefix: string, namespace: string, name: string): string {
  return entry.info.namespaced ? `${prefix}${namespace}/${name}` : prefix + name;
}

/** The prefix of what a list or watch of `namespace` sees; '' is all of them. */
export const listPrefix = (request: ResourceRequest): string => {
  const { entry, storage, ctx } = request;
  const { namespace } = ctx.info;
  return entry.info.namespaced && namespace !== '' ? `${storage.prefix}${namespace}/` : storage.prefix;
};

export const gvkOf = ({ info }: ResourceEntry): { group: string; version: string; kind: string } => ({
  group: info.group,
  version: info.version,
  kind: info.kind,
});

export const groupResourceOf = ({ info }: ResourceEntry): { group: string; resource: string } => ({
  group: info.group,
  resource: info.resource,
});

const converted = new WeakMap<CachedObject, CachedObject>();

/** The stored version in the words of the resource asked for; made once a version. */
export function presented(entry: ResourceEntry, stored: CachedObject): CachedObject {
  if (entry.conversion === undefined) return stored;
  let known = converted.get(stored);
  if (known === undefined) {
    const object = entry.conversion.fromStored(stored.object);
    known = new CachedObject(stored.key, object, stored.modRevision, stored.lease);
    converted.set(stored, known);
  }
  return known;
}

export const toStored = (entry: ResourceEntry, object: KubeObject): KubeObject =>
  entry.conversion === undefined ? object : entry.conversion.toStored(object);
