import type { ContainerStatus, Pod } from '../../../api/types/core-v1.ts';

const statusOf = ({ status }: Pod, name: string): ContainerStatus | undefined =>
  [status?.containerStatuses, status?.initContainerStatuses, status?.ephemeralContainerStatuses]
    .map((statuses) => statuses?.find((each) => each.name === name))
    .find((found) => found !== undefined);

const pullWords: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

/** `containerd://abc` → `abc` */
export const runtimeIdOf = (containerId: string): string => containerId.slice(containerId.indexOf('://') + 3);

/**
 * The id in the runtime of the container whose log is meant: the running one, else the last that ran. Throws in the
 * words of Kubernetes where none has run yet.
 */
export function logContainerId(pod: Pod, name: string, previous: boolean): string {
  const inPod = `container ${JSON.stringify(name)} in pod ${JSON.stringify(pod.metadata?.name ?? '')}`;
  const status = statusOf(pod, name);
  if (status === undefined) throw new Error(`${inPod} is not available`);
  const last = status.lastState?.terminated;
  const { waiting, running, terminated } = status.state ?? {};
  if (previous) {
    if (!last?.containerID) throw new Error(`previous terminated ${inPod} not found`);
    return runtimeIdOf(last.containerID);
  }
  if (running !== undefined) return runtimeIdOf(status.containerID ?? '');
  if (terminated !== undefined || last !== undefined) {
    // where the next one did not start, only the last knows its id
    const id = terminated?.containerID || last?.containerID;
    if (!id) throw new Error(`${inPod} is terminated`);
    return runtimeIdOf(id);
  }
  if (waiting === undefined) throw new Error(`${inPod} is waiting to start - no logs yet`);
  const reason = waiting.reason ?? '';
  throw new Error(`${inPod} is waiting to start: ${pullWords[reason] ?? reason}`);
}
