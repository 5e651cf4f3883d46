/** pods/exec, attach and portforward: after authorization, connections that go on at the kubelet. */
import { createWebSocketStream } from 'ws';
import { newBadRequest, newInternalError } from '../../api/meta/status.ts';
import { dialUpgrade, joinStreams, type UpgradeRequest, type Upgraded } from '../../base/upgrade-tunnel.ts';
import { messageOf } from '../../base/message-of.ts';
import type { ResourceRequest, VerbHandler } from '../endpoints/resource-request.ts';
import { channel, ChannelSocket } from '../streams/channel-socket.ts';
import { ExecTranslator } from '../streams/exec-translator.ts';
import { passUpgrade } from '../streams/pass-upgrade.ts';
import { kubeletQuery, streamOptionsOf, type StreamOptions } from '../streams/stream-options.ts';
import {
  acceptWebSocket,
  offeredProtocols,
  remoteCommandProtocol,
  tunnelled,
  tunnelProtocol,
} from '../streams/web-sockets.ts';
import { chosenContainer } from './pod-container.ts';
import { kubeletsOf, podOf } from './pod-log.ts';

const answerTimeoutMs = 30_000;
const refusalBytesMax = 8 * 1024;

type Target = Omit<UpgradeRequest, 'method' | 'headers'>;

/** A GET of a WebSocket runs commands as much as a POST does: it takes the right to create (since 1.35). */
async function mayCreate({ ctx, services }: ResourceRequest): Promise<void> {
  if (ctx.info.verb !== 'create') await services.authorize(ctx, 'create');
}

async function targetOf(request: ResourceRequest, path: string, nodeName: string): Promise<Target> {
  const kubelets = kubeletsOf(request);
  const { host, port } = await kubelets.locate(nodeName);
  const authority = host.includes(':') ? `[${host}]` : host;
  return {
    url: new URL(`https://${authority}:${port}${path}`),
    tls: kubelets.tls(),
    timeoutMs: answerTimeoutMs,
    signal: request.ctx.signal,
  };
}

function nodeNameOf(nodeName: string | undefined, podName: string): string {
  if (!nodeName) throw newBadRequest(`pod ${podName} does not have a host assigned`);
  return nodeName;
}

const command =
  (what: 'exec' | 'attach'): VerbHandler =>
  async (request) => {
    const { ctx } = request;
    await mayCreate(request);
    const { namespace, name } = ctx.info;
    const options = streamOptionsOf(ctx.query);
    const pod = await podOf(request);
    const container = chosenContainer(pod, options.container);
    const path = `/${what}/${namespace}/${name}/${container}?${kubeletQuery(options)}`;
    const target = await targetOf(request, path, nodeNameOf(pod.spec?.nodeName, name));
    if (ctx.upgrade === undefined) throw newBadRequest('Upgrade request required');
    if (offeredProtocols(ctx)?.includes(remoteCommandProtocol) === true) await translate(request, target, options);
    else await passUpgrade(ctx, target);
  };

export const podExec = command('exec');
export const podAttach = command('attach');

/** A client of a WebSocket hears what went wrong on its error channel. */
async function translate({ ctx }: ResourceRequest, target: Target, options: StreamOptions): Promise<void> {
  const client = await acceptWebSocket(ctx, remoteCommandProtocol);
  const first = options.stdout ? channel.stdout : options.stderr ? channel.stderr : channel.error;
  client.send(Buffer.from([first])); // tells that the connection stands
  client.pause();
  try {
    const { socket, head } = await dialSpdy(target, 'v4.channel.k8s.io');
    new ExecTranslator(client, socket, head, options).start();
    client.resume();
  } catch (error) {
    const channels = new ChannelSocket(client, () => {});
    const { status } = newInternalError(messageOf(error));
    channels.send(channel.error, Buffer.from(JSON.stringify(status)), () => channels.close());
    client.resume();
  }
  await new Promise<void>((resolve) => void client.once('close', () => resolve()));
}

async function dialSpdy(target: Target, protocol: string): Promise<Upgraded> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': protocol,
    'content-length': '0',
  };
  const answer = await dialUpgrade({ ...target, method: 'POST', headers });
  if (answer.kind === 'upgraded') return answer;
  let text = '';
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > refusalBytesMax) break;
  }
  throw new Error(`unable to upgrade connection: ${text.trim()}`);
}

/** Ports are named in the query by old clients of WebSockets, and in each stream by all others. */
export const podPortForward: VerbHandler = async (request) => {
  const { ctx } = request;
  await mayCreate(request);
  const { namespace, name } = ctx.info;
  const pod = await podOf(request);
  const ports = ctx.query.getAll('ports').join(',');
  const query = ports === '' ? '' : `?${new URLSearchParams({ port: ports }).toString()}`;
  const path = `/portForward/${namespace}/${name}${query}`;
  const target = await targetOf(request, path, nodeNameOf(pod.spec?.nodeName, name));
  if (ctx.upgrade === undefined) throw newBadRequest('Upgrade request required');
  const protocol = tunnelProtocol(offeredProtocols(ctx) ?? []);
  if (protocol === undefined) await passUpgrade(ctx, target);
  else await tunnel(request, target, protocol);
};

/** SPDY in the messages of a WebSocket: unpacked here, and otherwise as it came. */
async function tunnel({ ctx }: ResourceRequest, target: Target, protocol: string): Promise<void> {
  const upstream = await dialSpdy(target, tunnelled(protocol)).catch((error: unknown) => {
    throw newInternalError(messageOf(error));
  });
  try {
    const stream = createWebSocketStream(await acceptWebSocket(ctx, protocol));
    if (upstream.head.length > 0) stream.write(upstream.head);
    await joinStreams(stream, upstream.socket);
  } finally {
    upstream.socket.destroy();
  }
}
