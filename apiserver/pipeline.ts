/**
 * What passes between the stages of a request, and what the parts around the resource endpoints plug in with:
 *
 *     fastify → requestInfo → authenticate → authorize → route ─┬─ NonResourceRoute (discovery, openapi, health, metrics)
 *                                                               └─ resource verb (endpoints/*.ts)
 *
 * A stage answers with `ctx.reply`, or throws a StatusError (api/meta/status.ts), which server.ts turns into a Status
 * body in the client's format.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DetailedPeerCertificate } from 'node:tls';
import type { ResourceInfo } from '../api/schema/resources.ts';
import type { ObjectMeta, Table } from '../api/types/meta-v1.ts';

/** Any object of the API, as JSON. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  [field: string]: unknown;
}

export type ResourceVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What a request is about, parsed from method and URL alone (as RequestInfo of k8s.io/apiserver). */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  /** a ResourceVerb, or the lower-case HTTP method where `isResourceRequest` is false */
  readonly verb: string;
  /** path without the query, decoded segment by segment only in the fields below */
  readonly path: string;
  /** '' for the core group */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' where there is none */
  readonly subresource: string;
  /** '' for cluster-scoped resources and for lists over all namespaces */
  readonly namespace: string;
  /** '' for lists and creates; with `fieldSelector=metadata.name=x` on list, watch and deletecollection: x */
  readonly name: string;
  /** as it stands in the query, for authorization by what is selected */
  readonly fieldSelector?: string;
}

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** A body sent piece by piece: watches, logs. */
export interface ReplyStream {
  /** bytes that the client has not taken yet; the writer watches its own bound */
  readonly pendingBytes: number;
  write(chunk: Uint8Array | string): void;
  /** resolves when the client has taken most of it, or has gone */
  drained(): Promise<void>;
  end(): void;
  /** aborted when the client goes away or the server shuts down */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly sent: boolean;
  /** the HTTP status once sent, else 0 */
  readonly code: number;
  /** a response header; names in lower case */
  header(name: string, value: string): void;
  /** adds a `Warning: 299 - "text"` header (each text once) */
  warn(text: string): void;
  /** may gzip large bodies when the client accepts it */
  send(code: number, contentType: string, body: string | Uint8Array): void;
  json(code: number, value: unknown): void;
  stream(code: number, contentType: string): ReplyStream;
  /** `onAnswer` hears of the answer when it begins; of a body that comes piece by piece it gets none */
  observe?(onAnswer: (code: number, contentType: string, body: Uint8Array | undefined) => void): void;
}

/** What the audit log is told on the way of a request. */
export interface AuditTrail {
  /** e.g. `authorization.k8s.io/decision`; the first value of a key stands */
  annotate(key: string, value: string): void;
  impersonates(user: User): void;
}

/** A connection whose client wants to speak something else than HTTP. */
export interface UpgradeOffer {
  /** From now on the connection is the caller's: nothing is answered any more. */
  take(): { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };
}

export interface RequestContext {
  readonly info: RequestInfo;
  /** upper case */
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** name, value, name, value, … as they came; absent where nobody has sent them */
  readonly rawHeaders?: readonly string[];
  readonly query: URLSearchParams;
  /** the raw body; at most maxRequestBytes (413 otherwise); empty where there is none */
  readonly body: Uint8Array;
  /** the client's certificate, when TLS verified it against the client CA; its chain in issuerCertificate */
  readonly clientCertificate: DetailedPeerCertificate | undefined;
  readonly remoteAddress: string;
  /** for logs and the Audit-Id header */
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly reply: Reply;
  /** where the client asks for an upgrade; who does not take it answers as usual */
  readonly upgrade?: UpgradeOffer;
  /** path and query as they came */
  readonly uri?: string;
  /** set by the authentication stage */
  user: User | undefined;
  /** set where the request is recorded */
  audit?: AuditTrail;
  /** monotonic milliseconds at arrival */
  readonly startedMs: number;
}

/** One stage of a request: does its part, then calls `next`, or answers and does not. */
export type Stage = (ctx: RequestContext, next: () => Promise<void>) => Promise<void>;

export interface Authenticator {
  /** undefined: no credentials of this kind; throws StatusError 401 for bad credentials */
  authenticate(ctx: RequestContext): User | undefined | Promise<User | undefined>;
}

export interface Decision {
  readonly allowed: boolean;
  /** nobody else is asked: without it, not being allowed is having no opinion */
  readonly denied?: boolean;
  /** for the Forbidden message: `forbidden: User "x" cannot get resource "pods" in API group "" …: <reason>` */
  readonly reason: string;
}

export interface Authorizer {
  authorize(user: User, info: RequestInfo): Decision | Promise<Decision>;
}

/** A resource that this server serves: the facts that discovery, OpenAPI and printers need. */
export type { ResourceInfo };

export interface TableOptions {
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
  /** `noHeaders` of TableOptions, and watch frames after the first: columnDefinitions is empty */
  readonly noHeaders?: boolean;
  readonly nowMs: number;
}

/** Rows and columns for kubectl. Implemented in printers/. */
export interface Printer {
  table(resource: ResourceInfo, objects: readonly KubeObject[], options: TableOptions): Table;
}

/** A path that is not a resource: discovery, OpenAPI, health, metrics, version. */
export interface NonResourceRoute {
  /** the whole path, or a prefix ending in `/`; the longest match wins */
  readonly path: string;
  readonly match: 'exact' | 'prefix';
  /** default GET and HEAD */
  readonly methods?: readonly string[];
  handle(ctx: RequestContext): void | Promise<void>;
}

/** Reads and writes of the server itself, past authentication and admission: RBAC, bootstrap objects, reviews. */
export interface ObjectStore {
  /** from the watch cache once it is filled; objects are shared: never change them */
  list(group: string, resource: string, namespace?: string): Promise<readonly KubeObject[]>;
  get(group: string, resource: string, namespace: string, name: string): Promise<KubeObject | undefined>;
  /** what is served of a kind, built in or defined */
  infoOfKind?(group: string, version: string, kind: string): ResourceInfo | undefined;
  /** creates it where there is none of this name; true when it did */
  ensure(group: string, resource: string, object: KubeObject): Promise<boolean>;
  /** replaces it, or its `status`, if its metadata.resourceVersion still holds; throws StatusError 409 otherwise */
  update(group: string, resource: string, object: KubeObject, subresource?: string): Promise<KubeObject>;
}

/** A named check behind /livez and /readyz (`/readyz/etcd`, `?verbose`, `?exclude=`). Throws when bad. */
export interface HealthCheck {
  readonly name: string;
  readonly paths: readonly ('/livez' | '/readyz')[];
  check(): void | Promise<void>;
}

/** Sees each request; metrics and audit implement it. */
export interface RequestObserver {
  began(ctx: RequestContext): void;
  /** `code` 0 when the client went away before an answer; `bytes` of the body sent */
  ended(ctx: RequestContext, code: number, durationMs: number, bytes: number): void;
}

/**
 * Runs once when the store answers for the first time, and is tried again until it succeeds: bootstrap RBAC, namespaces.
 * Several API servers may run it at the same moment; it must be idempotent.
 */
export interface PostStartHook {
  /** shown as `poststarthook/<name>` under /readyz */
  readonly name: string;
  run(store: ObjectStore, signal: AbortSignal): Promise<void>;
}
