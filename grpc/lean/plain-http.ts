import { answerOf } from '../http-answer.ts';
import type { HttpAnswer, HttpHandler, Method, ServerStream } from '../server.ts';
import { fieldOf } from './call.ts';
import type { HeaderFields } from './hpack.ts';
import type { RequestHead } from './request-head.ts';

export type PlainHead = Pick<HttpAnswer, 'status' | 'headers'>;

const asIs = { decode: (bytes: Uint8Array) => bytes, encode: (message: unknown) => message as Uint8Array };

/**
 * A request of plain HTTP passes through a Call as one that streams both ways: the parts of its body come in, and out go
 * first a PlainHead and then the parts of the answer.
 */
export const plainMethod = (
  { http, encrypted }: { http: HttpHandler; encrypted: boolean },
  { method, path }: RequestHead,
  headers: HeaderFields,
): Method => ({
  kind: 'bidi-stream',
  path: '',
  request: asIs,
  response: asIs,
  handle: async (stream: ServerStream<Uint8Array, PlainHead | Uint8Array>): Promise<void> => {
    const { signal, peer, peerCommonName } = stream;
    const header = (name: string): string | undefined => fieldOf(headers, name);
    const request = { method, path, header, parts: stream.requests, signal, peer, encrypted, peerCommonName };
    const { status, headers: fields, body } = await answerOf(http, request);
    if (body instanceof Uint8Array) {
      stream.send({ status, headers: { ...fields, 'content-length': String(body.length) } });
      stream.send(body);
      return;
    }
    stream.send({ status, headers: fields });
    for await (const part of body) {
      if (signal.aborted) return;
      if (!stream.send(part)) await stream.drained();
    }
  },
});
