import type { Service, ServicePort } from '../../../api/types/core-v1.ts';
import { serviceWarnings } from '../../../api/warnings/service-warnings.ts';
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

const same = (a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean =>
  (a ?? []).join() === (b ?? []).join();
const needsHealthCheck = ({ spec }: Service): boolean =>
  spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
const isOpen = ({ spec }: Service): boolean =>
  spec?.type === 'LoadBalancer' ||
  spec?.type === 'NodePort' ||
  (spec?.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
const nodePortsOf = ({ spec }: Service): number[] => (spec?.ports ?? []).flatMap(({ nodePort }) => nodePort || []);

/** What the former type needed and the new one does not goes, unless it was changed, too: then it is an error. */
function dropUnused(service: Service, old: Service): void {
  const { spec } = service;
  const before = old.spec;
  if (spec === undefined || before === undefined) return;
  if (spec.type === 'ExternalName' && before.type !== 'ExternalName') {
    if ((spec.clusterIP ?? '') === (before.clusterIP ?? '') && same(spec.clusterIPs, before.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (same(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (usesNodePorts(old) && !usesNodePorts(service)) {
    const known = new Set(nodePortsOf(old));
    if (nodePortsOf(service).every((port) => known.has(port)))
      for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheck(old) && !needsHealthCheck(service) && spec.healthCheckNodePort === before.healthCheckNodePort) {
    delete spec.healthCheckNodePort;
  }
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
      if (spec[field] === before[field]) delete spec[field];
    }
  }
  if (isOpen(old) && !isOpen(service) && spec.externalTrafficPolicy === before.externalTrafficPolicy) {
    delete spec.externalTrafficPolicy;
  }
  if (spec.type === 'ExternalName') delete spec.internalTrafficPolicy;
  if (spec.type !== 'LoadBalancer') service.status = { ...service.status, loadBalancer: {} };
}

export const services = define('', 'v1', 'services', {
  storage: 'services/specs',
  returnsDeleted: true,
  createOnUpdate: true,
  allocator: 'serviceAddresses',
  warningsOf: (object) => serviceWarnings(object),
  prepareForCreate(object) {
    object['status'] = { loadBalancer: {} };
    const { spec } = object as unknown as Service;
    if (spec?.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  },
  prepareForUpdate(object, old) {
    keepAllocated(object, old);
    dropUnused(object, old);
  },
});
