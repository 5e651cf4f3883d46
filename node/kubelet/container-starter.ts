import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../client/api-errors.ts';
import type { CriClient } from '../cri/client.ts';
import type { PodSandboxConfig } from '../cri/types.ts';
import { containerConfigOf } from './container-config.ts';
import { environmentOf } from './environment.ts';
import type { NodeFacts } from './field-ref.ts';
import { StartError, ensureImage } from './image-puller.ts';
import type { PodFiles } from './pod-files.ts';
import type { PodSources } from './pod-sources.ts';
import { prepareVolumes } from './volumes.ts';

export type EventSink = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

export interface StarterOptions {
  readonly cri: CriClient;
  readonly clock: Clock;
  readonly files: PodFiles;
  readonly sources: PodSources;
  readonly node: () => NodeFacts;
  readonly machineMemory: number;
}

export interface StartInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  readonly sandboxId: string;
  readonly sandboxConfig: PodSandboxConfig;
  readonly podIp: string;
  readonly event: EventSink;
}

async function step<T>(reason: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(reason, messageOf(error), { cause: error });
  }
}

function refuseRoot({ spec }: Pod, container: Container): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? spec?.securityContext?.runAsNonRoot;
  const user = container.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser;
  if (nonRoot && user === 0) throw new Error("container's runAsUser breaks non-root policy");
}

/** Image, environment, mounts, create, start. Resolves with the container's id; fails with StartError. */
export async function startContainer(options: StarterOptions, input: StartInput): Promise<string> {
  const { cri, clock, files, sources, node, machineMemory } = options;
  const { pod, container, attempt, sandboxId, sandboxConfig, podIp, event } = input;
  const image = await ensureImage({
    cri,
    pod,
    container,
    sandboxConfig,
    sources,
    nowMs: () => clock.monotonicMs(),
    event,
  });
  const config = await step('CreateContainerConfigError', async () => {
    refuseRoot(pod, container);
    const facts = node();
    const environment = await environmentOf({ pod, container, sources, node: facts, podIp });
    const uid = pod.metadata?.uid ?? '';
    const warn = (message: string): void => event('Warning', 'FailedMount', message);
    const volumes = await prepareVolumes({ pod, podDir: files.podDir(uid), sources, node: facts, podIp, warn });
    const extraMounts = await files.containerMounts(pod, container, attempt, podIp);
    const built = containerConfigOf({
      pod,
      container,
      attempt,
      imageRef: image.ref,
      environment,
      volumes,
      extraMounts,
      machineMemory,
    });
    await files.makeSubPaths(built.mounts ?? []);
    return built;
  });
  const { containerId } = await step('CreateContainerError', () =>
    cri.call('CreateContainer', { podSandboxId: sandboxId, config, sandboxConfig }),
  );
  event('Normal', 'Created', `Created container: ${container.name}`);
  await step('RunContainerError', () => cri.call('StartContainer', { containerId }));
  event('Normal', 'Started', `Started container ${container.name}`);
  return containerId;
}
