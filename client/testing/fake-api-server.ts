import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rfc3339, systemClock } from '../../base/clock.ts';
import { nameSuffix } from '../../base/random.ts';
import type { KubeObject, ResourceRef } from '../types.ts';
import { FakeStore } from './fake-store.ts';

interface Request {
  readonly method: string;
  readonly ref: ResourceRef;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: unknown;
}

export class FakeStatus extends Error {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** Lets a test refuse requests: return an error to answer it, nothing to go on. */
export type Intercept = (method: string, path: string) => FakeStatus | undefined;

/**
 * A small API server for tests of clients and controllers: list (paged), watch (resumable, 410 after `compact`), create, update with optimistic
 * concurrency, patch (merge semantics for all types), delete with finalizers and propagation, discovery. Plain HTTP, in memory, no validation.
 */
export class FakeApiServer {
  readonly store: FakeStore;
  readonly requests: string[] = [];
  intercept: Intercept = () => undefined;
  readonly #http: Server;
  readonly #refs: readonly ResourceRef[];
  readonly #watches = new Set<ServerResponse>();

  constructor(refs: readonly ResourceRef[], store = new FakeStore()) {
    this.#refs = refs;
    this.store = store;
    this.#http = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(port, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Cuts all watches' sockets. */
  dropWatches(): void {
    for (const watch of this.#watches) watch.destroy();
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://fake');
    const method = request.method ?? 'GET';
    this.requests.push(`${method} ${url.pathname}${url.search}`);
    const answer = (code: number, body: unknown): void => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    try {
      const refusal = this.intercept(method, url.pathname);
      if (refusal) throw refusal;
      const discovered = this.#discovery(url.pathname);
      if (discovered) {
        answer(200, discovered);
        return;
      }
      const text = Buffer.concat(chunks).toString();
      const parsed = this.#route(
        method,
        url,
        request.headers['content-type'] ?? '',
        text === '' ? undefined : JSON.parse(text),
      );
      if (parsed.query.get('watch') === 'true') this.#watch(parsed, response);
      else answer(method === 'POST' ? 201 : 200, this.#handle(parsed));
    } catch (error) {
      const { code, reason, message } =
        error instanceof FakeStatus ? error : new FakeStatus(500, 'InternalError', String(error));
      answer(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
    }
  }

  #discovery(path: string): unknown {
    if (path === '/livez') return { ok: true };
    const groupVersions = [...new Set(this.#refs.filter((r) => r.group !== '').map((r) => `${r.group}/${r.version}`))];
    if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
    if (path === '/apis') {
      const groups = groupVersions.map((groupVersion) => {
        const [name = '', version = ''] = groupVersion.split('/');
        return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
      });
      return { kind: 'APIGroupList', groups };
    }
    const match = /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))$/.exec(path);
    if (!match) return undefined;
    const groupVersion = match[1] ?? match[2] ?? '';
    const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
    const resources = this.#refs
      .filter((r) => (r.group === '' ? r.version : `${r.group}/${r.version}`) === groupVersion)
      .map((r) => ({ name: r.resource, singularName: '', namespaced: r.namespaced, kind: r.kind, verbs }));
    return { kind: 'APIResourceList', groupVersion, resources };
  }

  #route(method: string, url: URL, contentType: string, body: unknown): Request {
    const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
    const [group = '', version = ''] = parts.shift() === 'api' ? ['', parts.shift()] : [parts.shift(), parts.shift()];
    const isScope = parts[0] === 'namespaces' && parts.length > 2 && !['finalize', 'status'].includes(parts[2] ?? '');
    const namespace = isScope ? (parts[1] ?? '') : '';
    const [resource = '', name = '', subresource = ''] = isScope ? parts.slice(2) : parts;
    const ref = this.#refs.find((r) => r.group === group && r.version === version && r.resource === resource);
    if (!ref) throw new FakeStatus(404, 'NotFound', `the server could not find the requested resource ${url.pathname}`);
    return { method, ref, namespace, name, subresource, query: url.searchParams, contentType, body };
  }

  #handle(request: Request): unknown {
    const { method, ref, namespace, name, body, subresource } = request;
    if (method === 'GET') return name === '' ? this.#list(request) : this.store.get(ref, namespace, name);
    if (method === 'POST') return subresource === '' ? this.#create(request) : this.#bind(request);
    if (method === 'PUT') return this.store.update(ref, namespace, name, body as KubeObject, subresource);
    if (method === 'PATCH') return this.store.patch(ref, namespace, name, body, subresource);
    if (name !== '') return this.store.delete(ref, namespace, name, body as Record<string, never> | undefined);
    for (const item of this.store.list(ref, namespace)) {
      this.store.delete(ref, item.metadata?.namespace ?? '', item.metadata?.name ?? '', undefined);
    }
    return { kind: 'Status', status: 'Success' };
  }

  #create({ ref, namespace, body }: Request): KubeObject {
    const object = body as KubeObject;
    const name = object.metadata?.name ?? `${object.metadata?.generateName ?? ''}${nameSuffix(5)}`;
    const metadata = { ...object.metadata, name, creationTimestamp: rfc3339(systemClock.nowMs()) };
    return this.store.create(ref, namespace, { ...object, metadata });
  }

  #bind({ ref, namespace, name, body }: Request): unknown {
    const { target } = body as { target: { name: string } };
    this.store.patch(ref, namespace, name, { spec: { nodeName: target.name } }, '');
    return { kind: 'Status', status: 'Success' };
  }

  #list({ ref, namespace, query }: Request): unknown {
    const items = this.store.list(ref, namespace).filter(fieldFilter(query.get('fieldSelector')));
    const limit = Number(query.get('limit') ?? 0) || items.length;
    const start = Number(query.get('continue') ?? 0);
    const next = start + limit < items.length ? String(start + limit) : undefined;
    const metadata = { resourceVersion: String(this.store.revision), continue: next };
    return { apiVersion: 'v1', kind: `${ref.kind}List`, metadata, items: items.slice(start, start + limit) };
  }

  #watch({ ref, namespace, query }: Request, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion') ?? 0);
    if (from < this.store.compacted) throw new FakeStatus(410, 'Expired', `too old resource version: ${from}`);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    this.#watches.add(response);
    const matches = fieldFilter(query.get('fieldSelector'));
    const cancel = this.store.watch(from, (event) => {
      if (event.ref !== ref || (namespace !== '' && event.object.metadata?.namespace !== namespace)) return;
      if (matches(event.object)) response.write(`${JSON.stringify({ type: event.type, object: event.object })}\n`);
    });
    response.on('close', () => {
      cancel();
      this.#watches.delete(response);
    });
  }
}

function fieldFilter(selector: string | null): (object: KubeObject) => boolean {
  const terms = (selector ?? '')
    .split(',')
    .filter(Boolean)
    .map((term) => term.split('='));
  return (object) =>
    terms.every(([path = '', value]) => {
      const found = path
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
      return (found ?? '') === value;
    });
}
