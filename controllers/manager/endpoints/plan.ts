import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import type {
  EndpointAddress,
  EndpointPort,
  Endpoints,
  EndpointSubset,
  Pod,
  Service,
} from '../../../api/types/core-v1.ts';
import { isPodFinished, isPodReady } from '../pod-state.ts';
import { podIpOf, resolvePorts } from '../service-ports.ts';

/** Endpoints objects hold no more addresses than this; readers that need all use EndpointSlices. */
export const addressesMax = 1000;
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
const triggerAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';
const headlessLabel = 'service.kubernetes.io/headless';
const managedByLabel = 'endpoints.kubernetes.io/managed-by';

interface Placed {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

interface Group {
  readonly ports: EndpointPort[];
  readonly placed: Placed[];
}

/** The Endpoints object as it shall be. Pods on their way out are not in it at all (they are in EndpointSlices, marked). */
export function desiredEndpoints(service: Service, pods: readonly Pod[], current: Endpoints | undefined): Endpoints {
  const family = service.spec?.ipFamilies?.[0] ?? 'IPv4';
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const ip = podIpOf(pod, family);
    if (!ip || isPodFinished(pod) || (pod.metadata?.deletionTimestamp && !publishAll)) continue;
    const ports = resolvePorts(service, pod);
    if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) continue;
    const key = JSON.stringify(ports);
    const group: Group = groups.get(key) ?? { ports, placed: [] };
    group.placed.push({ address: addressOf(service, pod, ip), ready: publishAll || isPodReady(pod) });
    groups.set(key, group);
  }
  const { subsets, isOver } = capped(
    [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
  );
  return {
    ...current,
    metadata: {
      ...current?.metadata,
      name: service.metadata?.name,
      namespace: service.metadata?.namespace,
      labels: labelsOf(service),
      annotations: annotationsOf(current, isOver),
    },
    subsets,
  };
}

function labelsOf(service: Service): Record<string, string> {
  const labels = { ...service.metadata?.labels, [managedByLabel]: 'endpoint-controller' };
  return service.spec?.clusterIP === 'None' ? { ...labels, [headlessLabel]: '' } : labels;
}

function annotationsOf(current: Endpoints | undefined, isOver: boolean): Record<string, string> {
  const { [overCapacityAnnotation]: _, [triggerAnnotation]: __, ...rest } = current?.metadata?.annotations ?? {};
  return isOver ? { ...rest, [overCapacityAnnotation]: 'truncated' } : rest;
}

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { name, namespace, uid } = pod.metadata ?? {};
  const hostname = pod.spec?.hostname && pod.spec.subdomain === service.metadata?.name ? pod.spec.hostname : undefined;
  return { ip, nodeName: pod.spec?.nodeName, hostname, targetRef: { kind: 'Pod', name, namespace, uid } };
}

/** Ready addresses before others where not all fit. */
function capped(groups: readonly { ports: EndpointPort[]; placed: Placed[] }[]): {
  subsets: EndpointSubset[];
  isOver: boolean;
} {
  const byIp = (a: Placed, b: Placed): number => (a.address.ip < b.address.ip ? -1 : 1);
  let left = addressesMax;
  const take = (placed: Placed[], ready: boolean): EndpointAddress[] => {
    const taken = placed
      .filter((p) => p.ready === ready)
      .sort(byIp)
      .slice(0, left);
    left -= taken.length;
    return taken.map((p) => p.address);
  };
  const ready = groups.map((group) => take(group.placed, true));
  const notReady = groups.map((group) => take(group.placed, false));
  const total = groups.reduce((count, group) => count + group.placed.length, 0);
  const subsets = groups.map((group, i) => ({
    addresses: ready[i],
    notReadyAddresses: notReady[i],
    ports: group.ports,
  }));
  return {
    subsets: subsets.filter((s) => (s.addresses?.length ?? 0) + (s.notReadyAddresses?.length ?? 0) > 0),
    isOver: total > addressesMax,
  };
}

/** Equal but for what does not concern readers. */
export const sameEndpoints = (a: Endpoints | undefined, b: Endpoints): boolean =>
  a !== undefined &&
  semanticEqual(a.subsets, b.subsets) &&
  semanticEqual(a.metadata?.labels, b.metadata?.labels) &&
  semanticEqual(
    annotationsOf(a, a.metadata?.annotations?.[overCapacityAnnotation] !== undefined),
    b.metadata?.annotations,
  );
