import { messageOf } from '../base/message-of.ts';
import { plainText } from './plain-text.ts';
import { GrpcError, grpcCode } from './server.ts';
import type { HttpAnswer, HttpHandler, HttpRequest } from './server.ts';

/** What a port says that has no handler for plain HTTP. */
export const grpcOnly: HttpHandler = () =>
  plainText(415, 'this port speaks gRPC: content-type must be application/grpc');

/** What the handler says, or what went wrong before it could. */
export async function answerOf(http: HttpHandler, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await http(request);
  } catch (error) {
    const tooLarge = error instanceof GrpcError && error.code === grpcCode.resourceExhausted;
    return plainText(tooLarge ? 413 : 500, messageOf(error));
  }
}
