import { quantityOf, zeroQuantity } from '../meta/quantity.ts';
import type { Service } from '../types/core-v1.ts';
import { countName, one, type Evaluator } from './evaluator.ts';

const serviceCount = countName('', 'services');
const names: ReadonlySet<string> = new Set([serviceCount, 'services', 'services.nodeports', 'services.loadbalancers']);

/** Ports are not given out yet when a service is made: what it is going to get counts. */
function nodePorts({ spec }: Service): bigint {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return BigInt(ports.length);
  if (spec?.type !== 'LoadBalancer') return 0n;
  const allocates = spec.allocateLoadBalancerNodePorts !== false;
  return BigInt(allocates ? ports.length : ports.filter(({ nodePort }) => nodePort).length);
}

export const serviceEvaluator: Evaluator<Service> = {
  group: '',
  resource: 'services',
  handles: ({ operation, subresource }) => subresource === '' && operation !== 'DELETE',
  matching: (wanted) => [...wanted].filter((name) => names.has(name)),
  usage: (service) =>
    new Map([
      [serviceCount, one],
      ['services', one],
      ['services.loadbalancers', service.spec?.type === 'LoadBalancer' ? one : zeroQuantity],
      ['services.nodeports', quantityOf(nodePorts(service))],
    ]),
  problem: () => '',
  isInScope: () => false,
};
