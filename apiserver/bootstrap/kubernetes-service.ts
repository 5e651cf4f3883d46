import type { Endpoints, Service } from '../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../api/types/discovery-v1.ts';
import type { KubeObject } from '../pipeline.ts';

const namespace = 'default';
const name = 'kubernetes';
const portName = 'https';
/** the port of the service; each server's own port is behind it */
const servicePort = 443;

/** Where one API server is reached. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** The service through which pods find the API. */
export const kubernetesService = (clusterIp: string, targetPort: number): KubeObject => {
  const service: Service = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: portName, protocol: 'TCP', port: servicePort, targetPort }],
    },
  };
  return service as unknown as KubeObject;
};

/** Addresses by port, both in order: servers on one machine differ in their ports only. */
function byPort(servers: readonly ServerAddress[]): [port: number, hosts: string[]][] {
  const hosts = new Map<number, Set<string>>();
  for (const { host, port } of servers) hosts.set(port, (hosts.get(port) ?? new Set()).add(host));
  return [...hosts].sort(([a], [b]) => a - b).map(([port, set]) => [port, [...set].sort()]);
}

/** The live servers as Endpoints: a subset a port. */
export function kubernetesEndpoints(servers: readonly ServerAddress[]): KubeObject {
  const endpoints: Endpoints = {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: byPort(servers).map(([port, hosts]) => ({
      addresses: hosts.map((ip) => ({ ip })),
      ports: [{ name: portName, port, protocol: 'TCP' }],
    })),
  };
  return endpoints as unknown as KubeObject;
}

/** The same as EndpointSlices: one a port, the first named as the service. */
export function kubernetesSlices(servers: readonly ServerAddress[]): KubeObject[] {
  return byPort(servers).map(([port, hosts], index) => {
    const slice: EndpointSlice = {
      kind: 'EndpointSlice',
      apiVersion: 'discovery.k8s.io/v1',
      metadata: {
        name: index === 0 ? name : `${name}-${port}`,
        namespace,
        labels: { 'kubernetes.io/service-name': name },
      },
      addressType: 'IPv4',
      endpoints: hosts.map((host) => ({ addresses: [host], conditions: { ready: true } })),
      ports: [{ name: portName, port, protocol: 'TCP' }],
    };
    return slice as unknown as KubeObject;
  });
}

export const kubernetesServiceKey = { namespace, name };
