import { isIPv6 } from 'node:net';
import { newNotFound } from '../../../api/meta/status.ts';
import type { ServiceReference, WebhookClientConfig } from '../../../api/types/admissionregistration-v1.ts';
import type { Service } from '../../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts';
import type { ObjectStore } from '../../pipeline.ts';
import { readyEndpoints, slicesOf } from '../../service-endpoints.ts';

/** Where a call goes, and as whom it has to prove itself. */
export interface WebhookTarget {
  /** address to connect to */
  readonly host: string;
  readonly port: number;
  /** in the certificate */
  readonly serverName: string;
  /** with its query, if any */
  readonly path: string;
  /** as errors show it */
  readonly url: string;
  /** PEM; undefined: what the system trusts */
  readonly ca: string | undefined;
}

const portDefault = 443;
const serviceTypes: ReadonlySet<string> = new Set(['ClusterIP', 'NodePort', 'LoadBalancer']);

const caOf = ({ caBundle }: WebhookClientConfig): string | undefined =>
  caBundle ? Buffer.from(caBundle, 'base64').toString('utf8') : undefined;

const endpointOf = (slices: readonly EndpointSlice[], portName: string): { host: string; port: number } | undefined => {
  // the first that is ready: which one does not matter, and the same one keeps its connection
  const ready = readyEndpoints(slices, portName).find(({ endpoint }) => endpoint.addresses.length > 0);
  return ready && { host: ready.endpoint.addresses[0]!, port: ready.port };
};

/** An endpoint of the service that is ready, else its cluster address. Throws what a caller is told. */
const resolveService = async (
  { namespace, name, port = portDefault }: ServiceReference,
  store: ObjectStore,
): Promise<{ host: string; port: number }> => {
  const found = (await store.get('', 'services', namespace, name)) as Service | undefined;
  if (found === undefined) throw newNotFound({ group: '', resource: 'services' }, name);
  const { type = 'ClusterIP', ports = [], clusterIP } = found.spec ?? {};
  if (!serviceTypes.has(type)) throw new Error(`unsupported service type "${type}"`);
  const servicePort = ports.find((candidate) => candidate.port === port);
  if (servicePort === undefined) throw new Error(`no service port ${port} found for service "${name}"`);
  const slices = slicesOf(await store.list('discovery.k8s.io', 'endpointslices', namespace), name);
  const endpoint = endpointOf(slices, servicePort.name ?? '');
  if (endpoint !== undefined) return endpoint;
  if (slices.length > 0 || !clusterIP || clusterIP === 'None') {
    throw new Error(`no endpoints available for service "${name}"`);
  }
  return { host: clusterIP, port };
};

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** Throws where there is nothing to connect to. */
export const webhookTarget = async (config: WebhookClientConfig, store: ObjectStore): Promise<WebhookTarget> => {
  const { service, url } = config;
  if (service !== undefined) {
    const serverName = `${service.name}.${service.namespace}.svc`;
    const path = service.path || '/';
    const address = await resolveService(service, store);
    return {
      ...address,
      serverName,
      path,
      url: `https://${serverName}:${service.port ?? portDefault}${path}`,
      ca: caOf(config),
    };
  }
  if (!url) throw new Error('webhook configuration must have either service or URL');
  const parsed = new URL(url);
  const host = bare(parsed.hostname);
  return {
    host,
    port: parsed.port === '' ? portDefault : Number(parsed.port),
    // certificates name addresses without the brackets, and TLS sends no address as a name
    serverName: host,
    path: parsed.pathname || '/',
    url: `https://${isIPv6(host) ? `[${host}]` : host}${parsed.port === '' ? '' : `:${parsed.port}`}${parsed.pathname}`,
    ca: caOf(config),
  };
};
