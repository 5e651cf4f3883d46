/** A request without a network, for tests of stages and routes. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectStore, KubeObject, Reply, RequestContext, RequestInfo, User } from '../pipeline.ts';

export class FakeReply implements Reply {
  code = 0;
  contentType = '';
  body = '';
  readonly bytes: Uint8Array[] = [];
  readonly headers: Record<string, string> = {};
  readonly warnings: string[] = [];

  get sent(): boolean {
    return this.code !== 0;
  }
  header(name: string, value: string): void {
    this.headers[name] = value;
  }
  warn(text: string): void {
    this.warnings.push(text);
  }
  send(code: number, contentType: string, body: string | Uint8Array): void {
    this.code = code;
    this.contentType = contentType;
    if (typeof body === 'string') this.body = body;
    else this.bytes.push(body);
  }
  json(code: number, value: unknown): void {
    this.send(code, 'application/json', JSON.stringify(value));
  }
  stream(): never {
    throw new Error('not in this test');
  }
}

export interface FakeRequest {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: IncomingHttpHeaders;
  readonly info?: Partial<RequestInfo>;
  readonly user?: User;
  readonly clientCertificate?: RequestContext['clientCertificate'];
}

export interface FakeContext extends RequestContext {
  readonly reply: FakeReply;
}

export function requestInfo(info: Partial<RequestInfo>): RequestInfo {
  return {
    isResourceRequest: info.resource !== undefined,
    verb: 'get',
    path: '/',
    group: '',
    version: 'v1',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    ...info,
  };
}

export function fakeContext(request: FakeRequest = {}): FakeContext {
  const [path = '/', query = ''] = (request.path ?? '/').split('?');
  return {
    info: requestInfo({ path, ...request.info }),
    method: request.method ?? 'GET',
    headers: request.headers ?? {},
    query: new URLSearchParams(query),
    body: new Uint8Array(),
    clientCertificate: request.clientCertificate,
    remoteAddress: '127.0.0.1',
    requestId: 'test',
    signal: new AbortController().signal,
    reply: new FakeReply(),
    user: request.user,
    startedMs: 0,
  };
}

/** Keeps objects in memory, by `group/resource`. */
export class FakeStore implements ObjectStore {
  readonly objects = new Map<string, KubeObject[]>();

  list(group: string, resource: string, namespace?: string): Promise<readonly KubeObject[]> {
    const all = this.objects.get(`${group}/${resource}`) ?? [];
    return Promise.resolve(namespace ? all.filter((object) => object.metadata?.namespace === namespace) : all);
  }
  async get(group: string, resource: string, namespace: string, name: string): Promise<KubeObject | undefined> {
    return (await this.list(group, resource, namespace)).find((object) => object.metadata?.name === name);
  }
  async ensure(group: string, resource: string, object: KubeObject): Promise<boolean> {
    const { namespace = '', name = '' } = object.metadata ?? {};
    if ((await this.get(group, resource, namespace, name)) !== undefined) return false;
    const key = `${group}/${resource}`;
    this.objects.set(key, [...(this.objects.get(key) ?? []), object]);
    return true;
  }
  update(): Promise<KubeObject> {
    return Promise.reject(new Error('not in this test'));
  }
}
