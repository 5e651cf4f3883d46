import { newInternalError, newNotFound } from '../../api/meta/status.ts';
import type { Node } from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';

export interface NodeAddressing {
  /** types of addresses, the best first */
  readonly preferred: readonly string[];
  /** where the node does not tell one */
  readonly port: number;
}

export const preferredAddressesDefault: readonly string[] = [
  'Hostname',
  'InternalDNS',
  'InternalIP',
  'ExternalDNS',
  'ExternalIP',
];
export const kubeletPortDefault = 10_250;

export interface NodeLocation {
  readonly host: string;
  readonly port: number;
}

/** Where the kubelet of this node listens, as its status says. Throws where there is no such node or address. */
export async function locateNode(
  store: ObjectStore,
  name: string,
  { preferred, port }: NodeAddressing,
): Promise<NodeLocation> {
  const node = (await store.get('', 'nodes', '', name)) as unknown as Node | undefined;
  if (node === undefined) throw newNotFound({ group: '', resource: 'nodes' }, name);
  const addresses = node.status?.addresses ?? [];
  for (const type of preferred) {
    const host = addresses.find((each) => each.type === type)?.address;
    if (host) return { host, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port || port };
  }
  const known = addresses.map(({ type, address }) => `{${type} ${address}}`).join(' ');
  throw newInternalError(`no preferred addresses found; known addresses: [${known}]`);
}
