import type { Dispatcher } from 'undici';
import type { Clock } from '../base/clock.ts';
import { sleep } from '../base/clock.ts';
import { apiErrorFrom, messageOf } from './api-errors.ts';
import { linkedAbort } from './linked-abort.ts';
import { ServerConnection } from './server-connection.ts';
import { ApiError } from './types.ts';
import type { ClientConfig } from './types.ts';

/** The largest answer that is read into memory. */
const responseBytesMax = 512 * 1024 * 1024;
const requestTimeoutMsDefault = 60_000;
const serverDownMs = 2_000;
/** 429 and 503 with Retry-After are retried this often, waiting no longer than this each time. */
const retryAfterAttemptsMax = 5;
const retryAfterMsMax = 10_000;

export interface TransportRequest {
  readonly method: string;
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  /** each of them ends the request */
  readonly signals?: readonly (AbortSignal | undefined)[];
}

/** A watch's answer: its chunks, until the server ends it, it breaks (throws), or `signal` aborts it. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** undici's and the system's codes of failures before a byte of the request was written. */
const notSentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function surelyNotSent(error: unknown): boolean {
  const { code, errors, message } = error as { code?: string; errors?: unknown[]; message?: string };
  if (Array.isArray(errors) && errors.length > 0) return errors.every(surelyNotSent);
  // Node's words for a peer that hangs up during the handshake; the code is the same ECONNRESET as later.
  if (message?.includes('before secure TLS connection was established')) return true;
  return code !== undefined && notSentCodes.has(code);
}

/** HTTP over several servers: stays with one while it works, and moves on when it cannot be reached. */
export class Transport {
  readonly #servers: ServerConnection[];
  readonly #clock: Clock;
  readonly #headers: Record<string, string>;
  readonly #requestTimeoutMs: number;
  #current = 0;
  #closed = false;

