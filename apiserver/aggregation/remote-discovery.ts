/** What other servers say they serve: told in discovery as if it were served here. */
import type { APIResourceList } from '../../api/types/meta-v1.ts';
import type { ResourceInfo } from '../pipeline.ts';
import type { RemoteService } from './remote-services.ts';

/** `APIResourceList` → the resources of this version. */
export function resourcesOf({ group, version }: RemoteService, list: APIResourceList): ResourceInfo[] {
  const all = list.resources ?? [];
  return all
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => ({
      group,
      version,
      resource: resource.name,
      kind: resource.kind,
      singular: resource.singularName ?? '',
      namespaced: resource.namespaced,
      verbs: resource.verbs ?? [],
      shortNames: resource.shortNames ?? [],
      categories: resource.categories ?? [],
      columns: [],
      typeName: '',
      subresources: all
        .filter(({ name }) => name.startsWith(`${resource.name}/`))
        .map((sub) => ({
          name: sub.name.slice(resource.name.length + 1),
          group: sub.group ?? group,
          version: sub.version ?? (sub.group === undefined ? version : ''),
          kind: sub.kind,
          verbs: sub.verbs ?? [],
        })),
    }));
}

/** Highest priority first. */
export const byPriority = (a: RemoteService, b: RemoteService): number =>
  b.priority[0] - a.priority[0] || a.group.localeCompare(b.group) || b.priority[1] - a.priority[1];
