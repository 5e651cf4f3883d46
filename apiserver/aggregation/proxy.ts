import { messageOf } from '../../base/message-of.ts';
import type { Log } from '../../base/log.ts';
import type { ObjectStore, RequestContext } from '../pipeline.ts';
import { requestTimeoutMsDefault } from '../transport/request-deadline.ts';
import { userHeaders, type RemoteConnections } from './remote-connections.ts';
import type { RemoteService } from './remote-services.ts';
import { endpointOf, NoEndpoint } from './service-endpoint.ts';

/** Of one connection only, or ours to say: not handed on. */
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'authorization',
  'expect',
]);
const unreadBytesMax = 1024 * 1024;

/** Client's headers, without those with which it could say that it is somebody else. */
export function requestHeaders(ctx: RequestContext): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(ctx.headers)) {
    const isOurs = ownHeaders.has(name) || name.startsWith(':') || name.startsWith('x-remote-');
    if (value !== undefined && !isOurs && !name.startsWith('impersonate-')) headers[name] = value;
  }
  const before = ctx.headers['x-forwarded-for'];
  const from = ctx.remoteAddress.replace(/^::ffff:/, '');
  headers['x-forwarded-for'] = before === undefined ? from : `${[before].flat().join(', ')}, ${from}`;
  headers['audit-id'] = ctx.requestId;
  return headers;
}

export interface ApiProxyOptions {
  readonly connections: RemoteConnections;
  readonly store: ObjectStore;
  readonly log: Log;
}

function unavailable(ctx: RequestContext, why: string): void {
  ctx.reply.header('x-content-type-options', 'nosniff');
  ctx.reply.send(503, 'text/plain; charset=utf-8', `${why}\n`);
}

/** Hands a request on to the server that answers this API, with who asks, and its answer back. */
export class ApiProxy {
  readonly #options: ApiProxyOptions;

  constructor(options: ApiProxyOptions) {
    this.#options = options;
  }

  async handle(ctx: RequestContext, service: RemoteService): Promise<void> {
    const { connections, store, log } = this.#options;
    if (!service.available || ctx.user === undefined) {
      unavailable(ctx, 'service unavailable');
      return;
    }
    try {
      const host = await endpointOf(store, service.namespace, service.service, service.port);
      const answer = await connections.ask(service, `https://${host}${ctx.uri ?? ctx.info.path}`, {
        method: ctx.method,
        body: ctx.body.length > 0 ? ctx.body : null,
        headers: { ...requestHeaders(ctx), ...userHeaders(ctx.user) },
        signal: ctx.signal,
        timeoutMs: requestTimeoutMsDefault,
      });
      await passAnswer(ctx, answer.statusCode, answer.headers, answer.body);
    } catch (error) {
      if (ctx.signal.aborted) return;
      const why = messageOf(error);
      log.warn({ apiService: service.name, error: why }, 'an aggregated API cannot be reached');
      if (!ctx.reply.sent) unavailable(ctx, error instanceof NoEndpoint ? 'service unavailable' : why);
    }
  }
}

type Body = AsyncIterable<Uint8Array>;

/** The other server's answer, piece by piece. */
export async function passAnswer(
  ctx: RequestContext,
  code: number,
  headers: Record<string, string | string[] | undefined>,
  body: Body,
): Promise<void> {
  let contentType = 'application/octet-stream';
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ownHeaders.has(name) || name === 'audit-id') continue;
    if (name === 'content-type') contentType = [value].flat().join(', ');
    else ctx.reply.header(name, [value].flat().join(', '));
  }
  const stream = ctx.reply.stream(code, contentType);
  for await (const chunk of body) {
    stream.write(chunk);
    if (stream.pendingBytes > unreadBytesMax) await stream.drained();
  }
  stream.end();
}
