import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { request } from 'node:https';
import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { chooseBackend } from './choose-backend.ts';

export interface FrontOptions {
  readonly host: string;
  readonly port: number;
  /** API servers: their ports on `host` */
  readonly backends: readonly number[];
  /** PEM; who answers a probe must have a certificate of this authority */
  readonly ca: string;
  readonly log: Log;
}

export interface Front {
  readonly port: number;
  stop(): Promise<void>;
}

const probePeriodMs = 500;
const probeTimeoutMs = 1000;
/** so many probes in a row must fail before the connections of a backend are cut (a paused process sends no close) */
const failuresBeforeCut = 3;
const connectTimeoutMs = 500;
const connectionsMax = 10_000;

interface Backend {
  readonly port: number;
  failures: number;
  readonly connections: Set<Socket>;
  probing: boolean;
}

/** Passes bytes between clients and live API servers; TLS stays between those two. */
class TcpFront {
  readonly #options: FrontOptions;
  readonly #backends: Backend[];
  readonly #server: Server;
  #next = 0;
  #cancelProbes: () => void = () => {};

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#backends = options.backends.map((port) => ({ port, failures: 0, connections: new Set(), probing: false }));
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#accept(client));
    this.#server.maxConnections = connectionsMax;
  }

  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#cancelProbes = systemClock.every(probePeriodMs, () => this.#probeAll());
        resolve((this.#server.address() as { port: number }).port);
      });
    });
  }

  stop(): Promise<void> {
    this.#cancelProbes();
    for (const backend of this.#backends) for (const socket of backend.connections) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    client.on('error', () => client.destroy());
    const order = chooseBackend(this.#backends, this.#next++);
    this.#connect(client, order);
  }

  /** Tries the backends in turn until one takes the connection. */
  #connect(client: Socket, order: readonly Backend[]): void {
    const [backend, ...others] = order;
    if (backend === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect({ host: this.#options.host, port: backend.port, noDelay: true, allowHalfOpen: true });
    const cancelTimeout = systemClock.after(connectTimeoutMs, () => upstream.destroy(new Error('connect timed out')));
    const refused = (): void => {
      cancelTimeout();
      backend.failures++;
      upstream.destroy();
      if (!client.destroyed) this.#connect(client, others);
    };
    upstream.once('error', refused);
    upstream.once('connect', () => {
      cancelTimeout();
      upstream.off('error', refused);
      upstream.on('error', () => upstream.destroy());
      backend.connections.add(client);
      client.once('close', () => {
        backend.connections.delete(client);
        upstream.destroy();
      });
      upstream.once('close', () => client.destroy());
      if (client.destroyed) upstream.destroy();
      else client.pipe(upstream).pipe(client);
    });
  }

  #probeAll(): void {
    for (const backend of this.#backends) if (!backend.probing) this.#probe(backend);
  }

  #probe(backend: Backend): void {
    backend.probing = true;
    const { host, ca, log } = this.#options;
    const settle = (ok: boolean, why: string): void => {
      if (!backend.probing) return;
      backend.probing = false;
      const wasDown = backend.failures >= failuresBeforeCut;
      backend.failures = ok ? 0 : backend.failures + 1;
      if (ok && wasDown) log.info({ port: backend.port }, 'API server is back');
      if (ok || backend.failures !== failuresBeforeCut) return;
      log.warn({ port: backend.port, why, cut: backend.connections.size }, 'API server does not answer');
      for (const socket of backend.connections) socket.destroy();
    };
    const probe = request(
      { host, port: backend.port, path: '/readyz', ca, agent: false, timeout: probeTimeoutMs },
      (answer) => {
        answer.resume();
        // not ready is not dead: its connections stay, new ones go elsewhere
        settle(answer.statusCode === 200, `readyz answered ${answer.statusCode}`);
      },
    );
    probe.on('timeout', () => probe.destroy(new Error(`no answer within ${probeTimeoutMs} ms`)));
    probe.on('error', (error) => settle(false, error.message));
    probe.end();
  }
}

export async function startFront(options: FrontOptions): Promise<Front> {
  const front = new TcpFront(options);
  const port = await front.listen();
  return { port, stop: () => front.stop() };
}
