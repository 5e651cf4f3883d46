/** exec, attach and portForward: the runtime opens a connection for them, to which the client's is joined. */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ContainerStatus, Pod } from '../../../api/types/core-v1.ts';
import { dialUpgrade, joinStreams, upgradeHead, upgradeHeaders } from '../../../base/upgrade-tunnel.ts';
import { messageOf } from '../../../client/api-errors.ts';
import { GrpcError, grpcCode } from '../../../grpc/server.ts';
import { sandboxState } from '../../cri/types.ts';
import { answerText } from './kubelet-server.ts';
import type { KubeletRequest, KubeletServerOptions } from './kubelet-server.ts';
import { runtimeIdOf } from './log-container.ts';

const runtimeTimeoutMs = 30_000;
const podUidLabel = 'io.kubernetes.pod.uid';

/** As cri-streaming has it; all else is 500. */
const httpCodes: Readonly<Record<number, number>> = {
  [grpcCode.notFound]: 404,
  [grpcCode.resourceExhausted]: 429,
};

class StreamingError extends Error {
  override name = 'StreamingError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const isOn = (query: URLSearchParams, name: string): boolean => query.get(name) === '1' || query.get(name) === 'true';

function podOf(options: KubeletServerOptions, [, namespace = '', name = '']: readonly string[]): Pod {
  const pod = options.podNamed(namespace, name);
  if (pod === undefined) throw new StreamingError(404, 'pod does not exist');
  return pod;
}

function runningContainer({ status }: Pod, name: string): ContainerStatus | undefined {
  const all = [status?.containerStatuses, status?.initContainerStatuses, status?.ephemeralContainerStatuses];
  return all.flatMap((list) => list ?? []).find((each) => each.name === name && each.state?.running !== undefined);
}

interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

function streamsOf(query: URLSearchParams): Streams {
  const tty = isOn(query, 'tty');
  const streams = {
    stdin: isOn(query, 'input'),
    stdout: isOn(query, 'output'),
    stderr: isOn(query, 'error') && !tty, // with a terminal there is one output
    tty,
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new StreamingError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return streams;
}

type Opener = (request: Pick<KubeletRequest, 'options' | 'parts' | 'query'>) => Promise<string>;

const openExec: Opener = async ({ options, parts, query }) => {
  const streams = streamsOf(query);
  const name = parts[3] ?? '';
  const container = runningContainer(podOf(options, parts), name);
  if (container === undefined) throw new StreamingError(500, `container not found (${JSON.stringify(name)})`);
  const containerId = runtimeIdOf(container.containerID ?? '');
  return (await options.cri.call('Exec', { containerId, cmd: query.getAll('command'), ...streams })).url;
};

const openAttach: Opener = async ({ options, parts, query }) => {
  const pod = podOf(options, parts);
  const name = parts[3] ?? '';
  const container = runningContainer(pod, name);
  if (container === undefined) {
    const full = `${pod.metadata?.name}_${pod.metadata?.namespace}`;
    throw new StreamingError(500, `container ${name} not found in pod ${full}`);
  }
  // whether a process has a terminal was decided when it was started
  const spec = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
    (each) => each.name === name,
  );
  const tty = spec?.tty === true;
  const streams = { ...streamsOf(query), tty };
  const containerId = runtimeIdOf(container.containerID ?? '');
  const request = { containerId, ...streams, stderr: streams.stderr && !tty };
  return (await options.cri.call('Attach', request)).url;
};

const openPortForward: Opener = async ({ options, parts, query }) => {
  const { metadata } = podOf(options, parts);
  const filter = { labelSelector: { [podUidLabel]: metadata?.uid ?? '' }, state: { state: sandboxState.ready } };
  const [sandbox] = (await options.cri.call('ListPodSandbox', { filter })).items;
  if (sandbox === undefined) {
    throw new StreamingError(500, `pod not found (${JSON.stringify(`${metadata?.name}_${metadata?.namespace}`)})`);
  }
  const port = (query.get('port') ?? '').split(',').filter(Boolean).map(Number);
  return (await options.cri.call('PortForward', { podSandboxId: sandbox.id, port })).url;
};

/** By the first part of the path. */
export const streamOpeners: Readonly<Record<string, Opener>> = {
  exec: openExec,
  attach: openAttach,
  portForward: openPortForward,
};

/** undefined where it was opened; else it has been said why not */
async function urlOf(open: Opener, request: KubeletRequest): Promise<string | undefined> {
  try {
    return await open(request);
  } catch (error) {
    const code =
      error instanceof GrpcError ? httpCodes[error.code] : error instanceof StreamingError ? error.code : 500;
    answerText(request.response, code ?? 500, messageOf(error));
    return undefined;
  }
}

/** Answers of HTTP for a connection that Node has handed over unread. */
export function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on('error', () => socket.destroy());
  response.once('finish', () => socket.end());
  return response;
}

/** Joins the client with what the runtime opened for it: SPDY or WebSocket, byte for byte. */
export async function stream(request: KubeletRequest, socket: Socket, head: Buffer): Promise<void> {
  const open = streamOpeners[request.parts[0] ?? ''];
  if (open === undefined) {
    answerText(request.response, 404, '404 page not found\n');
    return;
  }
  const url = await urlOf(open, request);
  if (url === undefined) return;
  const answer = await dialUpgrade({
    url: new URL(url),
    method: request.request.method ?? 'POST',
    headers: upgradeHeaders(request.request.rawHeaders),
    timeoutMs: runtimeTimeoutMs,
  });
  if (answer.kind === 'answered') {
    request.response.writeHead(answer.code, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
    answer.body.pipe(request.response);
    return;
  }
  request.response.detachSocket(socket);
  socket.write(upgradeHead(answer.answer));
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) answer.socket.write(head);
  await joinStreams(socket, answer.socket);
}
