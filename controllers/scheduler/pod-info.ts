import { assumedRequests, podRequests } from '../../api/pods/pod-resources.ts';
import type { Container, Pod } from '../../api/types/core-v1.ts';
import { keyOf } from '../../client/types.ts';
import type { HostPort, PodInfo } from './framework.ts';

/** Containers and sidecars hold their ports as long as the pod runs; other init containers do not count. */
function hostPortsOf(pod: Pod): HostPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const portsOf = (container: Container): HostPort[] =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => ({ protocol: port.protocol ?? 'TCP', ip: port.hostIP || '0.0.0.0', port: port.hostPort ?? 0 }));
  return [...(pod.spec?.containers ?? []), ...sidecars].flatMap(portsOf);
}

export const podInfoOf = (pod: Pod): PodInfo => ({
  pod,
  key: keyOf(pod),
  requests: podRequests(pod),
  assumedRequests: podRequests(pod, assumedRequests),
  hostPorts: hostPortsOf(pod),
});
