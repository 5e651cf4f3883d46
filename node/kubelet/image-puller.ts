import type { Container, Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../client/api-errors.ts';
import type { CriClient } from '../cri/client.ts';
import type { AuthConfig, PodSandboxConfig } from '../cri/types.ts';
import { secretData } from './pod-sources.ts';
import type { PodSources } from './pod-sources.ts';

/** A container cannot be started; `reason` is what its status shows. */
export class StartError extends Error {
  override name = 'StartError';
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const pullTimeoutMs = 15 * 60_000;
const referencePattern =
  /^[a-zA-Z0-9.-]*(:\d+)?(\/?[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[\w][\w.-]{0,127})?(@[a-z0-9+._-]+:[0-9a-fA-F]{32,})?$/;

/** Without a policy of its own an image of the tag `latest` is pulled each time. */
export function pullPolicyOf(container: Container): string {
  if (container.imagePullPolicy) return container.imagePullPolicy;
  const image = container.image ?? '';
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

interface DockerConfig {
  auths?: Record<string, { username?: string; password?: string; auth?: string }>;
}

/** The entry for the image's registry among the pod's pull secrets; none of them may be there. */
async function credentials(pod: Pod, image: string, sources: PodSources): Promise<AuthConfig | undefined> {
  const first = image.split('/')[0] ?? '';
  const registry = image.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
  for (const { name = '' } of pod.spec?.imagePullSecrets ?? []) {
    const secret = await sources.secret(pod.metadata?.namespace ?? '', name);
    const text = secret && secretData(secret).get('.dockerconfigjson')?.toString();
    if (!text) continue;
    const { auths = {} } = JSON.parse(text) as DockerConfig;
    for (const [server, auth] of Object.entries(auths)) {
      const host = server
        .replace(/^https?:\/\//, '')
        .split('/')[0]
        ?.replace('index.docker.io', 'docker.io');
      if (host === registry) return { ...auth, serverAddress: server };
    }
  }
  return undefined;
}

export interface PulledImage {
  /** by which the runtime finds it */
  readonly ref: string;
  /** undefined: it was there */
  readonly tookMs: number | undefined;
}

export interface PullContext {
  readonly cri: CriClient;
  readonly pod: Pod;
  readonly container: Container;
  readonly sandboxConfig: PodSandboxConfig;
  readonly sources: PodSources;
  readonly nowMs: () => number;
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

/** Makes sure that the runtime has the container's image, as its pull policy asks. */
export async function ensureImage(context: PullContext): Promise<PulledImage> {
  const { cri, pod, container, sandboxConfig, sources, nowMs, event } = context;
  const image = container.image ?? '';
  if (!referencePattern.test(image)) {
    throw new StartError(
      'InvalidImageName',
      `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
    );
  }
  const policy = pullPolicyOf(container);
  const present = await cri.call('ImageStatus', { image: { image } });
  if (policy !== 'Always' && present.image) {
    event('Normal', 'Pulled', `Container image "${image}" already present on machine`);
    return { ref: present.image.id, tookMs: undefined };
  }
  if (policy === 'Never') {
    throw new StartError('ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`);
  }
  event('Normal', 'Pulling', `Pulling image "${image}"`);
  const startedMs = nowMs();
  try {
    const auth = await credentials(pod, image, sources);
    const { imageRef } = await cri.call(
      'PullImage',
      { image: { image }, auth, sandboxConfig },
      { timeoutMs: pullTimeoutMs },
    );
    const tookMs = Math.round(nowMs() - startedMs);
    event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${tookMs}ms`);
    const { image: pulled } = await cri.call('ImageStatus', { image: { image } });
    return { ref: pulled?.id ?? imageRef, tookMs };
  } catch (error) {
    throw new StartError('ErrImagePull', messageOf(error), { cause: error });
  }
}
