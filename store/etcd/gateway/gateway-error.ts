import { messageOf } from '../../../base/message-of.ts';
import { GrpcError, grpcCode } from '../../../grpc/server.ts';
import type { GrpcCode, HttpAnswer } from '../../../grpc/server.ts';
import { FromJsonError } from '../../../proto/from-json.ts';
import { JsonSyntaxError, JsonTooLongError } from '../../../proto/json-splitter.ts';

export interface GatewayStatus {
  readonly code: GrpcCode;
  readonly message: string;
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const httpStatus: Readonly<Record<GrpcCode, number>> = {
  [grpcCode.ok]: 200,
  [grpcCode.cancelled]: 499,
  [grpcCode.unknown]: 500,
  [grpcCode.invalidArgument]: 400,
  [grpcCode.deadlineExceeded]: 504,
  [grpcCode.notFound]: 404,
  [grpcCode.alreadyExists]: 409,
  [grpcCode.permissionDenied]: 403,
  [grpcCode.resourceExhausted]: 429,
  [grpcCode.failedPrecondition]: 400,
  [grpcCode.aborted]: 409,
  [grpcCode.outOfRange]: 400,
  [grpcCode.unimplemented]: 501,
  [grpcCode.internal]: 500,
  [grpcCode.unavailable]: 503,
  [grpcCode.dataLoss]: 500,
  [grpcCode.unauthenticated]: 401,
};

export function gatewayStatus(error: unknown): GatewayStatus {
  if (error instanceof GrpcError) return { code: error.code, message: error.message };
  const message = messageOf(error);
  if (error instanceof JsonTooLongError) return { code: grpcCode.resourceExhausted, message };
  const bad = error instanceof JsonSyntaxError || error instanceof FromJsonError;
  return { code: bad ? grpcCode.invalidArgument : grpcCode.unknown, message };
}

const headerSafe = /[^\x20-\x7e]/g;

/** A request that failed before anything was answered. */
export function errorAnswer(error: unknown): HttpAnswer {
  const { code, message } = gatewayStatus(error);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (code === grpcCode.unauthenticated) headers['www-authenticate'] = message.replace(headerSafe, '?');
  return { status: httpStatus[code], headers, body: Buffer.from(JSON.stringify({ code, message })) };
}
