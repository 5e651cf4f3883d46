import { join, normalize } from 'node:path';
import type { Container, Pod, VolumeMount } from '../../api/types/core-v1.ts';
import { mountPropagation } from '../cri/types.ts';
import type { ContainerConfig, Mount } from '../cri/types.ts';
import { expand } from './environment.ts';
import { podLabels, specHashAnnotation } from './observed-pod.ts';
import { MissingSourceError } from './pod-sources.ts';
import { podLabelsOf } from './sandbox-config.ts';
import { resourcesOf, securityContextOf } from './security-context.ts';
import { specHash } from './spec-hash.ts';

export interface ContainerConfigInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly attempt: number;
  /** what the runtime calls the image that was pulled */
  readonly imageRef: string;
  readonly environment: ReadonlyMap<string, string>;
  /** volume name → path on the host */
  readonly volumes: ReadonlyMap<string, string>;
  /** mounts that every container of this node's runtime gets, e.g. /etc/hosts */
  readonly extraMounts: readonly Mount[];
  readonly machineMemory: number;
}

function mountOf(
  mount: VolumeMount,
  volumes: ReadonlyMap<string, string>,
  environment: ReadonlyMap<string, string>,
): Mount {
  const hostPath = volumes.get(mount.name);
  if (hostPath === undefined) throw new MissingSourceError(`cannot find volume "${mount.name}" to mount`);
  const subPath = mount.subPathExpr ? expand(mount.subPathExpr, environment) : (mount.subPath ?? '');
  if (subPath.startsWith('/') || normalize(subPath).split('/').includes('..')) {
    throw new MissingSourceError(`invalid subPath: must not be absolute or contain '..': ${subPath}`);
  }
  return {
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    hostPath: subPath === '' ? hostPath : join(hostPath, subPath),
    readonly: mount.readOnly === true,
    propagation: mountPropagation[mount.mountPropagation ?? 'None'] ?? 0,
  };
}

/** `<container>/<attempt>.log` under the sandbox's log directory */
export const logPathOf = (container: string, attempt: number): string => `${container}/${attempt}.log`;

export function containerConfigOf(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, attempt, imageRef, environment, volumes } = input;
  const texts = (list: readonly string[] | undefined): string[] =>
    (list ?? []).map((text) => expand(text, environment));
  return {
    metadata: { name: container.name, attempt },
    image: { image: imageRef, userSpecifiedImage: container.image ?? '' },
    command: texts(container.command),
    args: texts(container.args),
    workingDir: container.workingDir ?? '',
    envs: [...environment].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: [
      ...(container.volumeMounts ?? []).map((mount) => mountOf(mount, volumes, environment)),
      ...input.extraMounts,
    ],
    labels: { ...podLabelsOf(pod), [podLabels.container]: container.name },
    annotations: { [specHashAnnotation]: specHash(container) },
    logPath: logPathOf(container.name, attempt),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    linux: {
      resources: resourcesOf(pod, container, input.machineMemory),
      securityContext: securityContextOf(pod, container),
    },
  };
}
