import type { Container, Pod, PodSpec } from '../../../api/types/core-v1.ts';
import type { KubeObject } from '../../pipeline.ts';

const kept = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/** Metadata are not what these subresources are for. */
function keepMetadata(object: KubeObject, old: KubeObject): void {
  const metadata = { ...object.metadata };
  for (const key of kept) {
    if (old.metadata?.[key] === undefined) delete metadata[key];
    else Object.assign(metadata, { [key]: old.metadata[key] });
  }
  object.metadata = metadata;
}

const specOf = (object: KubeObject): PodSpec => (object as unknown as Pod).spec ?? ({} as PodSpec);

/** `/ephemeralcontainers`: nothing else comes from the body. */
export function takeEphemeralContainers(object: KubeObject, old: KubeObject): void {
  const { ephemeralContainers } = specOf(object);
  object['spec'] = { ...specOf(old), ephemeralContainers };
  if (ephemeralContainers === undefined) delete (object['spec'] as Partial<PodSpec>).ephemeralContainers;
  keepMetadata(object, old);
}

/** The old containers with the new ones' resources; others than before are left to be found wrong. */
function withResources(now: Container[] | undefined, before: Container[] | undefined): Container[] | undefined {
  if (now === undefined || before === undefined) return now;
  if (now.some(({ name }, i) => before[i]?.name !== name)) return now;
  return before.map((container, i) => {
    const { resources: _, resizePolicy: __, ...others } = container;
    const { resources, resizePolicy } = now[i] as Container;
    return { ...others, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) };
  });
}

/** `/resize`: resources of containers and of the pod come from the body. */
export function takeResources(object: KubeObject, old: KubeObject): void {
  const [spec, before] = [specOf(object), specOf(old)];
  const length = (list: readonly unknown[] | undefined): number => list?.length ?? 0;
  const sameLength =
    length(spec.containers) === length(before.containers) &&
    length(spec.initContainers) === length(before.initContainers);
  if (sameLength) {
    const next: PodSpec = { ...before, containers: withResources(spec.containers, before.containers) ?? [] };
    const starting = withResources(spec.initContainers, before.initContainers);
    if (starting !== undefined) next.initContainers = starting;
    if (spec.resources !== undefined) next.resources = spec.resources;
    object['spec'] = next;
  }
  keepMetadata(object, old);
}
