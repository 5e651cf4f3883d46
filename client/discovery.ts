import type { APIGroupList, APIResourceList } from '../api/types/meta-v1.ts';
import { messageOf } from './api-errors.ts';
import type { KubeClient, ResourceRef } from './types.ts';

export interface DiscoveredResource extends ResourceRef {
  readonly verbs: readonly string[];
}

export interface Discovery {
  readonly resources: DiscoveredResource[];
  /** group versions that did not answer, and why: their resources are unknown, not absent */
  readonly failures: { groupVersion: string; message: string }[];
}

/** All resources (no subresources) in the version of each group that the server prefers. */
export async function discoverResources(client: KubeClient, signal?: AbortSignal): Promise<Discovery> {
  const { groups } = await client.request<APIGroupList>('GET', '/apis', undefined, signal);
  const preferred = groups.flatMap(
    (group) => group.preferredVersion?.groupVersion ?? group.versions[0]?.groupVersion ?? [],
  );
  const discovery: Discovery = { resources: [], failures: [] };
  await Promise.all(
    ['v1', ...preferred].map(async (groupVersion) => {
      try {
        const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
        const list = await client.request<APIResourceList>('GET', path, undefined, signal);
        discovery.resources.push(...resourcesOf(list, groupVersion));
      } catch (error) {
        discovery.failures.push({ groupVersion, message: messageOf(error) });
      }
    }),
  );
  return discovery;
}

function resourcesOf(list: APIResourceList, groupVersion: string): DiscoveredResource[] {
  const [group = '', version = ''] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return list.resources
    .filter((resource) => !resource.name.includes('/'))
    .map(({ name, kind, namespaced, verbs }) => ({
      group,
      version,
      resource: name,
      kind,
      namespaced,
      verbs: verbs ?? [],
    }));
}

export const resourceId = (ref: ResourceRef): string => `${ref.resource}.${ref.version}.${ref.group}`;
