import { addLists, maxLists, quantityList, type QuantityList } from '../quota/quantity-list.ts';
import type { Quantity } from '../meta/quantity.ts';
import type { Container, ContainerStatus, Pod } from '../types/core-v1.ts';

export interface PodQuantityOptions {
  /** what running the pod costs beside its containers counts too */
  readonly overhead?: boolean;
  /** what containers were given counts while it is more than what they ask for: a pod that is being resized */
  readonly actual?: boolean;
}

const empty: QuantityList = new Map();
const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/**
 * Exact requests or limits of a whole pod at its peak: init containers run one after the other before the containers
 * run together, sidecars run beside all that comes after them.
 */
export function podQuantities(
  pod: Pod,
  which: 'requests' | 'limits',
  options: PodQuantityOptions = {},
): Map<string, Quantity> {
  const { spec, status } = pod;
  const given = new Map<string, ContainerStatus>(
    options.actual
      ? [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].map((own) => [own.name, own])
      : [],
  );
  const of = (container: Container): QuantityList => {
    const asked = quantityList(container.resources?.[which]);
    const own = given.get(container.name);
    if (own === undefined) return asked;
    const most = maxLists(asked, quantityList(own.resources?.[which]));
    return which === 'requests' ? maxLists(most, quantityList(own.allocatedResources)) : most;
  };
  let running: QuantityList = empty;
  for (const container of spec?.containers ?? []) running = addLists(running, of(container));
  let sidecars: QuantityList = empty;
  let starting: QuantityList = empty;
  for (const container of spec?.initContainers ?? []) {
    const own = of(container);
    if (container.restartPolicy === 'Always') {
      running = addLists(running, own);
      sidecars = addLists(sidecars, own);
      starting = maxLists(starting, sidecars);
    } else starting = maxLists(starting, addLists(own, sidecars));
  }
  const total = maxLists(running, starting);
  for (const [name, quantity] of quantityList(spec?.resources?.[which]))
    if (isPodLevel(name)) total.set(name, quantity);
  if (!options.overhead) return total;
  const overhead = quantityList(spec?.overhead);
  if (which === 'requests') return addLists(total, overhead);
  // no limit stays no limit
  return addLists(total, new Map([...overhead].filter(([name]) => (total.get(name)?.nano ?? 0n) !== 0n)));
}
