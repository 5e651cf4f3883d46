import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../base/clock.ts';
import { etcdProto } from '../proto/etcd.ts';
import type {
  CompactionResponse,
  PutRequest,
  PutResponse,
  StatusResponse,
  TxnRequest,
  TxnResponse,
} from '../proto/etcd-types.ts';
import { loadProto } from '../proto/load.ts';
import type { Loose } from '../proto/load.ts';

const proto = loadProto(etcdProto);
const statusTimeoutMs = 1000;
const compactTimeoutMs = 5000;

/** A plain client of one member: no retries, no other members. */
export class StoreClient {
  readonly #client: grpc.Client;

  constructor(url: string) {
    this.#client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 100,
    });
  }

  put(request: Loose<PutRequest>, timeoutMs: number): Promise<PutResponse> {
    return this.#call<PutResponse>('/etcdserverpb.KV/Put', request, timeoutMs);
  }

  txn(request: Loose<TxnRequest>, timeoutMs: number): Promise<TxnResponse> {
    return this.#call<TxnResponse>('/etcdserverpb.KV/Txn', request, timeoutMs);
  }

  status(): Promise<StatusResponse> {
    return this.#call<StatusResponse>('/etcdserverpb.Maintenance/Status', {}, statusTimeoutMs);
  }

  compact(revision: number): Promise<CompactionResponse> {
    return this.#call<CompactionResponse>('/etcdserverpb.KV/Compact', { revision }, compactTimeoutMs);
  }

  close(): void {
    this.#client.close();
  }

  #call<Res>(path: string, message: object, timeoutMs: number): Promise<Res> {
    const method = proto.methods.get(path);
    if (method === undefined) throw new Error(`no method ${path}`);
    const deadline = systemClock.nowMs() + timeoutMs;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (request: object) => Buffer.from(method.request.encode(request as never)),
        (bytes: Buffer) => method.response.decode(bytes) as Res,
        message,
        { deadline },
        (error, value) => (error ? reject(error) : resolve(value as Res)),
      );
    });
  }
}
