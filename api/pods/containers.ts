import type { Container, PodSpec } from '../types/core-v1.ts';

export type ContainerList = 'initContainers' | 'containers' | 'ephemeralContainers';

/** All of a pod's containers with their paths, in the order in which a real server looks at them. */
export function containersOf(spec: PodSpec, path: string): readonly (readonly [container: Container, path: string])[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, i) => [container, `${path}.${list}[${i}]`] as const),
  );
}
