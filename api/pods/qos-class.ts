import type { Pod, ResourceRequirements } from '../types/core-v1.ts';
import { amountOf } from './pod-resources.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';
const counted = ['cpu', 'memory'];

interface Asking {
  readonly resources?: ResourceRequirements;
}

function isGuaranteed({ resources }: Asking): boolean {
  return counted.every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    if (limit === undefined || request === undefined) return false;
    return amountOf(name, limit) > 0 && amountOf(name, limit) === amountOf(name, request);
  });
}

const asksForNothing = ({ resources }: Asking): boolean =>
  counted.every((name) =>
    [resources?.requests, resources?.limits].every((list) => amountOf(name, list?.[name] ?? '0') === 0),
  );

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export function qosClassOf(pod: Pod): QosClass {
  // what the pod says of itself as a whole counts for all of it
  const containers: Asking[] = pod.spec?.resources
    ? [pod.spec]
    : [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  if (containers.every(asksForNothing)) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}
