import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch, type Response } from 'undici';
import { sleep } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import type { KubeObject } from '../pipeline.ts';
import { startApiServer, type ApiServer, type ApiServerOptions } from '../server.ts';
import { MemoryEtcd } from '../storage/memory-etcd.ts';
import { TestCa, type KeyPair } from './certificates.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly text: string;
  /** the text as JSON; {} where it is none */
  readonly json: KubeObject;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Record<string, string>;
}

/** A client with one certificate. */
export class TestClient {
  readonly #base: string;
  readonly #agent: Agent;

  constructor(port: number, ca: string, identity: KeyPair | undefined) {
    this.#base = `https://127.0.0.1:${port}`;
    this.#agent = new Agent({ connect: { ca, ...identity }, allowH2: false, keepAliveTimeout: 1000 });
  }

  async fetch(method: string, path: string, options: RequestOptions = {}, signal?: AbortSignal): Promise<Response> {
    const { body, contentType = 'application/json', headers } = options;
    const bytes =
      body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return fetch(this.#base + path, {
      method,
      dispatcher: this.#agent,
      headers: { ...(body === undefined ? {} : { 'content-type': contentType }), ...headers },
      ...(bytes === undefined ? {} : { body: bytes as string }),
      ...(signal && { signal }),
    });
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.fetch(method, path, options);
    const text = await response.text();
    let json = {} as Answer['json'];
    try {
      json = JSON.parse(text) as Answer['json'];
    } catch {
      // a plain text answer
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  /** Frames of a watch as they come; ends with the watch. */
  async *watch(path: string, signal?: AbortSignal): AsyncGenerator<{ type: string; object: KubeObject }> {
    const response = await this.fetch('GET', path, {}, signal);
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as { type: string; object: KubeObject };
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

export interface TestServer {
  readonly server: ApiServer;
  readonly ca: TestCa;
  readonly admin: TestClient;
  clientFor(subject: string | undefined): Promise<TestClient>;
  /** a kubeconfig of the admin; its folder goes with the server */
  kubeconfig(): Promise<string>;
  stop(): Promise<void>;
}

/** An API server on a store in memory, unless told otherwise, with its bootstrap done. */
export async function startTestServer(
  options: Partial<ApiServerOptions> & { ca?: TestCa; waitReady?: boolean } = {},
): Promise<TestServer> {
  const { ca = await TestCa.make(), waitReady = true, ...rest } = options;
  const own = rest.etcdServers === undefined && rest.etcdClient === undefined;
  const server = await startApiServer({
    etcdServers: [],
    ...(own && { etcdClient: new MemoryEtcd().client() }),
    securePort: 0,
    tls: await ca.issue('CN=kube-apiserver'),
    clientCa: ca.cert,
    log: silentLog,
    ...rest,
  });
  const identity = await ca.issue('O=system:masters,CN=admin');
  const clients: TestClient[] = [];
  const connect = (pair: KeyPair | undefined): TestClient => {
    const client = new TestClient(server.port, ca.cert, pair);
    clients.push(client);
    return client;
  };
  const admin = connect(identity);
  const folders: string[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
    await server.stop(200);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  };
  if (waitReady) {
    for (let i = 0; (await admin.request('GET', '/readyz')).status !== 200; i++) {
      if (i === 300) throw new Error(`not ready: ${(await admin.request('GET', '/readyz?verbose')).text}`);
      await sleep(25);
    }
  }
  return {
    server,
    ca,
    admin,
    clientFor: async (subject) => connect(subject === undefined ? undefined : await ca.issue(subject)),
    async kubeconfig() {
      const folder = mkdtempSync(join(tmpdir(), 'kuorum-kubeconfig-'));
      folders.push(folder);
      const base64 = (text: string): string => Buffer.from(text).toString('base64');
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
        clusters: [
          {
            name: 'test',
            cluster: {
              server: `https://127.0.0.1:${server.port}`,
              'certificate-authority-data': base64(ca.cert),
            },
          },
        ],
        users: [
          {
            name: 'admin',
            user: { 'client-certificate-data': base64(identity.cert), 'client-key-data': base64(identity.key) },
          },
        ],
      };
      const path = join(folder, 'kubeconfig');
      writeFileSync(path, JSON.stringify(config));
      return path;
    },
    stop,
  };
}
