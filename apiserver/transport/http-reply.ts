import { gzip } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Reply, ReplyStream } from '../pipeline.ts';
import { warningHeaders } from './warning-headers.ts';

export type RawResponse = ServerResponse | Http2ServerResponse;

/** smaller answers are not worth it, as in kube-apiserver */
const compressedBytesMin = 128 * 1024;
const warningsMax = 256;

/** Answers on Node's own response, of HTTP/1.1 or HTTP/2. */
export class HttpReply implements Reply {
  readonly #raw: RawResponse;
  readonly #signal: AbortSignal;
  readonly #headers: Record<string, string | string[]> = {};
  readonly #warnings = new Set<string>();
  readonly #onStream: (stream: ReplyStream) => void;
  #observers: ((code: number, contentType: string, body: Uint8Array | undefined) => void)[] | undefined;
  code = 0;
  bytes = 0;

  readonly #takesGzip: boolean;

  constructor(raw: RawResponse, signal: AbortSignal, onStream: (stream: ReplyStream) => void, takesGzip = false) {
    this.#takesGzip = takesGzip;
    this.#raw = raw;
    this.#signal = signal;
    this.#onStream = onStream;
  }

  get sent(): boolean {
    return this.code !== 0;
  }

  observe(onAnswer: (code: number, contentType: string, body: Uint8Array | undefined) => void): void {
    (this.#observers ??= []).push(onAnswer);
  }

  /** The connection speaks something else from now on. */
  switchedProtocols(): void {
    for (const observer of this.#observers ?? []) observer(101, '', undefined);
    this.code = 101;
  }

  header(name: string, value: string): void {
    this.#headers[name] = value;
  }

  warn(text: string): void {
    if (this.#warnings.size < warningsMax) this.#warnings.add(text);
  }

  #begin(code: number, contentType: string): boolean {
    if (this.sent) return false;
    this.code = code;
    return this.#writeHead(code, contentType);
  }

  #writeHead(code: number, contentType: string): boolean {
    if (this.#raw.destroyed || this.#raw.headersSent) return false;
    if (this.#warnings.size > 0) this.#headers['warning'] = warningHeaders(this.#warnings);
    const headers = { 'cache-control': 'no-cache, private', 'content-type': contentType, ...this.#headers };
    (this.#raw as ServerResponse).writeHead(code, headers);
    return true;
  }

  send(code: number, contentType: string, body: string | Uint8Array): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (this.#takesGzip && bytes.length >= compressedBytesMin && !this.sent) {
      this.#sendCompressed(code, contentType, bytes);
      return;
    }
    if (code !== 304) this.#headers['content-length'] = String(bytes.length);
    for (const observer of this.#observers ?? []) observer(code, contentType, bytes);
    if (!this.#begin(code, contentType)) return;
    this.bytes = bytes.length;
    (this.#raw as ServerResponse).end(bytes);
  }

  /** In another thread; the fastest level, as kube-apiserver. */
  #sendCompressed(code: number, contentType: string, bytes: Uint8Array): void {
    for (const observer of this.#observers ?? []) observer(code, contentType, bytes);
    this.code = code;
    this.bytes = bytes.length;
    gzip(bytes, { level: 1 }, (error, compressed) => {
      const sent = error === null ? compressed : bytes;
      if (error === null) {
        this.#headers['content-encoding'] = 'gzip';
        const vary = this.#headers['vary'];
        this.#headers['vary'] = typeof vary === 'string' ? `${vary}, Accept-Encoding` : 'Accept-Encoding';
      }
      this.#headers['content-length'] = String(sent.length);
      if (this.#writeHead(code, contentType)) (this.#raw as ServerResponse).end(sent);
    });
  }

  json(code: number, value: unknown): void {
    this.send(code, 'application/json', JSON.stringify(value));
  }

  stream(code: number, contentType: string): ReplyStream {
    const raw = this.#raw as ServerResponse;
    for (const observer of this.#observers ?? []) observer(code, contentType, undefined);
    const began = this.#begin(code, contentType);
    // The client is to know at once that its watch has begun, even while there is nothing to tell.
    if (began) raw.flushHeaders();
    const sink = 'stream' in this.#raw ? this.#raw.stream : this.#raw;
    const signal = this.#signal;
    const reply: ReplyStream = {
      signal,
      get pendingBytes() {
        return sink.writableLength;
      },
      write: (chunk) => {
        if (signal.aborted || !began) return;
        this.bytes += chunk.length;
        raw.write(chunk);
      },
      drained: () =>
        new Promise((resolve) => {
          if (signal.aborted || !sink.writableNeedDrain) {
            resolve();
            return;
          }
          const done = (): void => {
            sink.off('drain', done);
            signal.removeEventListener('abort', done);
            resolve();
          };
          sink.once('drain', done);
          signal.addEventListener('abort', done, { once: true });
        }),
      end: () => void raw.end(),
    };
    this.#onStream(reply);
    return reply;
  }
}
