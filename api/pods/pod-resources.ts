import { QuantityError, millisOf, parseQuantity, unitsOf } from '../meta/quantity.ts';
import type { Container, Pod } from '../types/core-v1.ts';

/** Amounts by resource name: thousandths of a CPU, bytes of memory, units of all else. */
export type Amounts = Readonly<Record<string, number>>;

/** A quantity as a number in the resource's unit; 0 where it cannot be read. */
export function amountOf(resource: string, quantity: string): number {
  try {
    const parsed = parseQuantity(quantity);
    return Number(resource === 'cpu' ? millisOf(parsed) : unitsOf(parsed));
  } catch (error) {
    if (error instanceof QuantityError) return 0;
    throw error;
  }
}

export const amountsOf = (list: Readonly<Record<string, string>> | undefined): Record<string, number> =>
  Object.fromEntries(Object.entries(list ?? {}).map(([name, quantity]) => [name, amountOf(name, quantity)]));

function combine(a: Amounts, b: Amounts, of: (x: number, y: number) => number): Record<string, number> {
  const out: Record<string, number> = { ...a };
  for (const [name, amount] of Object.entries(b)) out[name] = of(out[name] ?? 0, amount);
  return out;
}
export const sumOf = (a: Amounts, b: Amounts): Record<string, number> => combine(a, b, (x, y) => x + y);
export const maxOf = (a: Amounts, b: Amounts): Record<string, number> => combine(a, b, Math.max);
export const differenceOf = (a: Amounts, b: Amounts): Record<string, number> => combine(a, b, (x, y) => x - y);

export type ContainerAmounts = (container: Container) => Amounts;

const requestsOf: ContainerAmounts = (container) => amountsOf(container.resources?.requests);

/**
 * What a pod needs at its peak: init containers run one after the other before the containers run together; sidecars
 * (init containers with restartPolicy Always) keep running beside all that comes after them.
 */
export function podRequests(pod: Pod, of: ContainerAmounts = requestsOf): Record<string, number> {
  let running: Record<string, number> = {};
  for (const container of pod.spec?.containers ?? []) running = sumOf(running, of(container));
  let sidecars: Record<string, number> = {};
  let starting: Record<string, number> = {};
  for (const container of pod.spec?.initContainers ?? []) {
    const own = of(container);
    if (container.restartPolicy === 'Always') {
      sidecars = sumOf(sidecars, own);
      starting = maxOf(starting, sidecars);
    } else starting = maxOf(starting, sumOf(sidecars, own));
  }
  const peak = maxOf(sumOf(running, sidecars), starting);
  const podLevel = amountsOf(pod.spec?.resources?.requests);
  return sumOf({ ...peak, ...podLevel }, amountsOf(pod.spec?.overhead));
}

/** What the scheduler counts for a container that asks for nothing, so that such pods spread too. */
const assumedMilliCpu = 100;
const assumedMemoryBytes = 200 * 1024 * 1024;

export const assumedRequests: ContainerAmounts = (container) => ({
  cpu: assumedMilliCpu,
  memory: assumedMemoryBytes,
  ...requestsOf(container),
});
