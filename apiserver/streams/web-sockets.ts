import { WebSocketServer, type WebSocket } from 'ws';
import { newBadRequest } from '../../api/meta/status.ts';
import type { RequestContext } from '../pipeline.ts';

/** of one message of a client */
const messageBytesMax = 4 * 1024 * 1024;
const server = new WebSocketServer({
  noServer: true,
  maxPayload: messageBytesMax,
  perMessageDeflate: false,
  clientTracking: false,
  // chosen before: the header holds that one alone
  handleProtocols: (protocols) => [...protocols][0] ?? false,
});

export const remoteCommandProtocol = 'v5.channel.k8s.io';
const tunnelPrefix = 'SPDY/3.1+';

/** What the client of a WebSocket offers to speak, the best first; undefined: it wants no WebSocket. */
export function offeredProtocols({ headers }: RequestContext): string[] | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
  const offered = headers['sec-websocket-protocol'] ?? '';
  return offered
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** `SPDY/3.1+portforward.k8s.io`, if that is offered. */
export const tunnelProtocol = (offered: readonly string[]): string | undefined =>
  offered.find((each) => each.startsWith(tunnelPrefix) && each.endsWith('.k8s.io'));

/** `portforward.k8s.io` of it */
export const tunnelled = (protocol: string): string => protocol.slice(tunnelPrefix.length);

/** Makes the client's connection a WebSocket. What is wrong with the request, `ws` answers itself. */
export function acceptWebSocket(ctx: RequestContext, protocol: string): Promise<WebSocket> {
  if (ctx.upgrade === undefined) throw newBadRequest('Upgrade request required');
  const { request, socket, head } = ctx.upgrade.take();
  request.headers['sec-websocket-protocol'] = protocol;
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the client went away, or asked for no proper WebSocket'));
    socket.once('close', gone);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('close', gone);
      resolve(webSocket);
    });
  });
}
