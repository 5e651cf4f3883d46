import { containerState, namespaceMode } from '../cri/types.ts';
import type {
  ContainerStats,
  ContainerStatus,
  CriContainer,
  PodSandbox,
  PodSandboxStatus,
  StringMap,
} from '../cri/types.ts';
import type { ContainerRecord, SandboxRecord } from './embedded-runtime.ts';

export const nanoseconds = (ms: number): number => ms * 1e6;

export const sandboxMessage = (sandbox: SandboxRecord): PodSandbox => ({
  id: sandbox.id,
  metadata: sandbox.config.metadata,
  state: sandbox.state,
  createdAt: nanoseconds(sandbox.createdAtMs),
  labels: sandbox.config.labels,
  annotations: sandbox.config.annotations,
  runtimeHandler: sandbox.runtimeHandler,
});

export const sandboxStatusMessage = (sandbox: SandboxRecord): PodSandboxStatus => ({
  ...sandboxMessage(sandbox),
  network: { ip: sandbox.ip, additionalIps: [] },
  linux: {
    namespaces: {
      options: sandbox.config.linux?.securityContext?.namespaceOptions ?? {
        network: namespaceMode.pod,
        pid: namespaceMode.container,
        ipc: namespaceMode.pod,
      },
    },
  },
});

export const containerMessage = (container: ContainerRecord): CriContainer => ({
  id: container.id,
  podSandboxId: container.sandboxId,
  metadata: container.config.metadata,
  image: container.config.image,
  imageRef: container.imageRef,
  imageId: container.imageId,
  state: container.state,
  createdAt: nanoseconds(container.createdAtMs),
  labels: container.config.labels,
  annotations: container.config.annotations,
});

function reasonOf(container: ContainerRecord): string {
  if (container.state !== containerState.exited) return '';
  return container.exitCode === 0 ? 'Completed' : 'Error';
}

export const containerStatusMessage = (container: ContainerRecord, logDirectory: string): ContainerStatus => ({
  id: container.id,
  metadata: container.config.metadata,
  state: container.state,
  createdAt: nanoseconds(container.createdAtMs),
  startedAt: nanoseconds(container.startedAtMs),
  finishedAt: nanoseconds(container.finishedAtMs),
  exitCode: container.exitCode,
  image: container.config.image,
  imageRef: container.imageRef,
  imageId: container.imageId,
  reason: reasonOf(container),
  message: '',
  labels: container.config.labels,
  annotations: container.config.annotations,
  mounts: container.config.mounts ?? [],
  logPath: container.config.logPath === '' ? '' : `${logDirectory}/${container.config.logPath}`,
});

/** Nothing runs, so nothing is used. */
export const containerStatsMessage = (container: ContainerRecord, nowMs: number): ContainerStats => ({
  attributes: {
    id: container.id,
    metadata: container.config.metadata,
    labels: container.config.labels,
    annotations: container.config.annotations,
  },
  cpu: { timestamp: nanoseconds(nowMs), usageCoreNanoSeconds: { value: 0 } },
  memory: { timestamp: nanoseconds(nowMs), workingSetBytes: { value: 0 } },
  writableLayer: { timestamp: nanoseconds(nowMs), usedBytes: { value: 0 }, inodesUsed: { value: 0 } },
});

/** True where every key of `selector` has its value in `labels`. */
export const hasLabels = (labels: StringMap, selector: StringMap | undefined): boolean =>
  Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
