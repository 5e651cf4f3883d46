import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../../base/clock.ts';
import { etcdProto } from '../../proto/etcd.ts';
import { loadProto } from '../../proto/load.ts';

const { methods } = loadProto(etcdProto);

/** `KV/Put` is etcdserverpb's; others are named in full: `/v3lockpb.Lock/Lock` */
const pathOf = (method: string): string => (method.startsWith('/') ? method : `/etcdserverpb.${method}`);

/** long enough for a busy machine: nothing here waits for time to pass */
const patienceMs = 30_000;
const answerBytesMax = 64 * 1024 * 1024;

export const within = <T>(promise: Promise<T>, what: string): Promise<T> => {
  let stop = (): void => {};
  const late = new Promise<never>((_, reject) => {
    stop = systemClock.after(patienceMs, () => reject(new Error(`${what}: nothing came within ${patienceMs} ms`)));
  });
  return Promise.race([promise, late]).finally(() => stop());
};

/** how a call ended: grpc's code and text */
export interface CallEnd {
  readonly code: number;
  readonly details: string;
}
export type Answer = { readonly message: object } | { readonly end: CallEnd };

export interface Stream {
  send(request: object): void;
  /** the next message, or how the call ended */
  next(): Promise<Answer>;
  halfClose(): void;
  cancel(): void;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}
export interface RawAnswer {
  /** headers and trailers together; `reset` where the stream ended by RST_STREAM */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** PEM texts */
export interface ClientTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const credentialsOf = (tls: ClientTls | undefined): grpc.ChannelCredentials =>
  tls === undefined
    ? grpc.credentials.createInsecure()
    : grpc.credentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert));

/** The etcd API as a client sees it on the wire: grpc-js for calls, and HTTP/2 by hand for what grpc-js would not send. */
export class WireClient {
  readonly #url: URL;
  readonly #client: grpc.Client;
  readonly #tls: ClientTls | undefined;
  #session: ClientHttp2Session | undefined;

  constructor(url: string, tls?: ClientTls) {
    this.#url = new URL(url);
    this.#tls = tls;
    this.#client = new grpc.Client(this.#url.host, credentialsOf(tls), {
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': answerBytesMax,
    });
  }

  /** `call('KV/Put', {...})` */
  call(method: string, request: object, metadata: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const path = pathOf(method);
    const codec = codecOf(path);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        (message: object) => Buffer.from(codec.request.encode(message as never)),
        (bytes: Buffer) => codec.response.decode(bytes) as object,
        request,
        grpc.Metadata.fromHttp2Headers({ ...metadata }),
        { deadline: systemClock.nowMs() + patienceMs },
        (error, message) => {
          if (error !== null) resolve({ end: { code: error.code, details: error.details } });
          else resolve({ message: message as object });
        },
      );
    });
  }

  stream(method: string, metadata: Readonly<Record<string, string>> = {}): Stream {
    const path = pathOf(method);
    const codec = codecOf(path);
    const call = this.#client.makeBidiStreamRequest(
      path,
      (message: object) => Buffer.from(codec.request.encode(message as never)),
      (bytes: Buffer) => codec.response.decode(bytes) as object,
      grpc.Metadata.fromHttp2Headers({ ...metadata }),
    );
    const arrived: Answer[] = [];
    const waiting: ((answer: Answer) => void)[] = [];
    const take = (answer: Answer): void => {
      const first = waiting.shift();
      if (first === undefined) arrived.push(answer);
      else first(answer);
    };
    call.on('error', () => {}); // told by 'status'
    call.on('data', (message: object) => take({ message }));
    call.on('status', ({ code, details }: grpc.StatusObject) => take({ end: { code, details } }));
    return {
      send: (request) => void call.write(request),
      next: () => {
        const first = arrived.shift();
        if (first !== undefined) return Promise.resolve(first);
        return within(new Promise((resolve) => waiting.push(resolve)), method);
      },
      halfClose: () => call.end(),
      cancel: () => call.cancel(),
    };
  }

  /** A request as it is given: any path, header and body. */
  raw({ method = 'POST', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
    this.#session ??= connect(this.#url.origin, this.#tls);
    if (this.#session.listenerCount('error') === 0) this.#session.on('error', () => {}); // each stream tells
    const stream = this.#session.request({ ':method': method, ':path': path, ...headers }, { endStream: !body });
    if (body) stream.end(body);
    const found: Record<string, string> = {};
    const keep = (fields: IncomingHttpHeaders): void => {
      for (const [name, value] of Object.entries(fields)) found[name] = String(value);
    };
    const parts: Buffer[] = [];
    stream.on('response', keep).on('trailers', keep);
    stream.on('data', (part: Buffer) => parts.push(part));
    const ended = new Promise<RawAnswer>((resolve) => {
      stream.on('error', () => {}); // 'close' follows, with the code
      stream.on('close', () => {
        if (stream.rstCode !== 0) found['reset'] = String(stream.rstCode);
        resolve({ headers: found, body: Buffer.concat(parts) });
      });
    });
    return within(ended, path);
  }

  close(): void {
    this.#session?.destroy();
    this.#client.close();
  }
}

export function codecOf(path: string): NonNullable<ReturnType<typeof methods.get>> {
  const found = methods.get(path);
  if (found === undefined) throw new Error(`no method ${path}`);
  return found;
}

/** one gRPC message with its prefix; `compressed` sets the flag, the bytes are the caller's to compress */
export function framed(bytes: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}
