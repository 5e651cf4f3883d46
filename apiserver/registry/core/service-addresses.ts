import { systemRandom, type Random } from '../../../base/random.ts';
import { newInternalError, newInvalid } from '../../../api/meta/status.ts';
import type { Service } from '../../../api/types/core-v1.ts';
import {
  clusterIpOutOfRange,
  clusterIpTaken,
  nodePortOutOfRange,
  nodePortTaken,
} from '../../../api/validation/service.ts';
import type { KubeObject } from '../../pipeline.ts';
import { encodeForStore } from '../../storage/cached-object.ts';
import type { EtcdClient, Guard, Operation } from '../../storage/etcd-client.ts';
import type { Together } from '../../storage/resource-store.ts';
import type { WatchCache } from '../../storage/watch-cache.ts';
import type { Allocator } from '../resource-entry.ts';
import { settleIpFamilies } from './ip-families.ts';
import type { IpRange } from './ip-range.ts';

const serviceKind = { group: '', kind: 'Service' };
const nodePortsDefault = { first: 30_000, last: 32_767 };
/** random picks before all are looked through in order */
const randomPicksMax = 64;

export interface ServiceAddressesOptions {
  readonly client: EtcdClient;
  /** `/registry/` */
  readonly prefix: string;
  readonly range: IpRange;
  /** both ends included */
  readonly nodePorts?: { readonly first: number; readonly last: number };
  /** all services, to know what is likely to be free */
  readonly services: WatchCache;
  readonly random?: Random;
}

const clusterIpsOf = (service: Service | undefined): string[] =>
  (service?.spec?.clusterIPs ?? []).filter((ip) => ip !== '' && ip !== 'None');

const usesNodePorts = ({ spec }: Service): boolean =>
  spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

const nodePortsOf = (service: Service | undefined): number[] => {
  const { ports = [], healthCheckNodePort = 0 } = service?.spec ?? {};
  return [...new Set([...ports.map((port) => port.nodePort ?? 0), healthCheckNodePort].filter((port) => port > 0))];
};

const needsHealthCheck = (service: Service | undefined): boolean =>
  service?.spec?.type === 'LoadBalancer' && service.spec.externalTrafficPolicy === 'Local';

/**
 * Cluster IPs and node ports. Each one in use is a key of the store, created in the same transaction as the service
 * that uses it and removed with it: two API servers cannot give out the same one, and none is ever leaked.
 *
 *     /registry/ipaddresses/10.96.0.10      an IPAddress object, as kube-apiserver keeps it
 *     /registry/servicenodeports/30080      which service has it
 */
export class ServiceAddresses implements Allocator {
  readonly #options: ServiceAddressesOptions;
  readonly #random: Random;
  readonly #nodePorts: { readonly first: number; readonly last: number };

  constructor(options: ServiceAddressesOptions) {
    this.#options = options;
    this.#nodePorts = options.nodePorts ?? nodePortsDefault;
    this.#random = options.random ?? systemRandom;
  }

  async together(object: KubeObject, old: KubeObject | undefined): Promise<Together> {
    const service = object as unknown as Service;
    const before = old as unknown as Service | undefined;
    settleIpFamilies(service, before);
    await this.#settleClusterIps(service, before);
    const chosen = await this.#settleNodePorts(service, before);
    await this.#settleHealthCheck(service, before, chosen);
    return this.#difference(service, before);
  }

  release(object: KubeObject): Together {
    const service = object as unknown as Service;
    const keys = [
      ...clusterIpsOf(service).map((ip) => this.#ipKey(ip)),
      ...nodePortsOf(service).map((port) => this.#portKey(port)),
    ];
    return { operations: keys.map((key) => ({ delete: { key } })) };
  }

  #ipKey(ip: string): string {
    return `${this.#options.prefix}ipaddresses/${ip}`;
  }

  #portKey(port: number): string {
    return `${this.#options.prefix}servicenodeports/${port}`;
  }

  async #isTaken(key: string): Promise<boolean> {
    return (await this.#options.client.range({ key, keysOnly: true })).kvs.length > 0;
  }

