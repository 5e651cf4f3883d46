/** Where a Service answers: the ready endpoints of its slices, as this server knows them. */
import { isIPv6 } from 'node:net';
import { systemRandom } from '../../base/random.ts';
import type { Service } from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { readyEndpoints, slicesOf } from '../service-endpoints.ts';

/** Why there is no endpoint: reason and message of the condition Available. */
export class NoEndpoint extends Error {
  override name = 'NoEndpoint';
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

const hostPort = (host: string, port: number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** `host:port` of one of them. Throws NoEndpoint. */
export async function endpointOf(store: ObjectStore, namespace: string, name: string, port: number): Promise<string> {
  const service = (await store.get('', 'services', namespace, name)) as unknown as Service | undefined;
  if (service === undefined) {
    throw new NoEndpoint('ServiceNotFound', `service/${name} in "${namespace}" is not present`);
  }
  if (service.spec?.type === 'ExternalName') return hostPort(service.spec.externalName ?? '', port);
  const known = service.spec?.ports?.find((each) => each.port === port);
  if (known === undefined) {
    throw new NoEndpoint('ServicePortError', `service/${name} in "${namespace}" is not listening on port ${port}`);
  }
  const slices = slicesOf(await store.list('discovery.k8s.io', 'endpointslices', namespace), name);
  if (slices.length === 0) {
    const message = `cannot find endpointslices for service/${name} in "${namespace}"`;
    throw new NoEndpoint('EndpointsNotFound', message);
  }
  const portName = known.name ?? '';
  const addresses = readyEndpoints(slices, portName).flatMap((ready) =>
    ready.endpoint.addresses.map((ip) => hostPort(ip, ready.port)),
  );
  const chosen = addresses[systemRandom.below(Math.max(1, addresses.length))];
  if (chosen === undefined) {
    const message = `endpointslices for service/${name} in "${namespace}" have no addresses with port name "${portName}"`;
    throw new NoEndpoint('MissingEndpoints', message);
  }
  return chosen;
}
