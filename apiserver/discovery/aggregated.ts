/** Aggregated discovery: all groups, versions and resources in one document (apidiscovery.k8s.io v2 and v2beta1). */
import type {
  APIGroupDiscovery,
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APISubresourceDiscovery,
} from '../../api/types/apidiscovery-v2.ts';
import type { ResourceInfo } from '../pipeline.ts';
import { groupsOf, type Served, versionsOf } from './resource-lists.ts';

function subresourceDiscovery(resource: ResourceInfo): APISubresourceDiscovery[] {
  return resource.subresources.map((sub) => ({
    subresource: sub.name,
    responseKind:
      sub.version === ''
        ? { group: resource.group, version: resource.version, kind: sub.kind }
        : { group: sub.group, version: sub.version, kind: sub.kind },
    verbs: [...sub.verbs],
  }));
}

function resourceDiscovery(resource: ResourceInfo): APIResourceDiscovery {
  const entry: APIResourceDiscovery = {
    resource: resource.resource,
    responseKind: { group: resource.group, version: resource.version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: [...resource.verbs],
  };
  if (resource.shortNames.length > 0) entry.shortNames = [...resource.shortNames];
  if (resource.categories.length > 0) entry.categories = [...resource.categories];
  const subresources = subresourceDiscovery(resource);
  if (subresources.length > 0) entry.subresources = subresources;
  return entry;
}

function groupDiscovery(served: Served, group: string): APIGroupDiscovery {
  return {
    metadata: group === '' ? {} : { name: group },
    versions: versionsOf(served, group).map((version) => ({
      version,
      resources: served
        .filter((resource) => resource.group === group && resource.version === version)
        .map(resourceDiscovery),
      freshness: 'Current',
    })),
  };
}

export type AggregatedVersion = 'v2' | 'v2beta1';

/** `/api` answers the core group, `/apis` all others. */
export const groupDiscoveryList = (
  served: Served,
  root: '/api' | '/apis',
  version: AggregatedVersion,
): APIGroupDiscoveryList => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: (root === '/api' ? [''] : groupsOf(served)).map((group) => groupDiscovery(served, group)),
});
