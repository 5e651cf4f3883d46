/** Where pods/proxy, services/proxy and nodes/proxy lead. */
import { readyEndpoints, slicesOf } from '../service-endpoints.ts';
import { isIP, isIPv6 } from 'node:net';
import { newBadRequest, newNotFound, newServiceUnavailable } from '../../api/meta/status.ts';
import type { Pod, Service } from '../../api/types/core-v1.ts';
import type { Endpoint } from '../../api/types/discovery-v1.ts';
import { systemRandom } from '../../base/random.ts';
import { keyOf, type ResourceRequest } from '../endpoints/resource-request.ts';
import { kubeletsOf } from '../kubelet/pod-log.ts';
import { pods } from '../registry/core/pods.ts';
import { endpointslices } from '../registry/discovery/endpointslices.ts';

export interface ProxyTarget {
  readonly scheme: string;
  /** `host:port`, or a host alone */
  readonly authority: string;
  /** it is reached as kubelets are: with our certificate, and its own is checked */
  readonly isKubelet: boolean;
}

interface Named {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

/** `web`, `web:80`, `https:web:443`, `web:http`; undefined: none of these */
export function splitName(id: string): Named | undefined {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme)) return undefined;
  return { scheme: scheme === '' ? 'http' : scheme, name, port };
}

function named(kind: string, id: string): Named {
  const found = splitName(id);
  if (found === undefined) throw newBadRequest(`invalid ${kind} request ${JSON.stringify(id)}`);
  return found;
}

const hostPort = (host: string, port: string | number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** No pod is at a loopback, link-local or multicast address: whoever writes one there wants to reach somebody else. */
export function isPodAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  if (isIPv6(address)) return !/^(::1?$|::ffff:|fe[89ab]|ff)/i.test(address);
  return !/^(0|127|169\.254|22[4-9]|23\d|255\.255\.255\.255)(\.|$)/.test(address);
}

export async function podTarget({ ctx, entry, storage }: ResourceRequest): Promise<ProxyTarget> {
  const { scheme, name, port } = named('pod', ctx.info.name);
  const found = await storage.store.read(keyOf(entry, storage.prefix, ctx.info.namespace, name));
  if (found === undefined) throw newNotFound({ group: '', resource: 'pods' }, name);
  const { spec, status } = found.object as unknown as Pod;
  const declared = spec?.containers?.find(({ ports }) => (ports?.length ?? 0) > 0)?.ports?.[0]?.containerPort;
  const address = status?.podIPs?.[0]?.ip ?? status?.podIP ?? '';
  if (!isPodAddress(address)) throw newBadRequest('address not allowed');
  const chosen = port === '' ? declared : port;
  const bare = isIPv6(address) ? `[${address}]` : address;
  return { scheme, authority: chosen === undefined ? bare : hostPort(address, chosen), isKubelet: false };
}

/** The name of the port that is meant. Throws where a number is not among the Service's. */
async function portNameOf({ ctx, entry, storage }: ResourceRequest, name: string, port: string): Promise<string> {
  if (!/^[+-]?\d+$/.test(port)) return port;
  const found = await storage.store.read(keyOf(entry, storage.prefix, ctx.info.namespace, name));
  if (found === undefined) throw newNotFound({ group: '', resource: 'services' }, name);
  const { spec } = found.object as unknown as Service;
  const declared = spec?.ports?.find((each) => each.port === Number(port));
  if (declared === undefined) {
    throw newServiceUnavailable(`no service port ${Number(port)} found for service ${JSON.stringify(name)}`);
  }
  return declared.name ?? '';
}

/** Only addresses that are of the pods they claim to be. */
async function isOfPod({ ctx, services }: ResourceRequest, { addresses, targetRef }: Endpoint): Promise<boolean> {
  const { namespace } = ctx.info;
  if (targetRef?.kind !== 'Pod' || (targetRef.namespace ?? namespace) !== namespace) return false;
  const { store, prefix } = services.storageOf(pods);
  const found = await store.read(keyOf(pods, prefix, namespace, targetRef.name ?? ''));
  const { status } = (found?.object ?? {}) as unknown as Pod;
  const own = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return own.includes(addresses[0] ?? '') && isPodAddress(addresses[0] ?? '');
}

export async function serviceTarget(request: ResourceRequest): Promise<ProxyTarget> {
  const { ctx, services } = request;
  const { scheme, name, port } = named('service', ctx.info.name);
  const portName = await portNameOf(request, name, port);
  const { store, prefix } = services.storageOf(endpointslices);
  const all = [...store.cache.range(`${prefix}${ctx.info.namespace}/`)].map(({ object }) => object);
  const candidates = readyEndpoints(slicesOf(all, name), portName);
  // from a random one on, the first that is right
  const from = systemRandom.below(Math.max(1, candidates.length));
  for (const { endpoint, port: target } of [...candidates.slice(from), ...candidates.slice(0, from)]) {
    if (!(await isOfPod(request, endpoint))) continue;
    return { scheme, authority: hostPort(endpoint.addresses[0] ?? '', target), isKubelet: false };
  }
  throw newServiceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}

export async function nodeTarget(request: ResourceRequest): Promise<ProxyTarget> {
  const { scheme, name, port } = named('node', request.ctx.info.name);
  const location = await kubeletsOf(request).locate(name);
  if (port === '' || port === String(location.port)) {
    return { scheme: 'https', authority: hostPort(location.host, location.port), isKubelet: true };
  }
  // the kubelets of a cluster on one machine are at its loopback address, and nothing else there may be reached
  if (isIP(location.host) !== 0 && !isPodAddress(location.host)) throw newBadRequest('address not allowed');
  return { scheme, authority: hostPort(location.host, port), isKubelet: false };
}
