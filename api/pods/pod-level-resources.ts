/** Resources of a pod as a whole, beside those of its containers. */
import { setOwn } from '../meta/clone.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from '../meta/quantity.ts';
import type { Quantity } from '../meta/quantity.ts';
import type { Container, PodSpec } from '../types/core-v1.ts';

export type ResourceKind = 'requests' | 'limits';
type Sums = Map<string, Quantity>;

export const isPodLevelResource = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

function listOf(container: Container, kind: ResourceKind): Sums {
  return new Map(Object.entries(container.resources?.[kind] ?? {}).map(([name, text]) => [name, parseQuantity(text)]));
}

function combined(a: Sums, b: Sums, of: (x: Quantity, y: Quantity) => Quantity): Sums {
  const out = new Map(a);
  for (const [name, value] of b) {
    const other = out.get(name);
    out.set(name, other === undefined ? value : of(other, value));
  }
  return out;
}

const larger = (a: Quantity, b: Quantity): Quantity => (compareQuantities(a, b) >= 0 ? a : b);

/** What all containers need together at their peak: one that starts alone beside the sidecars, or all that run. */
export function aggregateResources(spec: PodSpec, kind: ResourceKind): ReadonlyMap<string, Quantity> {
  let running: Sums = new Map();
  for (const container of spec.containers ?? []) running = combined(running, listOf(container, kind), addQuantities);
  let [sidecars, starting]: [Sums, Sums] = [new Map(), new Map()];
  for (const container of spec.initContainers ?? []) {
    const own = listOf(container, kind);
    const peak = combined(sidecars, own, addQuantities);
    if (container.restartPolicy === 'Always') {
      running = combined(running, own, addQuantities);
      sidecars = peak;
    }
    starting = combined(starting, peak, larger);
  }
  return combined(running, starting, larger);
}

const has = (list: Record<string, string> | undefined, name: string): boolean =>
  list !== undefined && Object.hasOwn(list, name);

/**
 * Fills in what a pod leaves out where it says anything about itself as a whole: limits of huge pages from its
 * containers', requests from theirs, or else from the limits.
 */
export function defaultPodLevelResources(spec: PodSpec): void {
  const { resources } = spec;
  if (resources === undefined) return;
  const size = (list: Record<string, string> | undefined): number => Object.keys(list ?? {}).length;
  if (size(resources.limits) + size(resources.requests) === 0) return;
  const limits = { ...resources.limits };
  for (const [name, value] of aggregateResources(spec, 'limits')) {
    if (!name.startsWith('hugepages-') || has(resources.requests, name) || has(limits, name)) continue;
    setOwn(limits, name, formatQuantity(value));
  }
  if (size(limits) === 0) return;
  resources.limits = limits;
  const requests = { ...resources.requests };
  for (const [name, value] of aggregateResources(spec, 'requests')) {
    if (has(requests, name) || (name !== 'cpu' && name !== 'memory')) continue;
    setOwn(requests, name, formatQuantity(value));
  }
  for (const [name, value] of Object.entries(limits)) {
    if (!has(requests, name) && isPodLevelResource(name)) setOwn(requests, name, value);
  }
  if (size(requests) > 0) resources.requests = requests;
}
