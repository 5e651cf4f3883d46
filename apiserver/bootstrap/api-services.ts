import type { PostStartHook } from '../pipeline.ts';
import { served } from '../registry/registry.ts';

/** Group → how early it comes among all groups, and `version` where it is not 15 as that of most. */
const priorities: Readonly<Record<string, { group: number; version?: Readonly<Record<string, number>> }>> = {
  '': { group: 18_000, version: { v1: 1 } },
  'apiregistration.k8s.io': { group: 18_000 },
  apps: { group: 17_800 },
  'events.k8s.io': { group: 17_750 },
  'authentication.k8s.io': { group: 17_700 },
  'authorization.k8s.io': { group: 17_600 },
  autoscaling: { group: 17_500, version: { v2: 30 } },
  batch: { group: 17_400 },
  'certificates.k8s.io': { group: 17_300 },
  'networking.k8s.io': { group: 17_200 },
  policy: { group: 17_100 },
  'rbac.authorization.k8s.io': { group: 17_000 },
  'storage.k8s.io': { group: 16_800 },
  'apiextensions.k8s.io': { group: 16_700 },
  'admissionregistration.k8s.io': { group: 16_700 },
  'scheduling.k8s.io': { group: 16_600 },
  'coordination.k8s.io': { group: 16_500 },
  'node.k8s.io': { group: 16_300 },
  'discovery.k8s.io': { group: 16_200 },
  'resource.k8s.io': { group: 16_200, version: { v1: 21 } },
  'flowcontrol.apiserver.k8s.io': { group: 16_100, version: { v1: 21 } },
};
const versionPriorityDefault = 15;
const apiServices = { group: 'apiregistration.k8s.io', resource: 'apiservices' };
/** it answers for itself: the real server has no object for it */
const without: ReadonlySet<string> = new Set([apiServices.group]);

/** An APIService for each group version that this server has itself, so that clients find all of them in one list. */
export const apiServicesHook: PostStartHook = {
  name: 'apiservice-registration-controller',
  async run(store, signal) {
    const versions = new Map(served.map((info) => [`${info.version}.${info.group}`, info]));
    for (const [name, { group, version }] of versions) {
      signal.throwIfAborted();
      const known = priorities[group];
      if (known === undefined || without.has(group)) continue;
      if (await store.get(apiServices.group, apiServices.resource, '', name)) continue;
      await store.ensure(apiServices.group, apiServices.resource, {
        apiVersion: `${apiServices.group}/v1`,
        kind: 'APIService',
        metadata: { name, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
        spec: {
          ...(group === '' ? {} : { group }),
          version,
          groupPriorityMinimum: known.group,
          versionPriority: known.version?.[version] ?? versionPriorityDefault,
        },
      });
    }
  },
};
