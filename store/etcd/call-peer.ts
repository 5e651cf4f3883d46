import type * as grpc from '@grpc/grpc-js';
import { systemClock } from '../../base/clock.ts';
import { GrpcError } from '../../grpc/server.ts';
import type { GrpcCode } from '../../grpc/server.ts';
import { connectTo } from '../../raft/runtime/transport/peer-protocol.ts';
import type { TlsFiles } from '../../raft/runtime/types.ts';
import type { CallPeer } from './peer-service.ts';

/** Over a connection of its own: such calls are rare. */
export const callPeerOver =
  (tls: TlsFiles | undefined): CallPeer =>
  async (url, path, request, timeoutMs) => {
    const client = connectTo(url, tls);
    try {
      return await new Promise<object>((resolve, reject) => {
        client.makeUnaryRequest(
          path,
          (message: object) => Buffer.from(JSON.stringify(message)),
          (bytes: Buffer) => JSON.parse(bytes.toString()) as object,
          request,
          { deadline: systemClock.nowMs() + timeoutMs },
          (error: grpc.ServiceError | null, answer?: object) =>
            error === null ? resolve(answer!) : reject(new GrpcError(error.code as GrpcCode, error.details)),
        );
      });
    } finally {
      client.close();
    }
  };
