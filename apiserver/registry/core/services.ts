import type { Service, ServicePort } from '../../../api/types/core-v1.ts';
import { define } from '../resource-entry.ts';

const usesNodePorts = (service: Service): boolean =>
  service.spec?.type === 'NodePort' || service.spec?.type === 'LoadBalancer';

const samePort = (a: ServicePort, b: ServicePort): boolean => a.port === b.port && a.protocol === b.protocol;

/** What was allocated stays where the new version does not say otherwise: clients send specs without it. */
function keepAllocated(service: Service, old: Service): void {
  const { spec } = service;
  const before = old.spec;
  if (spec === undefined || before === undefined) return;
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    if (!spec.clusterIP && !spec.clusterIPs?.length) {
      spec.clusterIP = before.clusterIP;
      spec.clusterIPs = before.clusterIPs;
    } else if (spec.clusterIP && !spec.clusterIPs?.length) {
      spec.clusterIPs = [spec.clusterIP];
    } else if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0];
    spec.ipFamilies ??= before.ipFamilies;
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy;
  }
  if (!usesNodePorts(service) || !usesNodePorts(old)) return;
  const taken = new Set(spec.ports?.map((port) => port.nodePort));
  for (const port of spec.ports ?? []) {
    const known = before.ports?.find((candidate) => samePort(candidate, port))?.nodePort;
    if (port.nodePort || !known || taken.has(known)) continue;
    port.nodePort = known;
    taken.add(known);
  }
}

export const services = define('', 'v1', 'services', {
  storage: 'services/specs',
  returnsDeleted: true,
  createOnUpdate: true,
  allocator: 'serviceAddresses',
  prepareForCreate(object) {
    object['status'] = { loadBalancer: {} };
    const { spec } = object as unknown as Service;
    if (spec?.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  },
  prepareForUpdate(object, old) {
    keepAllocated(object, old);
  },
});
