import type { Container, Pod, PodSpec } from '../types/core-v1.ts';
import { setOwn } from '../meta/clone.ts';

/** What a Pod gets and a pod template does not. */
export function podDefaults(pod: Pod): void {
  const spec = pod.spec;
  if (spec === undefined) return;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) requestsFromLimits(container);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) {
    for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
      for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
    }
  }
}

function requestsFromLimits(container: Container): void {
  const limits = container.resources?.limits;
  if (limits === undefined || container.resources === undefined) return;
  const requests: Record<string, string> = { ...container.resources.requests };
  for (const name of Object.keys(limits)) {
    if (!Object.hasOwn(requests, name)) setOwn(requests, name, limits[name]);
  }
  container.resources.requests = requests;
}

export function podSpecDefaults(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // the field's old name is kept in step
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
}
