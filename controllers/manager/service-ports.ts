import type { Container, Pod, Service, ServicePort } from '../../api/types/core-v1.ts';

export interface ResolvedPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** The pod's own port that a service port leads to; a named port is looked up in the pod, so it may differ from pod to pod. */
export function resolvePort(port: ServicePort, pod: Pod): number | undefined {
  const target =
    port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '' ? port.port : port.targetPort;
  if (typeof target === 'number') return target;
  const restartable = (pod.spec?.initContainers ?? []).filter((c: Container) => c.restartPolicy === 'Always');
  for (const container of [...(pod.spec?.containers ?? []), ...restartable]) {
    for (const candidate of container.ports ?? []) {
      if (candidate.name === target && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'))
        return candidate.containerPort;
    }
  }
  return undefined;
}

/** Those of the service's ports that the pod has. */
export function resolvePorts(service: Service, pod: Pod): ResolvedPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = resolvePort(port, pod);
    if (number === undefined) return [];
    const { name, appProtocol, protocol = 'TCP' } = port;
    return [{ ...(name ? { name } : {}), port: number, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

export function podIpOf(pod: Pod, family: string): string | undefined {
  const isOfFamily = (ip: string): boolean => ip.includes(':') === (family === 'IPv6');
  const ips = [...(pod.status?.podIPs ?? []).map((p) => p.ip), pod.status?.podIP];
  return ips.find((ip): ip is string => ip !== undefined && ip !== '' && isOfFamily(ip));
}

/** ExternalName services and those without a selector have endpoints that someone else keeps. */
export const hasManagedEndpoints = (service: Service): boolean =>
  service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0;
