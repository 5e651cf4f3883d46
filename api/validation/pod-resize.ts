/** Through pods/resize: CPU and memory of containers change while they run. */
import { clone } from '../meta/clone.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { forbidden, invalid } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { validateObjectMetaUpdate } from '../meta/object-meta.ts';
import { qosClassOf } from '../pods/qos-class.ts';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../types/core-v1.ts';
import { mirrorAnnotation } from './pod-annotations.ts';
import { validatePod } from './pod.ts';

const onlyCpuAndMemory = 'only cpu and memory resources are mutable';
type Quantities = Record<string, string> | undefined;

function validateOrder(spec: PodSpec, old: PodSpec): FieldError[] {
  return (['containers', 'initContainers'] as const).flatMap((list) => {
    const [now, before] = [spec[list] ?? [], old[list] ?? []];
    if (now.length !== before.length) {
      return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)];
    }
    return before.flatMap(({ name }, i) =>
      now[i]?.name === name
        ? []
        : [forbidden(`spec.${list}[${i}].name`, `${list} may not be renamed or reordered on resize`)],
    );
  });
}

const lacks = (now: Quantities, before: Quantities): boolean =>
  Object.keys(before ?? {}).some((name) => !Object.hasOwn(now ?? {}, name));

function validateRemoved(now: Container | undefined, before: Container, path: string): FieldError[] {
  return (['requests', 'limits'] as const)
    .filter((key) => lacks(now?.resources?.[key], before.resources?.[key]))
    .map((key) => forbidden(`${path}.${key}`, `resource ${key} cannot be removed`));
}

/** CPU and memory as they were: what still differs is something else. */
function withoutAllowed(
  now: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
): ResourceRequirements {
  const list = (key: 'requests' | 'limits'): Quantities => {
    const { cpu: _, memory: __, ...others } = now?.[key] ?? {};
    const { cpu, memory } = before?.[key] ?? {};
    return { ...others, ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
  };
  return { ...(now?.claims && { claims: now.claims }), requests: list('requests'), limits: list('limits') };
}

const sameContainer = (now: Container, before: Container): boolean => {
  const settled = { ...now, resources: withoutAllowed(now.resources, before.resources) };
  return semanticEqual(settled, { ...before, resources: { requests: {}, limits: {}, ...before.resources } });
};

function validateContainers(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const [starting, startingBefore] = [spec.initContainers ?? [], old.initContainers ?? []];
  const isSidecar = (container: Container | undefined): boolean => container?.restartPolicy === 'Always';
  for (const [i, before] of startingBefore.entries()) {
    if (isSidecar(before)) errors.push(...validateRemoved(starting[i], before, `spec.initContainers[${i}].resources`));
  }
  for (const [i, before] of old.containers.entries()) {
    errors.push(...validateRemoved(spec.containers[i], before, `spec.containers[${i}].resources`));
  }
  for (const [i, now] of spec.containers.entries()) {
    if (!sameContainer(now, old.containers[i] as Container)) errors.push(forbidden('spec', onlyCpuAndMemory));
  }
  for (const [i, now] of starting.entries()) {
    const before = startingBefore[i] as Container;
    if (semanticEqual(now, before)) continue;
    if (!isSidecar(now)) errors.push(forbidden('spec', 'resources for non-sidecar init containers are immutable'));
    else if (!sameContainer(now, before)) {
      const why = 'only cpu and memory resources for sidecar containers are mutable';
      errors.push(forbidden('spec', why));
    }
  }
  return errors;
}

const hasResources = ({ spec }: Pod): boolean =>
  Object.keys({ ...spec?.resources?.requests, ...spec?.resources?.limits }).length > 0;

export function validatePodResize(pod: Pod, oldPod: Pod): FieldError[] {
  const [spec, old] = [pod.spec, oldPod.spec];
  if (spec === undefined || old === undefined) return [];
  if (oldPod.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbidden('<nil>', 'static pods cannot be resized')];
  }
  if (old.os?.name === 'windows') return [forbidden('<nil>', 'windows pods cannot be resized')];
  const errors = [
    ...validateObjectMetaUpdate(pod.metadata, oldPod.metadata),
    ...validatePod(pod).filter((error) => !error.field.startsWith('metadata.')),
  ];
  if ((oldPod.status?.qosClass ?? qosClassOf(oldPod)) !== qosClassOf(pod)) {
    const shown = pod.status?.qosClass ?? '';
    errors.push(invalid('spec', shown, 'Pod QOS Class may not change as a result of resizing'));
  }
  if (hasResources(pod) || hasResources(oldPod)) {
    const keys = ['requests', 'limits'] as const;
    for (const key of keys.filter((one) => lacks(spec.resources?.[one], old.resources?.[one]))) {
      errors.push(forbidden(`spec.resources.${key}`, `pod-level resource ${key} cannot be removed`));
    }
  }
  const order = validateOrder(spec, old);
  if (order.length > 0) return [...errors, ...order];
  errors.push(...validateContainers(spec, old));
  if (errors.length > 0) return errors;
  const settled = clone(spec);
  settled.containers = old.containers;
  settled.initContainers = old.initContainers;
  settled.resources = old.resources;
  return semanticEqual(settled, old) ? [] : [forbidden('spec', onlyCpuAndMemory)];
}
