import type { ContainerImage } from '../../api/types/core-v1.ts';
import { messageOf } from '../../client/api-errors.ts';
import type { CriClient } from '../cri/client.ts';

export interface RuntimeHealth {
  /** why pods cannot run now, in the kubelet's words; undefined: they can */
  readonly notReady: string | undefined;
  readonly images: readonly ContainerImage[];
}

const imagesMax = 50;

/** What the node's status says of the runtime: never rejects. */
export async function runtimeHealth(cri: CriClient): Promise<RuntimeHealth> {
  try {
    const [{ status }, { images }] = await Promise.all([cri.call('Status', {}), cri.call('ListImages', {})]);
    const problems = status.conditions
      .filter((condition) => !condition.status)
      .map(({ type, reason, message }) => {
        const what = type === 'NetworkReady' ? 'container runtime network not ready' : 'container runtime not ready';
        return `${what}: ${type}=false reason:${reason} message:${message}`;
      });
    return {
      notReady: problems.length === 0 ? undefined : problems.join('; '),
      images: images
        .map(({ repoDigests, repoTags, size }) => ({ names: [...repoDigests, ...repoTags], sizeBytes: size }))
        .sort((a, b) => b.sizeBytes - a.sizeBytes || ((a.names[0] ?? '') < (b.names[0] ?? '') ? -1 : 1))
        .slice(0, imagesMax),
    };
  } catch (error) {
    return { notReady: `container runtime is down: ${messageOf(error)}`, images: [] };
  }
}
