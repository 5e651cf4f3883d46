/** For tests: etcd calls over real gRPC, message in, message out. */
import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../../base/clock.ts';
import type { WatchRequest, WatchResponse } from '../../proto/etcd-types.ts';
import type { Loose } from '../../proto/load.ts';
import { etcd } from './command.ts';

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

export interface WatchStream {
  send(request: Loose<WatchRequest>): void;
  /** the next response; rejects after five seconds, or when the stream ends */
  next(): Promise<WatchResponse>;
  cancel(): void;
}

const patienceMs = 5000;

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${patienceMs} ms`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class TestClient {
  readonly #client: grpc.Client;

  constructor(url: string, credentials = grpc.credentials.createInsecure()) {
    this.#client = new grpc.Client(new URL(url).host, credentials);
  }

  /** `call('KV/Put', {...})`; rejects with grpc's ServiceError */
  call<Res extends object = Record<string, never>>(method: string, request: object, metadata = {}): Promise<Res> {
    const path = `/etcdserverpb.${method}`;
    const { request: encode, response: decode } = etcd.methods.get(path)!;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (message: object) => Buffer.from(encode.encode(message as never)),
        (buffer: Buffer) => decode.decode(buffer) as Res,
        request,
        grpc.Metadata.fromHttp2Headers(metadata),
        { deadline: systemClock.nowMs() + 15_000 },
        (error, value) => (error ? reject(error) : resolve(value!)),
      );
    });
  }

  raw(path: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const same = (buffer: Buffer): Buffer => buffer;
      this.#client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error, value) =>
        error ? reject(error) : resolve(value!),
      );
    });
  }

  watch(): WatchStream {
    const { request, response } = etcd.methods.get('/etcdserverpb.Watch/Watch')!;
    const call = this.#client.makeBidiStreamRequest(
      '/etcdserverpb.Watch/Watch',
      (message: object) => Buffer.from(request.encode(message as never)),
      (buffer: Buffer) => response.decode(buffer) as WatchResponse,
    );
    call.on('error', () => {});
    const iterator = call[Symbol.asyncIterator]() as AsyncIterator<WatchResponse>;
    return {
      send: (message) => call.write(message),
      next: async () => {
        const { done, value } = await within(iterator.next(), 'a watch response');
        if (done) throw new Error('the watch stream ended');
        return value;
      },
      cancel: () => call.cancel(),
    };
  }

  close(): void {
    this.#client.close();
  }
}
