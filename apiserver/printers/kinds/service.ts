import type { Endpoints, Service } from '../../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts';
import { age, firstFew, labelsText, nameOf, none, orNone, unset } from '../cell-text.ts';
import { rows } from '../row-printer.ts';

const endpointsShownMax = 3;

interface Ingress {
  ip?: string;
  hostname?: string;
}

/** Addresses of a load balancer, each once and sorted. */
export const loadBalancerText = (ingress: readonly Ingress[] | undefined): string =>
  [...new Set((ingress ?? []).map((entry) => entry.ip || entry.hostname || '').filter((text) => text !== ''))]
    .sort()
    .join(',');

function externalIp(service: Service): string {
  const external = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(external.join(','));
    case 'LoadBalancer': {
      const balancer = loadBalancerText(service.status?.loadBalancer?.ingress);
      return [balancer, ...external].filter((text) => text !== '').join(',') || '<pending>';
    }
    case 'ExternalName':
      return service.spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

const servicePorts = (service: Service): string =>
  (service.spec?.ports ?? [])
    .map((p) => (p.nodePort ? `${p.port}:${p.nodePort}/${p.protocol ?? ''}` : `${p.port}/${p.protocol ?? ''}`))
    .join(',');

export const serviceRows = rows<Service>((object, nowMs) => [
  nameOf(object),
  object.spec?.type ?? '',
  object.spec?.clusterIPs?.[0] ?? none,
  externalIp(object),
  orNone(servicePorts(object)),
  age(object, nowMs),
  labelsText(object.spec?.selector),
]);

const hostPort = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

export const endpointsRows = rows<Endpoints>((object, nowMs) => {
  const texts = (object.subsets ?? []).flatMap((subset) => {
    const ips = (subset.addresses ?? []).map((address) => address.ip);
    // A headless service may have no ports.
    if (!subset.ports?.length) return ips;
    return subset.ports.flatMap((port) => ips.map((ip) => hostPort(ip, port.port)));
  });
  return [nameOf(object), firstFew(texts, endpointsShownMax, none), age(object, nowMs)];
});

export const endpointSliceRows = rows<EndpointSlice>((object, nowMs) => [
  nameOf(object),
  object.addressType,
  firstFew(
    (object.ports ?? []).map((port) => (port.port !== undefined ? String(port.port) : (port.name ?? '*'))),
    endpointsShownMax,
    unset,
  ),
  firstFew(
    (object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []),
    endpointsShownMax,
    unset,
  ),
  age(object, nowMs),
]);
