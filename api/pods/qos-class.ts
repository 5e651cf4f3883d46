import type { Container, Pod } from '../types/core-v1.ts';
import { amountOf } from './pod-resources.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';
const counted = ['cpu', 'memory'];

function isGuaranteed({ resources }: Container): boolean {
  return counted.every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    if (limit === undefined || request === undefined) return false;
    return amountOf(name, limit) > 0 && amountOf(name, limit) === amountOf(name, request);
  });
}

const asksForNothing = ({ resources }: Container): boolean =>
  counted.every((name) =>
    [resources?.requests, resources?.limits].every((list) => amountOf(name, list?.[name] ?? '0') === 0),
  );

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export function qosClassOf(pod: Pod): QosClass {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  if (containers.every(asksForNothing)) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}
