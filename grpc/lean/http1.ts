import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { HttpAnswer, HttpHandler } from '../server.ts';
import { commonNameOf } from './common-name.ts';
import { plainText } from './plain-text.ts';

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 60_000;

/** HTTP/1.1 on the port that speaks HTTP/2: sockets are handed to it once it is known what they speak. */
export class Http1 {
  readonly #server: Server;

  constructor(handler: HttpHandler, bodyBytesMax: number) {
    const options = { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs };
    this.#server = createServer(options, (request, response) => void answer(handler, bodyBytesMax, request, response));
  }

  /** `first`: what was read of the socket to know what it speaks */
  take(socket: Socket, first: Buffer): void {
    socket.unshift(first);
    this.#server.emit('connection', socket);
    socket.resume();
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function answer(
  handler: HttpHandler,
  bodyBytesMax: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, headers, body } = await answerOf(handler, bodyBytesMax, request);
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}

async function answerOf(handler: HttpHandler, bodyBytesMax: number, request: IncomingMessage): Promise<HttpAnswer> {
  try {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > bodyBytesMax) return plainText(413, `the body is larger than ${bodyBytesMax} bytes`);
      parts.push(part);
    }
    return await handler({
      method: request.method ?? '',
      path: request.url ?? '',
      header: (name) => {
        const value = request.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      body: Buffer.concat(parts),
      encrypted: request.socket instanceof TLSSocket,
      peerCommonName: request.socket instanceof TLSSocket ? commonNameOf(request.socket) : undefined,
    });
  } catch (error) {
    return plainText(500, error instanceof Error ? error.message : String(error));
  }
}
