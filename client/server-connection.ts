import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Clock } from '../base/clock.ts';
import type { ClientConfig } from './types.ts';

/** Sockets for requests that end, and for watches, to one server. */
const requestConnectionsMax = 16;
const watchConnectionsMax = 256;
const connectTimeoutMs = 3_000;
const keepAliveMs = 30_000;

export class ServerSilentError extends Error {
  override name = 'ServerSilentError';
  constructor(url: string) {
    super(`${url} does not answer any more`);
  }
}

/** What is under way at a server; `abandon` ends it with an error. */
interface Exchange {
  abandon(error: Error): void;
}

/**
 * The sockets to one API server. HTTP/1.1 has no ping, so a peer that was paused or cut off without a reset would hold watches for good:
 * a server that owes something and says nothing for a while is asked `/livez`, and when that fails too, all that is under way there is ended.
 */
export class ServerConnection {
  readonly url: string;
  readonly #clock: Clock;
  readonly #requests: Pool;
  readonly #watches: Pool;
  readonly #probeAfterMs: number;
  readonly #exchanges = new Set<Exchange>();
  #heardAtMs = 0;
  #cancelProbe: (() => void) | undefined;
  #downUntilMs = 0;

  constructor(url: string, config: ClientConfig, clock: Clock) {
    this.url = url;
    this.#clock = clock;
    this.#probeAfterMs = config.probeAfterSilenceMs ?? 5_000;
    const common = {
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        ca: config.ca,
        cert: config.cert,
        key: config.key,
        timeout: connectTimeoutMs,
        keepAlive: true,
        ...(config.tlsServerName === undefined ? {} : { servername: config.tlsServerName }),
        ...(config.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
      },
    };
    this.#requests = new Pool(url, { ...common, connections: requestConnectionsMax });
    this.#watches = new Pool(url, { ...common, connections: watchConnectionsMax });
  }

  isDown(): boolean {
    return this.#clock.monotonicMs() < this.#downUntilMs;
  }

  markDown(forMs: number): void {
    this.#downUntilMs = this.#clock.monotonicMs() + forMs;
  }

  heard(): void {
    this.#heardAtMs = this.#clock.monotonicMs();
    this.#downUntilMs = 0;
  }

  /** Sends; the answer's body must be read or destroyed. */
  send(options: Dispatcher.RequestOptions, isWatch: boolean): Promise<Dispatcher.ResponseData> {
    return (isWatch ? this.#watches : this.#requests).request(options);
  }

  /** Registers something under way, so that silence is noticed. Returns its end. */
  begin(exchange: Exchange): () => void {
    if (this.#exchanges.size === 0) {
      this.#heardAtMs = this.#clock.monotonicMs();
      this.#scheduleProbe(this.#probeAfterMs);
    }
    this.#exchanges.add(exchange);
    return () => {
      this.#exchanges.delete(exchange);
      if (this.#exchanges.size === 0) {
        this.#cancelProbe?.();
        this.#cancelProbe = undefined;
      }
    };
  }

  async close(): Promise<void> {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    await Promise.all([this.#requests.destroy(), this.#watches.destroy()]);
  }

  #scheduleProbe(delayMs: number): void {
    this.#cancelProbe?.();
    this.#cancelProbe = this.#clock.after(delayMs, () => {
      const silentMs = this.#clock.monotonicMs() - this.#heardAtMs;
      if (silentMs < this.#probeAfterMs) this.#scheduleProbe(this.#probeAfterMs - silentMs);
      else void this.#probe();
    });
  }

  async #probe(): Promise<void> {
    const abort = new AbortController();
    const cancel = this.#clock.after(this.#probeAfterMs, () => abort.abort());
    try {
      // The watch pool: the request pool's sockets may all be taken by requests that hang.
      const answer = await this.#watches.request({ method: 'GET', path: '/livez', signal: abort.signal });
      await answer.body.dump();
      this.heard();
    } catch {
      this.markDown(this.#probeAfterMs);
      for (const exchange of this.#exchanges) exchange.abandon(new ServerSilentError(this.url));
    } finally {
      cancel();
    }
    if (this.#exchanges.size > 0) this.#scheduleProbe(this.#probeAfterMs);
  }
}
