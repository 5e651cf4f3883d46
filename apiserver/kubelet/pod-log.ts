import {
  newBadRequest,
  newInternalError,
  newNotFound,
  newServiceUnavailable,
  StatusError,
} from '../../api/meta/status.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import { groupResourceOf, keyOf, type ResourceRequest } from '../endpoints/resource-request.ts';
import type { KubeletConnections } from './kubelet-connections.ts';
import { logQueryOf } from './log-query.ts';
import { chosenContainer } from './pod-container.ts';

/** of the kubelet's word why not */
const errorBytesMax = 50_000;
const unreadBytesMax = 1024 * 1024;

export async function podOf({ ctx, entry, storage }: ResourceRequest): Promise<Pod> {
  const { namespace, name } = ctx.info;
  const found = await storage.store.read(keyOf(entry, storage.prefix, namespace, name));
  if (found === undefined) throw newNotFound(groupResourceOf(entry), name);
  return found.object;
}

/** Throws 503 where this server was given no way to kubelets. */
export function kubeletsOf({ services }: ResourceRequest): KubeletConnections {
  if (services.kubelets === undefined) throw newServiceUnavailable('this server has no client for kubelets');
  return services.kubelets;
}

/** GET of pods/log: the kubelet's answer, piece by piece. */
export async function podLog(request: ResourceRequest): Promise<void> {
  const { ctx } = request;
  const { namespace, name } = ctx.info;
  const query = logQueryOf(ctx.query, name);
  const pod = await podOf(request);
  const container = chosenContainer(pod, query.container);
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') {
    ctx.reply.send(204, 'text/plain', ''); // nobody runs it yet: there is nothing
    return;
  }
  const kubelets = kubeletsOf(request);
  const path = `/containerLogs/${namespace}/${name}/${container}`;
  const answer = await kubelets.ask(await kubelets.locate(nodeName), `${path}?${query.params.toString()}`, {
    signal: ctx.signal,
    unchecked: query.insecureSkipTlsVerifyBackend,
  });
  if (answer.statusCode < 200 || answer.statusCode > 206) {
    throw refusal(answer.statusCode, await beginningOf(answer.body), name);
  }
  const stream = ctx.reply.stream(200, 'text/plain');
  try {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      stream.write(chunk);
      if (stream.pendingBytes > unreadBytesMax) await stream.drained();
    }
  } catch (error) {
    // the head is out already: what came so far is all there is
    if (!ctx.signal.aborted) request.services.log.warn({ err: error, pod: name }, 'the log of a kubelet broke off');
  }
  stream.end();
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= errorBytesMax) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, errorBytesMax);
}

const reasons: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden', ''],
  404: ['NotFound', 'the server could not find the requested resource'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
};

/** What a kubelet said no with, as kube-apiserver passes it on. */
function refusal(code: number, text: string, name: string): StatusError {
  if (code === 500) return newInternalError(text);
  if (code === 400) return newBadRequest(text);
  const unknown = `the server responded with the status code ${code} but did not return more information`;
  const [reason, words] = reasons[code] ?? ['', unknown];
  // the gap is where kube-apiserver names no verb
  const message = `${words === '' ? text : words} ( pods/log ${name})`;
  return new StatusError(code, reason, message, { name, kind: 'pods/log' });
}
