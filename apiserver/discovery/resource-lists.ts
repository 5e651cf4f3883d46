/** The plain discovery documents: APIVersions, APIGroupList, APIGroup, APIResourceList. Pure functions of what is served. */
import { createHash } from 'node:crypto';
import { apiVersionOf } from '../../api/schema/schema.ts';
import type { APIGroup, APIGroupList, APIResource, APIResourceList, APIVersions } from '../../api/types/meta-v1.ts';
import type { ResourceInfo } from '../pipeline.ts';

export type Served = readonly ResourceInfo[];

/** Kinds that the real server does not store in the version that it serves: `group/resource` → group and version. */
const storedAs: Readonly<Record<string, string>> = {
  'events.k8s.io/events': '/v1',
  'apiextensions.k8s.io/customresourcedefinitions': 'apiextensions.k8s.io/v1beta1',
  'admissionregistration.k8s.io/mutatingadmissionpolicies': 'admissionregistration.k8s.io/v1beta1',
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': 'admissionregistration.k8s.io/v1beta1',
};

/** Names the version an object is stored in; clients see a change of it as a migration. */
function storageVersionHash({ group, version, resource, kind }: ResourceInfo): string {
  const stored = storedAs[`${group}/${resource}`] ?? `${group}/${version}`;
  return createHash('sha256').update(`${stored}/${kind}`).digest().subarray(0, 8).toString('base64');
}

/** Resources that live in the store, as against those that only answer, as reviews do. */
const isStored = (resource: ResourceInfo): boolean => resource.verbs.includes('get');

/** Versions of a group, the preferred one first: as the resources name them. */
export function versionsOf(served: Served, group: string): string[] {
  return [...new Set(served.filter((resource) => resource.group === group).map((resource) => resource.version))];
}

/** Named groups (not the core one), in the order the resources name them. */
export const groupsOf = (served: Served): string[] =>
  [...new Set(served.map((resource) => resource.group))].filter((group) => group !== '');

export const apiVersions = (serverAddress: string): APIVersions => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

function groupBody(served: Served, group: string): APIGroup {
  const versions = versionsOf(served, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

export const apiGroup = (served: Served, group: string): APIGroup | undefined =>
  groupsOf(served).includes(group) ? { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(served, group) } : undefined;

export const apiGroupList = (served: Served): APIGroupList => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groupsOf(served).map((group) => groupBody(served, group)),
});

function apiResources(resource: ResourceInfo): APIResource[] {
  const entry: APIResource = {
    name: resource.resource,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: [...resource.verbs],
  };
  if (resource.shortNames.length > 0) entry.shortNames = [...resource.shortNames];
  if (resource.categories.length > 0) entry.categories = [...resource.categories];
  if (isStored(resource)) entry.storageVersionHash = storageVersionHash(resource);
  const subresources = resource.subresources.map((sub): APIResource => {
    const elsewhere = sub.version !== '' && (sub.group !== resource.group || sub.version !== resource.version);
    return {
      name: `${resource.resource}/${sub.name}`,
      singularName: '',
      namespaced: resource.namespaced,
      ...(elsewhere ? { group: sub.group, version: sub.version } : {}),
      kind: sub.kind,
      verbs: [...sub.verbs],
    };
  });
  return [entry, ...subresources];
}

/** What one group version serves; undefined where it serves nothing. */
export function apiResourceList(served: Served, group: string, version: string): APIResourceList | undefined {
  const members = served.filter((resource) => resource.group === group && resource.version === version);
  if (members.length === 0) return undefined;
  const resources = members.flatMap(apiResources);
  const isCustom = members.every(({ custom }) => custom !== undefined);
  return {
    kind: 'APIResourceList',
    // The core group's list has never carried a version of its own.
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: isCustom ? resources : resources.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  };
}
