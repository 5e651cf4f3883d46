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

const probePeriodMs = 400;
const readyTimeoutMs = 1000;
/** /version asks nothing of the store: who does not answer it in time is paused, dead or cut off */
const pingTimeoutMs = 350;
/** so many pings in a row must go unanswered before connections are cut (a paused process sends no close) */
const silencesBeforeCut = 3;
const connectTimeoutMs = 500;
const connectionsMax = 10_000;

interface Backend {
  readonly port: number;
  failures: number;
  /** pings in a row without an answer */
  silences: number;
  readonly connections: Set<Socket>;
  readonly probing: Set<string>;
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
    this.#backends = options.backends.map((port) => ({
      port,
      failures: 0,
      silences: 0,
      connections: new Set(),
      probing: new Set(),
    }));
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
    for (const backend of this.#backends) {
      // not ready is not dead: its connections stay, new ones go elsewhere
      this.#ask(backend, '/readyz', readyTimeoutMs, (status) => {
        backend.failures = status === 200 ? 0 : backend.failures + 1;
      });
      this.#ask(backend, '/version', pingTimeoutMs, (status) => {
        const silent = backend.silences >= silencesBeforeCut;
        backend.silences = status === undefined ? backend.silences + 1 : 0;
        if (status === undefined) backend.failures++;
        if (backend.silences >= silencesBeforeCut) this.#cut(backend);
        else if (silent) this.#options.log.info({ port: backend.port }, 'API server is back');
      });
    }
  }

  /** Its clients shall connect anew, where there is a better place for them. */
  #cut(backend: Backend): void {
    if (backend.connections.size === 0 || this.#backends.every((other) => other.silences > 0)) return;
    this.#options.log.warn({ port: backend.port, cut: backend.connections.size }, 'API server does not answer');
    for (const socket of backend.connections) socket.destroy();
  }

  /** One question of a kind at a time; `settle` gets the status, or undefined where no answer came in time. */
  #ask(backend: Backend, path: string, timeoutMs: number, settle: (status: number | undefined) => void): void {
    if (backend.probing.has(path)) return;
    backend.probing.add(path);
    const { host, ca } = this.#options;
    const done = (status: number | undefined): void => {
      if (!backend.probing.delete(path)) return;
      cancelTimeout();
      settle(status);
    };
    const probe = request({ host, port: backend.port, path, ca, agent: false }, (answer) => {
      answer.resume();
      done(answer.statusCode);
    });
    const cancelTimeout = systemClock.after(timeoutMs, () => probe.destroy(new Error('no answer in time')));
    probe.on('error', () => done(undefined));
    probe.end();
  }
}

export async function startFront(options: FrontOptions): Promise<Front> {
  const front = new TcpFront(options);
  const port = await front.listen();
  return { port, stop: () => front.stop() };
}