  async #settleClusterIps(service: Service, before: Service | undefined): Promise<void> {
    const { spec } = service;
    if (spec === undefined) return;
    if (spec.type === 'ExternalName') {
      for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) delete spec[field];
      return;
    }
    if (spec.clusterIP === 'None') {
      spec.clusterIPs = ['None'];
      return;
    }
    const refuse = (error: ReturnType<typeof clusterIpTaken>): Error =>
      newInvalid(serviceKind, service.metadata?.name ?? '', [error]);
    const own = new Set(clusterIpsOf(before));
    const wanted = spec.clusterIPs?.length ? spec.clusterIPs : spec.clusterIP ? [spec.clusterIP] : [];
    for (const ip of wanted) {
      if (own.has(ip)) continue;
      if (!this.#options.range.contains(ip)) throw refuse(clusterIpOutOfRange(wanted, ip, this.#options.range.cidr));
      if (await this.#isTaken(this.#ipKey(ip))) throw refuse(clusterIpTaken(wanted, ip));
    }
    const ips = wanted.length > 0 ? wanted : [this.#freeIp()];
    spec.clusterIP = ips[0] as string;
    spec.clusterIPs = [...ips];
  }

  /** Free as far as this server knows; the transaction proves it. */
  #freeIp(): string {
    const { range, services } = this.#options;
    const used = new Set<string>();
    for (const { object } of services.range(services.prefix)) {
      for (const ip of clusterIpsOf(object)) used.add(ip);
    }
    const first = Math.max(1, range.staticBand);
    const usable = range.size - 1 - first;
    for (let i = 0; i < randomPicksMax; i++) {
      const ip = range.at(first + this.#random.below(usable));
      if (!used.has(ip)) return ip;
    }
    for (let offset = range.size - 2; offset > 0; offset--) {
      if (!used.has(range.at(offset))) return range.at(offset);
    }
    throw newInternalError('failed to allocate a serviceIP: range is full');
  }

  /** Which ones are taken by it now. */
  async #settleNodePorts(service: Service, before: Service | undefined): Promise<Set<number>> {
    const ports = service.spec?.ports ?? [];
    const own = new Set(nodePortsOf(before));
    if (!usesNodePorts(service)) {
      // Ports that came with the former type go with it, unless asked for by number.
      const isLoadBalancer = service.spec?.type === 'LoadBalancer';
      if (!isLoadBalancer) for (const port of ports) delete port.nodePort;
      if (!isLoadBalancer) return new Set();
    }
    const chosen = new Set<number>();
    for (const [index, port] of ports.entries()) {
      if (!port.nodePort) continue;
      const refuse = (error: ReturnType<typeof nodePortTaken>): Error =>
        newInvalid(serviceKind, service.metadata?.name ?? '', [error]);
      const { first, last } = this.#nodePorts;
      if (port.nodePort < first || port.nodePort > last) {
        throw refuse(nodePortOutOfRange(index, port.nodePort, `${first}-${last}`));
      }
      const isNew = !own.has(port.nodePort) && !chosen.has(port.nodePort);
      if (isNew && (await this.#isTaken(this.#portKey(port.nodePort))))
        throw refuse(nodePortTaken(index, port.nodePort));
      chosen.add(port.nodePort);
    }
    if (!usesNodePorts(service)) return chosen;
    for (const port of ports) {
      if (port.nodePort) continue;
      port.nodePort = this.#freePort(chosen);
      chosen.add(port.nodePort);
    }
    return chosen;
  }

  /** Where load balancers ask whether a node has pods of the service. */
  async #settleHealthCheck(service: Service, before: Service | undefined, chosen: ReadonlySet<number>): Promise<void> {
    const { spec } = service;
    if (spec === undefined || !needsHealthCheck(service) || needsHealthCheck(before)) return;
    const wanted = spec.healthCheckNodePort ?? 0;
    if (wanted === 0) {
      spec.healthCheckNodePort = this.#freePort(chosen);
      return;
    }
    const { first, last } = this.#nodePorts;
    const isTaken = chosen.has(wanted) || (await this.#isTaken(this.#portKey(wanted)));
    if (wanted >= first && wanted <= last && !isTaken) return;
    const why = isTaken
      ? 'provided port is already allocated'
      : `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    throw newInternalError(`failed to allocate requested HealthCheck NodePort ${wanted}: ${why}`);
  }

  #freePort(chosen: ReadonlySet<number>): number {
    const { services } = this.#options;
    const used = new Set(chosen);
    for (const { object } of services.range(services.prefix)) {
      for (const port of nodePortsOf(object)) used.add(port);
    }
    const { first, last } = this.#nodePorts;
    const count = last - first + 1;
    for (let i = 0; i < randomPicksMax; i++) {
      const port = first + this.#random.below(count);
      if (!used.has(port)) return port;
    }
    for (let port = first; port <= last; port++) if (!used.has(port)) return port;
    throw newInternalError('failed to allocate a nodePort: range is full');
  }

  #difference(service: Service, before: Service | undefined): Together {
    const guards: Guard[] = [];
    const operations: Operation[] = [];
    const { name = '', namespace = '' } = service.metadata ?? {};
    const take = (key: string, value: Uint8Array): void => {
      guards.push({ key, modRevision: 0 });
      operations.push({ put: { key, value } });
    };
    const [oldIps, newIps] = [clusterIpsOf(before), clusterIpsOf(service)];
    const [oldPorts, newPorts] = [nodePortsOf(before), nodePortsOf(service)];
    for (const ip of newIps) {
      if (!oldIps.includes(ip)) take(this.#ipKey(ip), ipRecord(ip, namespace, name, service));
    }
    for (const port of newPorts) {
      if (!oldPorts.includes(port)) take(this.#portKey(port), encodeForStore({ service: `${namespace}/${name}` }));
    }
    for (const ip of oldIps) if (!newIps.includes(ip)) operations.push({ delete: { key: this.#ipKey(ip) } });
    for (const port of oldPorts)
      if (!newPorts.includes(port)) operations.push({ delete: { key: this.#portKey(port) } });
    return { guards, operations };
  }
}

const ipRecord = (ip: string, namespace: string, name: string, service: Service): Uint8Array =>
  encodeForStore({
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: ip,
      creationTimestamp: service.metadata?.creationTimestamp,
      labels: {
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace, name } },
  });
