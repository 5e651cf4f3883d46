import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { GrpcError, grpcCode } from './server.ts';
import type { HttpHandler, HttpRequest } from './server.ts';
import { commonNameOf } from './common-name.ts';
import { answerOf } from './http-answer.ts';

const headersTimeoutMs = 10_000;
/** for the whole of a request; an answer may take as long as it likes */
const requestTimeoutMs = 60_000;

/** HTTP/1.1 on the port that speaks HTTP/2: sockets are handed to it once it is known what they speak. */
export class Http1 {
  readonly #server: Server;

  constructor(handler: HttpHandler) {
    const options = { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs };
    this.#server = createServer(options, (request, response) => void serve(handler, request, response));
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

function requestOf(request: IncomingMessage, signal: AbortSignal): HttpRequest {
  const { socket } = request;
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    parts: request as AsyncIterable<Buffer>,
    signal,
    peer: `${socket.remoteAddress ?? 'unix'}:${socket.remotePort ?? 0}`,
    encrypted: socket instanceof TLSSocket,
    peerCommonName: socket instanceof TLSSocket ? commonNameOf(socket) : undefined,
  };
}

async function serve(handler: HttpHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort(new GrpcError(grpcCode.cancelled, 'context canceled')));
  request.on('error', () => {}); // 'close' follows
  const { status, headers, body } = await answerOf(handler, requestOf(request, gone.signal));
  if (body instanceof Uint8Array) {
    // who is answered before all was sent would go on sending
    const connection = request.complete ? {} : { connection: 'close' };
    response.writeHead(status, { ...headers, ...connection, 'content-length': body.length });
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  response.flushHeaders();
  try {
    for await (const part of body) {
      if (gone.signal.aborted) break;
      if (!response.write(part)) await writable(response, gone.signal);
    }
    response.end();
  } catch {
    response.destroy(); // the only way to say that this was not all
  }
}

function writable(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
