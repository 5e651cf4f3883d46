import type { ListMeta, ObjectMeta, OwnerReference, Status } from '../api/types/meta-v1.ts';

/** Any object of the API. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

export interface KubeList<T> {
  apiVersion?: string;
  kind?: string;
  metadata: ListMeta;
  items: T[];
}

/** Names a resource: `{group: 'apps', version: 'v1', resource: 'deployments', namespaced: true, kind: 'Deployment'}`. The constants are in resources.ts. */
export interface ResourceRef<T = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** never present: carries the type of the resource's objects, so that `client.resource(pods)` is a `ResourceClient<Pod>` */
  readonly objectType?: T;
}

export interface ListOptions {
  /** absent: all namespaces */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  signal?: AbortSignal;
}

export interface WatchOptions extends ListOptions {
  allowWatchBookmarks?: boolean;
  timeoutSeconds?: number;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  preconditions?: { uid?: string; resourceVersion?: string };
}

export type PatchType = 'json' | 'merge' | 'strategic';

export type WatchEvent<T> =
  { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T } | { type: 'ERROR'; object: Status };

/** A Status answer of the API server, or a failure to reach it (`code` 0). */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Expired`, … ; '' where there was no Status */
  readonly reason: string;
  readonly status: Status | undefined;
  constructor(code: number, reason: string, message: string, status?: Status, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = reason;
    this.status = status;
  }
}

export interface ResourceClient<T extends KubeObject> {
  readonly ref: ResourceRef;
  get(name: string, namespace?: string): Promise<T>;
  list(options?: ListOptions): Promise<KubeList<T>>;
  create(object: T, namespace?: string): Promise<T>;
  update(object: T): Promise<T>;
  updateStatus(object: T): Promise<T>;
  /** POST, PUT or GET of any other subresource, e.g. `binding` */
  createSubresource<R>(name: string, subresource: string, body: unknown, namespace?: string): Promise<R>;
  patch(name: string, type: PatchType, body: unknown, namespace?: string, subresource?: string): Promise<T>;
  delete(name: string, namespace?: string, options?: DeleteOptions): Promise<T | Status>;
  deleteCollection(options: ListOptions, deleteOptions?: DeleteOptions): Promise<void>;
  /** Ends when the server ends it; throws ApiError where it could not begin. Ends at once on `signal`. */
  watch(options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}

export interface ResourceOptions {
  /** get, list and watch ask for PartialObjectMetadata; a server that cannot answers whole objects */
  metadataOnly?: boolean;
}

/** A connection to an API server with one identity. Implemented by `createKubeClient` in kube-client.ts. */
export interface KubeClient {
  resource<T extends KubeObject>(ref: ResourceRef<T> | ResourceRef, options?: ResourceOptions): ResourceClient<T>;
  /** any path, e.g. `/version`; JSON in and out */
  request<R>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<R>;
  /** the same connections; all that is asked through it ends when `signal` aborts. `close` of it does nothing. */
  scoped?(signal: AbortSignal): KubeClient;
  close(): Promise<void>;
}

/** What `createKubeClient` needs; `loadKubeconfig(path)` in kubeconfig.ts makes one. PEM texts. */
export interface ClientConfig {
  /** several are tried in turn when one cannot be reached */
  readonly servers: readonly string[];
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  readonly userAgent?: string;
  /** the name that the server's certificate must carry, where it is not the URL's host */
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** how long a request other than a watch may take in all; default 60 s */
  readonly requestTimeoutMs?: number;
  /** a server that owes answers and says nothing this long is probed, and given up when the probe fails; default 5 s */
  readonly probeAfterSilenceMs?: number;
}

export interface InformerHandlers<T> {
  added?(object: T): void;
  updated?(previous: T, object: T): void;
  deleted?(object: T): void;
}

/** Reads of an informer's cache. Objects are shared: never change them. */
export interface Lister<T extends KubeObject> {
  get(name: string, namespace?: string): T | undefined;
  list(namespace?: string): T[];
  /** objects under an index added with `Informer.addIndex` */
  byIndex(index: string, value: string): T[];
  /** objects whose controller owner has this uid */
  ownedBy(uid: string): T[];
}

/** List, then watch, resuming; relists on 410. Implemented in informer.ts; shared by an InformerFactory. */
export interface Informer<T extends KubeObject> {
  readonly lister: Lister<T>;
  addHandlers(handlers: InformerHandlers<T>): void;
  addIndex(name: string, valuesOf: (object: T) => string[]): void;
  start(): void;
  /** resolves after the first complete list */
  synced(): Promise<void>;
  stop(): Promise<void>;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export const keyOf = (object: KubeObject): string => {
  const meta = object.metadata;
  return meta?.namespace ? `${meta.namespace}/${meta.name ?? ''}` : (meta?.name ?? '');
};

export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata?.ownerReferences?.find((owner) => owner.controller);
