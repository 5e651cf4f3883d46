import { GrpcError, grpcCode } from './server.ts';
import type { HttpRequest } from './server.ts';

/** All of a request's body. Throws GrpcError: resourceExhausted where it is larger, cancelled where the client broke off. */
export async function wholeBody(
  { parts, signal }: Pick<HttpRequest, 'parts' | 'signal'>,
  bytesMax: number,
): Promise<Buffer> {
  const found: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.length;
    if (bytes > bytesMax) {
      throw new GrpcError(grpcCode.resourceExhausted, `the body is larger than ${bytesMax} bytes`);
    }
    found.push(part);
  }
  if (signal.aborted) throw new GrpcError(grpcCode.cancelled, 'context canceled');
  return Buffer.concat(found);
}
