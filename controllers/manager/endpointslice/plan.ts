import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import type { Node, Pod, Service } from '../../../api/types/core-v1.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../../api/types/discovery-v1.ts';
import { endpointSlices, services } from '../../../client/resources.ts';
import { controllerRef } from '../claim.ts';
import { isPodFinished, isPodReady } from '../pod-state.ts';
import { podIpOf, resolvePorts } from '../service-ports.ts';

export const endpointsPerSliceMax = 100;
export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const managedBy = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';
const zoneLabel = 'topology.kubernetes.io/zone';

/** Endpoints that share address type and ports can share slices. */
interface Group {
  readonly addressType: string;
  readonly ports: EndpointPort[];
  readonly endpoints: Map<string, Endpoint>;
}

export interface SlicePlan {
  readonly create: EndpointSlice[];
  readonly update: EndpointSlice[];
  readonly remove: EndpointSlice[];
}

/** Same address and same object behind it. */
const identityOf = (endpoint: Endpoint): string =>
  `${[...endpoint.addresses].sort().join(',')}|${endpoint.targetRef?.uid ?? ''}`;
const groupKey = (addressType: string, ports: readonly EndpointPort[]): string =>
  `${addressType}|${JSON.stringify(
    ports
      .map(({ name = '', port, protocol = 'TCP', appProtocol = '' }) => [name, port, protocol, appProtocol])
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  )}`;

export function endpointOf(service: Service, pod: Pod, ip: string, node: Node | undefined): Endpoint {
  const isTerminating = pod.metadata?.deletionTimestamp !== undefined;
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const serving = isPodReady(pod);
  const { name, namespace, uid } = pod.metadata ?? {};
  const isNamed =
    pod.spec?.hostname && pod.spec.subdomain === service.metadata?.name && namespace === service.metadata?.namespace;
  return {
    addresses: [ip],
    conditions: { ready: publishAll || (serving && !isTerminating), serving, terminating: isTerminating },
    hostname: isNamed ? pod.spec?.hostname : undefined,
    nodeName: pod.spec?.nodeName,
    targetRef: { kind: 'Pod', name, namespace, uid },
    zone: node?.metadata?.labels?.[zoneLabel],
  };
}

function groupsOf(
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const addressType of service.spec?.ipFamilies ?? ['IPv4']) {
    for (const pod of pods) {
      const ip = podIpOf(pod, addressType);
      if (!ip || isPodFinished(pod)) continue;
      const ports: EndpointPort[] = resolvePorts(service, pod).map((port) => ({ ...port, name: port.name ?? '' }));
      const key = groupKey(addressType, ports);
      const group: Group = groups.get(key) ?? { addressType, ports, endpoints: new Map() };
      const endpoint = endpointOf(service, pod, ip, nodeOf(pod.spec?.nodeName ?? ''));
      group.endpoints.set(identityOf(endpoint), endpoint);
      groups.set(key, group);
    }
  }
  return groups;
}

/**
 * Changes as few slices as it can: endpoints stay in the slice that they are in, new ones fill the fullest slice with room,
 * and what is left over gets new slices.
 */
export function planSlices(
  service: Service,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
  nodeOf: (name: string) => Node | undefined,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const groups = groupsOf(service, pods, nodeOf);
  const byGroup = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = groupKey(slice.addressType, slice.ports ?? []);
    byGroup.set(key, [...(byGroup.get(key) ?? []), slice]);
  }
  const isEmpty = groups.size === 0;
  for (const [key, group] of groups) planGroup(service, group, byGroup.get(key) ?? [], plan);
  const leftover = [...byGroup].filter(([key]) => !groups.has(key)).flatMap(([, slices]) => slices);
  // A service without endpoints keeps one empty slice, so that readers know that it was looked at.
  for (const addressType of isEmpty ? (service.spec?.ipFamilies ?? ['IPv4']) : []) {
    const place = leftover.findIndex((slice) => slice.addressType === addressType);
    const kept = place === -1 ? undefined : leftover.splice(place, 1)[0];
    const empty = sliceOf(service, addressType, [], [], kept);
    if (!kept) plan.create.push(empty);
    else if (!sameSlice(kept, empty)) plan.update.push(empty);
  }
  // What would go becomes what would come: nobody sees both for a moment, nor neither.
  for (const slice of leftover) {
    const place = plan.create.findIndex(({ addressType }) => addressType === slice.addressType);
    const [created] = place === -1 ? [] : plan.create.splice(place, 1);
    if (created === undefined) plan.remove.push(slice);
    else plan.update.push(sliceOf(service, created.addressType, created.ports ?? [], created.endpoints ?? [], slice));
  }
  return plan;
}

function planGroup(service: Service, group: Group, slices: readonly EndpointSlice[], plan: SlicePlan): void {
  const missing = new Map(group.endpoints);
  const kept = slices.map((slice) => ({
    slice,
    endpoints: (slice.endpoints ?? []).flatMap((endpoint) => {
      const wanted = missing.get(identityOf(endpoint));
      missing.delete(identityOf(endpoint));
      return wanted ? [wanted] : [];
    }),
  }));
  const toPlace = [...missing.values()];
  for (const place of [...kept].sort((a, b) => b.endpoints.length - a.endpoints.length)) {
    const room = endpointsPerSliceMax - place.endpoints.length;
    if (room > 0) place.endpoints.push(...toPlace.splice(0, room));
  }
  for (const { slice, endpoints } of kept) {
    const next = sliceOf(service, group.addressType, group.ports, endpoints, slice);
    if (endpoints.length === 0) plan.remove.push(slice);
    else if (!sameSlice(slice, next)) plan.update.push(next);
  }
  while (toPlace.length > 0) {
    plan.create.push(
      sliceOf(service, group.addressType, group.ports, toPlace.splice(0, endpointsPerSliceMax), undefined),
    );
  }
}

function sliceOf(
  service: Service,
  addressType: string,
  ports: EndpointPort[],
  endpoints: Endpoint[],
  current: EndpointSlice | undefined,
): EndpointSlice {
  const { name = '', namespace } = service.metadata ?? {};
  const labels: Record<string, string> = {
    ...service.metadata?.labels,
    [serviceNameLabel]: name,
    [managedByLabel]: managedBy,
  };
  if (service.spec?.clusterIP === 'None') labels[headlessLabel] = '';
  else delete labels[headlessLabel];
  const identity = current ? current.metadata : { generateName: `${name}-`, namespace };
  return {
    ...current,
    apiVersion: 'discovery.k8s.io/v1',
    kind: endpointSlices.kind,
    metadata: { ...identity, labels, ownerReferences: [controllerRef(services, service)] },
    addressType,
    ports,
    endpoints,
  };
}

const sameSlice = (a: EndpointSlice, b: EndpointSlice): boolean =>
  semanticEqual(a.endpoints, b.endpoints) &&
  semanticEqual(a.metadata?.labels, b.metadata?.labels) &&
  semanticEqual(a.metadata?.ownerReferences, b.metadata?.ownerReferences);
