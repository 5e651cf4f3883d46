import * as grpc from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import type { Layout, ReplicaPlace } from '../../cli/cluster/layout.ts';
import { readPair } from '../../cli/pki/cluster-pki.ts';
import { etcdProto } from '../../proto/etcd.ts';
import { loadProto } from '../../proto/load.ts';

const { methods } = loadProto(etcdProto);

export interface StoreStream<Req extends object, Res> {
  send(request: Req): void;
  onMessage(listener: (response: Res) => void): void;
  /** once; '' where the server ended it in good order */
  onEnd(listener: (reason: string) => void): void;
  cancel(): void;
}

/** One connection to the etcd API of one replica. Nothing is retried: what fails is told. */
export class StoreClient {
  readonly member: string;
  readonly #client: grpc.Client;

  constructor(layout: Layout, replica: ReplicaPlace) {
    this.member = replica.name;
    const pair = readPair(layout.pkiDir, 'apiserver-etcd-client');
    const ca = readFileSync(join(layout.pkiDir, 'etcd-ca.crt'));
    const secure = grpc.credentials.createSsl(ca, Buffer.from(pair.key), Buffer.from(pair.cert));
    this.#client = new grpc.Client(`127.0.0.1:${replica.clientPort}`, secure, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 300,
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
    });
  }

  /** `call('KV/Put', {...})`; rejects with grpc's ServiceError */
  call<Res extends object>(method: string, request: object, timeoutMs: number): Promise<Res> {
    const path = `/etcdserverpb.${method}`;
    const codec = methods.get(path)!;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (message: object) => Buffer.from(codec.request.encode(message as never)),
        (bytes: Buffer) => codec.response.decode(bytes) as Res,
        request,
        { deadline: systemClock.nowMs() + timeoutMs },
        (error, answer) => (error || answer === undefined ? reject(error ?? new Error('empty')) : resolve(answer)),
      );
    });
  }

  stream<Req extends object, Res>(method: string): StoreStream<Req, Res> {
    const path = `/etcdserverpb.${method}`;
    const codec = methods.get(path)!;
    const call = this.#client.makeBidiStreamRequest(
      path,
      (message: object) => Buffer.from(codec.request.encode(message as never)),
      (bytes: Buffer) => codec.response.decode(bytes) as Res,
    );
    call.on('error', () => {}); // told by 'status'
    return {
      send: (request) => void call.write(request),
      onMessage: (listener) => void call.on('data', listener),
      onEnd: (listener) =>
        void call.on('status', ({ code, details }) => listener(code === grpc.status.OK ? '' : details)),
      cancel: () => call.cancel(),
    };
  }

  close(): void {
    this.#client.close();
  }
}
