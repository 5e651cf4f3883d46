/** For tests: etcd calls over real gRPC, message in, message out. */
import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../../base/clock.ts';
import type { WatchRequest, WatchResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { etcd } from './command.ts';

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

export interface Received<Res> {
  /** the next response; rejects after half a minute, or when the stream ends */
  next(): Promise<Res>;
  cancel(): void;
}
export interface WatchStream extends Received<WatchResponse> {
  send(request: Loose<WatchRequest>): void;
}
export interface StartedCall<Res> {
  readonly answer: Promise<Res>;
  cancel(): void;
}

const patienceMs = 30_000;

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${patienceMs} ms`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function received<Res>(call: grpc.ClientReadableStream<Res> | grpc.ClientDuplexStream<object, Res>): Received<Res> {
  call.on('error', () => {});
  const iterator = call[Symbol.asyncIterator]() as AsyncIterator<Res>;
  return {
    next: async () => {
      const { done, value } = await within(iterator.next(), 'a response');
      if (done) throw new Error('the stream ended');
      return value;
    },
    cancel: () => call.cancel(),
  };
}

export class TestClient {
  readonly #client: grpc.Client;

  constructor(url: string, credentials = grpc.credentials.createInsecure()) {
    this.#client = new grpc.Client(new URL(url).host, credentials);
  }

  /** `call('KV/Put', {...})`, or a whole path (`/v3lockpb.Lock/Lock`); rejects with grpc's ServiceError */
  call<Res extends object = Record<string, never>>(method: string, request: object, metadata = {}): Promise<Res> {
    return this.start<Res>(method, request, metadata).answer;
  }

  /** A call that can be given up. */
  start<Res extends object = Record<string, never>>(method: string, request: object, metadata = {}): StartedCall<Res> {
    const path = method.startsWith('/') ? method : `/etcdserverpb.${method}`;
    const { request: encode, response: decode } = etcd.methods.get(path)!;
    let call: grpc.ClientUnaryCall | undefined;
    const answer = new Promise<Res>((resolve, reject) => {
      call = this.#client.makeUnaryRequest(
        path,
        (message: object) => Buffer.from(encode.encode(message as never)),
        (buffer: Buffer) => decode.decode(buffer) as Res,
        request,
        grpc.Metadata.fromHttp2Headers(metadata),
        { deadline: systemClock.nowMs() + 15_000 },
        (error, value) => (error ? reject(error) : resolve(value!)),
      );
    });
    return { answer, cancel: () => call?.cancel() };
  }

  /** A call that answers with a stream. */
  serverStream<Res>(path: string, request: object): Received<Res> {
    const { request: encode, response: decode } = etcd.methods.get(path)!;
    const call = this.#client.makeServerStreamRequest(
      path,
      (message: object) => Buffer.from(encode.encode(message as never)),
      (buffer: Buffer) => decode.decode(buffer) as Res,
      request,
    );
    return received(call);
  }

  raw(path: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const same = (buffer: Buffer): Buffer => buffer;
      this.#client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error, value) =>
        error ? reject(error) : resolve(value!),
      );
    });
  }

  watch(metadata = {}): WatchStream {
    const { request, response } = etcd.methods.get('/etcdserverpb.Watch/Watch')!;
    const call = this.#client.makeBidiStreamRequest(
      '/etcdserverpb.Watch/Watch',
      (message: object) => Buffer.from(request.encode(message as never)),
      (buffer: Buffer) => response.decode(buffer) as WatchResponse,
      grpc.Metadata.fromHttp2Headers(metadata),
    );
    return { send: (message) => call.write(message), ...received<WatchResponse>(call) };
  }

  close(): void {
    this.#client.close();
  }
}
