import type { Container, Pod, PodSpec, PodStatus } from '../types/core-v1.ts';
import { setOwn } from '../meta/clone.ts';

/** What a Pod gets and a pod template does not. */
export function podDefaults(pod: Pod): void {
  const spec = pod.spec;
  if (spec === undefined) return;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) requestsFromLimits(container);
  spec.enableServiceLinks ??= true;
  // negative ones were once stored
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
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

/** `podIP` is the first of `podIPs`; where they differ, the older field counts. */
export function podStatusDefaults(status: PodStatus): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  if (status.podIPs?.[0]?.ip) status.podIP = status.podIPs[0].ip;
}
