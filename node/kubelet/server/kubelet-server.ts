import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Pod } from '../../../api/types/core-v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { messageOf } from '../../../client/api-errors.ts';
import type { KubeClient } from '../../../client/types.ts';
import type { CriClient } from '../../cri/client.ts';
import { AccessReviews } from './access-review.ts';
import type { Caller } from './access-review.ts';
import { containerLogs } from './container-logs.ts';
import { responseOn, stream, streamOpeners } from './streaming.ts';

export interface KubeletServerSettings {
  /** where it listens; default 127.0.0.1 */
  readonly address?: string;
  /** 0: any free one, which the node's status tells */
  readonly port: number;
  /** PEM texts */
  readonly cert: string;
  readonly key: string;
  /** clients whose certificates it signed are known by them; absent: nobody is */
  readonly clientCa?: string;
}

export interface KubeletServerOptions extends KubeletServerSettings {
  readonly client: KubeClient;
  readonly cri: CriClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
  readonly podNamed: (namespace: string, name: string) => Pod | undefined;
  readonly pods: () => readonly Pod[];
}

/** One request that came in, by somebody who may ask it. */
export interface KubeletRequest {
  readonly options: KubeletServerOptions;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** the path, in parts, decoded */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
}

type Handler = (request: KubeletRequest) => void | Promise<void>;

const headersTimeoutMs = 10_000;
const connectionsMax = 1_000;

export function answerText(response: ServerResponse, code: number, text: string): void {
  if (response.headersSent) {
    response.destroy(); // what was begun cannot be called back; a cut is better than a false end
    return;
  }
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const podList = ({ options, response }: KubeletRequest): void =>
  answerJson(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: options.pods() });

const healthz = ({ response }: KubeletRequest): void => answerText(response, 200, 'ok');

/** By the first part of the path. */
const handlers: Readonly<Record<string, Handler>> = { healthz, pods: podList, containerLogs };

/** common name and organizations of a certificate that the client CA signed */
function callerOf({ socket }: IncomingMessage): Caller | undefined {
  const tls = socket as TLSSocket;
  const subject = tls.authorized ? tls.getPeerCertificate().subject : undefined;
  if (!subject?.CN) return undefined;
  const organizations: string | string[] | undefined = subject.O;
  return { name: [subject.CN].flat()[0] ?? '', groups: [...[organizations ?? []].flat(), 'system:authenticated'] };
}

/** The port of a node: logs of its containers, its pods, its health, for who has the right to them. */
export class KubeletServer {
  readonly #options: KubeletServerOptions;
  readonly #reviews: AccessReviews;
  readonly #server: Server;
  #port = 0;

  constructor(options: KubeletServerOptions) {
    this.#options = options;
    this.#reviews = new AccessReviews(options);
    const { cert, key, clientCa } = options;
    this.#server = createServer(
      {
        cert,
        key,
        ...(clientCa !== undefined && { ca: clientCa }),
        requestCert: clientCa !== undefined,
        rejectUnauthorized: false,
        headersTimeout: headersTimeoutMs,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      void this.#answer(request, responseOn(request, socket), { socket, head });
    });
    this.#server.maxConnections = connectionsMax;
  }

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    const { address = '127.0.0.1', port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const bound = this.#server.address();
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, upgrade?: Upgrade): Promise<void> {
    const { log } = this.#options;
    response.on('error', () => {}); // who asked has gone
    try {
      const url = new URL(request.url ?? '/', 'https://kubelet');
      if (!(await this.#admits(request, response, url.pathname))) return;
      const parts = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
      const asked = { options: this.#options, request, response, parts, query: url.searchParams };
      const handler = handlers[parts[0] ?? ''];
      const isStream = streamOpeners[parts[0] ?? ''] !== undefined;
      if (isStream && upgrade !== undefined) await stream(asked, upgrade.socket, upgrade.head);
      else if (isStream) answerText(response, 400, 'Upgrade request required');
      else if (handler === undefined) answerText(response, 404, '404 page not found\n');
      else await handler(asked);
    } catch (error) {
      log.warn({ error: messageOf(error), path: request.url }, 'a request to the kubelet failed');
      answerText(response, 500, messageOf(error));
    }
  }

  async #admits(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    const caller = callerOf(request);
    if (caller === undefined) {
      answerText(response, 401, 'Unauthorized');
      return false;
    }
    const method = request.method ?? 'GET';
    if (await this.#reviews.allows(caller, method, path)) return true;
    const what = `user=${caller.name}, verb=${method.toLowerCase()}, resource=nodes, subresource(s)=[proxy]`;
    answerText(response, 403, `Forbidden (${what})`);
    return false;
  }
}