  constructor(config: ClientConfig, clock: Clock) {
    if (config.servers.length === 0) throw new ApiError(0, '', 'no API server given: ClientConfig.servers is empty');
    this.#clock = clock;
    this.#servers = config.servers.map((url) => new ServerConnection(url, config, clock));
    this.#requestTimeoutMs = config.requestTimeoutMs ?? requestTimeoutMsDefault;
    this.#headers = {
      'user-agent': config.userAgent ?? 'kuorum/0.1',
      ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }),
    };
  }

  /** The parsed JSON body (or text) of a successful answer; ApiError otherwise. */
  async request(request: TransportRequest): Promise<unknown> {
    const { controller, unlink } = linkedAbort(request.signals ?? []);
    const cancel = this.#clock.after(this.#requestTimeoutMs, () =>
      controller.abort(new Error(`no answer within ${this.#requestTimeoutMs} ms`)),
    );
    try {
      for (let attempt = 1; ; attempt++) {
        const answer = await this.#exchange(request, controller.signal);
        if (answer.code < 400) return answer.body;
        const waitMs = attempt < retryAfterAttemptsMax ? answer.retryAfterMs : undefined;
        if (waitMs === undefined) throw apiErrorFrom(answer.code, answer.body, `${request.method} ${request.path}`);
        await sleep(waitMs, this.#clock, controller.signal);
      }
    } catch (error) {
      throw this.#surfaced(error, request);
    } finally {
      cancel();
      unlink();
    }
  }

  /** Opens a watch. ApiError where the server refuses it. */
  async stream(request: TransportRequest): Promise<ByteStream> {
    const { controller, unlink } = linkedAbort(request.signals ?? []);
    try {
      const sent = await this.#send(request, controller.signal, true);
      if (sent.answer.statusCode < 400) return chunksOf(sent, unlink);
      const body = await readBody(sent).finally(sent.finish);
      throw apiErrorFrom(sent.answer.statusCode, parseBody(sent.answer, body), `${request.method} ${request.path}`);
    } catch (error) {
      unlink();
      throw this.#surfaced(error, request);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  async #exchange(request: TransportRequest, signal: AbortSignal): Promise<Answer> {
    // A read changes nothing, so one that broke midway is tried once more, elsewhere where there is an elsewhere.
    for (let attemptsLeft = request.method === 'GET' ? 2 : 1; ; attemptsLeft--) {
      let finish = (): void => {};
      try {
        const sent = await this.#send(request, signal, false);
        finish = sent.finish;
        const body = parseBody(sent.answer, await readBody(sent));
        return { code: sent.answer.statusCode, body, retryAfterMs: retryAfterOf(sent.answer) };
      } catch (error) {
        if (signal.aborted || this.#closed || attemptsLeft <= 1 || error instanceof ApiError) throw error;
      } finally {
        finish();
      }
    }
  }

  /** Tries the servers in turn until one takes the request. */
  async #send(request: TransportRequest, signal: AbortSignal, isWatch: boolean): Promise<Sent> {
    let lastError: unknown;
    for (const index of this.#order()) {
      const server = this.#servers[index];
      if (!server) continue;
      const { controller, unlink } = linkedAbort([signal]);
      const end = server.begin({ abandon: (error) => controller.abort(error) });
      const finish = (): void => {
        unlink();
        end();
      };
      try {
        const answer = await server.send(this.#optionsOf(request, controller.signal), isWatch);
        server.heard();
        this.#current = index;
        return { answer, server, finish };
      } catch (error) {
        finish();
        lastError = controller.signal.aborted ? (controller.signal.reason as Error) : error;
        // Whoever asked gave up: that says nothing of the server, but for our own timeout.
        if (this.#closed || isAborted(request)) throw lastError;
        server.markDown(serverDownMs);
        if (!surelyNotSent(error) || signal.aborted) throw lastError;
      }
    }
    throw lastError;
  }

  /** The current server first; those that failed a moment ago last. */
  #order(): number[] {
    const all = this.#servers.map((_, i) => (this.#current + i) % this.#servers.length);
    const up = all.filter((i) => this.#servers[i]?.isDown() === false);
    return [...up, ...all.filter((i) => !up.includes(i))];
  }

  #optionsOf(request: TransportRequest, signal: AbortSignal): Dispatcher.RequestOptions {
    return {
      method: request.method,
      path: request.path,
      headers: {
        ...this.#headers,
        accept: request.accept ?? 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body,
      signal,
    };
  }

  #surfaced(error: unknown, request: TransportRequest): unknown {
    if (error instanceof ApiError) return error;
    const aborted = request.signals?.find((signal) => signal?.aborted);
    if (aborted) return aborted.reason;
    const servers = this.#servers.map((s) => s.url).join(', ');
    const cause = messageOf(error) || ((error as { code?: string }).code ?? 'unknown error');
    return new ApiError(0, '', `${request.method} ${request.path} (servers: ${servers}): ${cause}`, undefined, {
      cause: error,
    });
  }
}

interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

interface Sent {
  readonly answer: Dispatcher.ResponseData;
  readonly server: ServerConnection;
  readonly finish: () => void;
}

const isAborted = (request: TransportRequest): boolean => request.signals?.some((signal) => signal?.aborted) ?? false;

async function readBody({ answer, server }: Sent): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    server.heard();
    bytes += chunk.length;
    if (bytes > responseBytesMax) throw new Error(`answer exceeds the bound of ${responseBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function parseBody(answer: Dispatcher.ResponseData, body: Buffer): unknown {
  const type = String(answer.headers['content-type'] ?? '');
  const text = body.toString('utf8');
  if (!type.includes('json')) return text;
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

function retryAfterOf(answer: Dispatcher.ResponseData): number | undefined {
  if (answer.statusCode !== 429 && answer.statusCode !== 503) return undefined;
  const seconds = Number(answer.headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, retryAfterMsMax) : undefined;
}

async function* chunksOf({ answer, server, finish }: Sent, unlink: () => void): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      server.heard();
      yield chunk;
    }
  } finally {
    finish();
    unlink();
    answer.body.on('error', () => {}).destroy();
  }
}
