import * as grpc from '@grpc/grpc-js';
import { systemClock } from '../../base/clock.ts';
import { GrpcError } from '../../grpc/server.ts';
import { criMethods } from './codec.ts';
import type { CriMethod } from './codec.ts';
import type { ContainerEvent, CriMethodName, CriMethods } from './types.ts';

const defaultTimeoutMs = 120_000;
const messageBytesMax = 16 * 1024 * 1024;

/** A CRI v1 runtime behind a unix socket: the embedded one, containerd, CRI-O. Failed calls reject with GrpcError. */
export interface CriClient {
  readonly endpoint: string;
  call<M extends CriMethodName>(
    method: M,
    request: CriMethods[M][0],
    options?: { timeoutMs?: number },
  ): Promise<CriMethods[M][1]>;
  /** Rejects with Unimplemented where the runtime has no event stream; ends when `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<ContainerEvent>;
  close(): void;
}

function methodNamed(name: string): CriMethod {
  const method = criMethods.get(name);
  if (method === undefined) throw new Error(`runtime.v1 has no method ${name}`);
  return method;
}

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function grpcErrorOf(error: unknown): unknown {
  const { code, details } = error as grpc.ServiceError;
  return typeof code === 'number' ? new GrpcError(code, details) : error;
}

/** `endpoint` is `unix:///run/containerd/containerd.sock`. Connects when first used, and again after a loss. */
export function createCriClient(endpoint: string, options: { timeoutMs?: number } = {}): CriClient {
  const channel = new grpc.Client(endpoint, grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000,
    // a unix socket's path is no host name; some servers refuse it as :authority
    'grpc.default_authority': 'localhost',
  });
  return {
    endpoint,
    call(name, request, callOptions) {
      const method = methodNamed(name);
      const timeoutMs = callOptions?.timeoutMs ?? options.timeoutMs ?? defaultTimeoutMs;
      return new Promise((resolve, reject) => {
        channel.makeUnaryRequest(
          method.path,
          (message: unknown) => toBuffer(method.request.encode(message)),
          (bytes) => method.response.decode(bytes),
          request,
          new grpc.Metadata(),
          { deadline: timeoutMs + systemClock.nowMs() },
          (error, response) => {
            if (error) reject(grpcErrorOf(error));
            else resolve(response as CriMethods[typeof name][1]);
          },
        );
      });
    },
    async *events(signal) {
      const method = methodNamed('GetContainerEvents');
      const call = channel.makeServerStreamRequest(
        method.path,
        (message: unknown) => toBuffer(method.request.encode(message)),
        (bytes) => method.response.decode(bytes),
        {},
      );
      call.on('error', () => {}); // thrown to the reader below; a cancel after the last read has no reader
      const cancel = (): void => call.cancel();
      if (signal.aborted) cancel();
      signal.addEventListener('abort', cancel, { once: true });
      try {
        for await (const event of call) yield event as ContainerEvent;
      } catch (error) {
        if (!signal.aborted) throw grpcErrorOf(error);
      } finally {
        signal.removeEventListener('abort', cancel);
        call.cancel();
      }
    },
    close: () => channel.close(),
  };
}
