import { addQuantities, quantityOf, zeroQuantity, type Quantity } from '../meta/quantity.ts';
import type { DeviceRequest, ResourceClaim } from '../types/resource-v1.ts';
import { countName, one, type Evaluator } from './evaluator.ts';

const group = 'resource.k8s.io';
const claimCount = countName(group, 'resourceclaims');
/** `gpu.deviceclass.resource.k8s.io/devices` */
const classSuffix = '.deviceclass.resource.k8s.io/devices';
/** who wants all devices may get as many as an allocation can hold */
const devicesMax = 32n;

interface Asked {
  readonly deviceClassName: string;
  readonly allocationMode?: string;
  readonly count?: number;
}

const countOf = ({ allocationMode, count = 0 }: Asked): bigint =>
  allocationMode === 'All' ? devicesMax : allocationMode === 'ExactCount' ? BigInt(count) : 0n;

/** Of alternatives the most of each class counts. */
function devicesOf({ exactly, firstAvailable }: DeviceRequest): Map<string, bigint> {
  const most = new Map<string, bigint>();
  const asked: readonly Asked[] = firstAvailable?.length ? firstAvailable : exactly ? [exactly] : [];
  for (const one of asked) {
    const name = one.deviceClassName + classSuffix;
    const count = countOf(one);
    if (count > (most.get(name) ?? -1n)) most.set(name, count);
  }
  return most;
}

export const deviceEvaluator: Evaluator<ResourceClaim> = {
  group,
  resource: 'resourceclaims',
  handles: ({ operation, subresource }) => subresource === '' && operation !== 'DELETE',
  matching: (wanted) => [...wanted].filter((name) => name === claimCount || name.endsWith(classSuffix)),
  usage({ spec }) {
    const usage = new Map<string, Quantity>([[claimCount, one]]);
    for (const request of spec.devices?.requests ?? []) {
      for (const [name, count] of devicesOf(request)) {
        usage.set(name, addQuantities(usage.get(name) ?? zeroQuantity, quantityOf(count)));
      }
    }
    return usage;
  },
  problem: () => '',
  isInScope: () => false,
};
