import { containerState, sandboxState } from '../cri/types.ts';
import type { CriClient } from '../cri/client.ts';
import type { ContainerStatus, PodSandboxStatus } from '../cri/types.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';

/** Labels by which the kubelet finds its pods in a runtime; crictl shows them too. */
export const podLabels = {
  name: 'io.kubernetes.pod.name',
  namespace: 'io.kubernetes.pod.namespace',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const;
export const specHashAnnotation = 'io.kubernetes.container.hash';

export interface ObservedContainer extends ContainerStatus {
  readonly sandboxId: string;
}

/** What the runtime has of a pod. Both lists are newest first. */
export interface ObservedPod {
  readonly sandboxes: readonly PodSandboxStatus[];
  readonly containers: readonly ObservedContainer[];
}

export const nothingObserved: ObservedPod = { sandboxes: [], containers: [] };

export const readySandbox = (observed: ObservedPod): PodSandboxStatus | undefined =>
  observed.sandboxes.find(({ state }) => state === sandboxState.ready);

export const isRunning = ({ state }: ContainerStatus): boolean => state === containerState.running;
export const isExited = ({ state }: ContainerStatus): boolean =>
  state === containerState.exited || state === containerState.unknown;

/** The newest container of that name, in one sandbox or in all. */
export const newestOf = (observed: ObservedPod, name: string, sandboxId?: string): ObservedContainer | undefined =>
  observed.containers.find(
    (container) => container.metadata.name === name && (sandboxId === undefined || container.sandboxId === sandboxId),
  );

const isGone = (error: unknown): boolean => error instanceof GrpcError && error.code === grpcCode.notFound;

/** undefined for what was removed since it was listed */
async function maybe<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function containersOf(cri: CriClient, uid: string): Promise<ObservedContainer[]> {
  const { containers } = await cri.call('ListContainers', { filter: { labelSelector: { [podLabels.uid]: uid } } });
  const found = await Promise.all(
    containers.map(async ({ id, podSandboxId }) => {
      const answer = await maybe(cri.call('ContainerStatus', { containerId: id }));
      return answer && { ...answer.status, sandboxId: podSandboxId };
    }),
  );
  return found.filter((container) => container !== undefined);
}

/** Asks the runtime for all it has of the pod with this uid. */
export async function observePod(cri: CriClient, uid: string): Promise<ObservedPod> {
  const listed = await cri.call('ListPodSandbox', { filter: { labelSelector: { [podLabels.uid]: uid } } });
  const answers = await Promise.all(
    listed.items.map(({ id }) => maybe(cri.call('PodSandboxStatus', { podSandboxId: id }))),
  );
  const sandboxes = answers.filter((answer) => answer !== undefined);
  // A runtime that stamps its answer has put the containers into it; others leave that list empty.
  const complete = sandboxes.every(({ timestamp }) => (timestamp ?? 0) > 0);
  const containers = complete
    ? sandboxes.flatMap(({ status, containersStatuses }) =>
        (containersStatuses ?? []).map((container) => ({ ...container, sandboxId: status.id })),
      )
    : await containersOf(cri, uid);
  return {
    sandboxes: sandboxes.map(({ status }) => status).sort((a, b) => b.createdAt - a.createdAt),
    containers: containers.sort((a, b) => b.metadata.attempt - a.metadata.attempt || b.createdAt - a.createdAt),
  };
}
