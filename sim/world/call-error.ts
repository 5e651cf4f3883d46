import { GrpcError, grpcCode } from '../../grpc/server.ts';
import type { SimCallError } from './types.ts';

export class CallError extends Error implements SimCallError {
  override name = 'SimCallError';
  readonly code: number;
  readonly sent: boolean;
  constructor(code: number, message: string, sent: boolean) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}

export const refused = (): CallError => new CallError(grpcCode.unavailable, 'connection refused', false);
export const connectionLost = (): CallError => new CallError(grpcCode.unavailable, 'connection lost', true);
export const timedOut = (): CallError => new CallError(grpcCode.deadlineExceeded, 'deadline exceeded', true);

/** What a handler threw, as it reaches the client. */
export function callErrorOf(error: unknown): CallError {
  if (error instanceof GrpcError) return new CallError(error.code, error.message, true);
  return new CallError(grpcCode.unknown, error instanceof Error ? error.message : String(error), true);
}
