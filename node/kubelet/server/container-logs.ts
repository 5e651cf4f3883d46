import type { ServerResponse } from 'node:http';
import type { Pod } from '../../../api/types/core-v1.ts';
import { messageOf } from '../../../client/api-errors.ts';
import type { CriClient } from '../../cri/client.ts';
import { containerState } from '../../cri/types.ts';
import { answerText } from './kubelet-server.ts';
import type { KubeletRequest } from './kubelet-server.ts';
import { logContainerId } from './log-container.ts';
import { logOptionsOf, LogOptionsError } from './log-options.ts';
import { readLog } from './log-reader.ts';

const hasContainer = ({ spec }: Pod, name: string): boolean =>
  [spec?.containers, spec?.initContainers, spec?.ephemeralContainers].some((list) =>
    list?.some((each) => each.name === name),
  );

/** GET /containerLogs/NAMESPACE/POD/CONTAINER */
export async function containerLogs({ options, request, response, parts, query }: KubeletRequest): Promise<void> {
  const [, namespace = '', podName = '', container = ''] = parts;
  if (request.method !== 'GET') {
    answerText(response, 405, '405: Method Not Allowed');
    return;
  }
  const pod = options.podNamed(namespace, podName);
  if (pod === undefined) {
    answerText(response, 404, `pod ${JSON.stringify(podName)} does not exist`);
    return;
  }
  if (!hasContainer(pod, container)) {
    answerText(response, 404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(podName)}`);
    return;
  }
  try {
    const asked = logOptionsOf(query, options.clock.nowMs());
    const id = logContainerId(pod, container, asked.previous);
    const { status } = await options.cri.call('ContainerStatus', { containerId: id });
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const source = {
      path: status.logPath,
      clock: options.clock,
      signal: abort.signal,
      isRunning: () => isRunning(options.cri, id),
    };
    for await (const text of readLog(source, asked)) await write(response, text);
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
    response.end();
  } catch (error) {
    answerText(response, error instanceof LogOptionsError ? error.code : 400, messageOf(error));
  }
}

async function isRunning(cri: CriClient, containerId: string): Promise<boolean> {
  try {
    const { status } = await cri.call('ContainerStatus', { containerId });
    return status.state === containerState.running;
  } catch {
    return false; // it was removed
  }
}

async function write(response: ServerResponse, text: Buffer): Promise<void> {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
  if (response.write(text) || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
}
