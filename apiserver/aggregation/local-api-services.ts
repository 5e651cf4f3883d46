/** The objects that say which APIs this server answers itself. */
import type { APIService } from '../../api/types/apiregistration-v1.ts';
import type { ResourceInfo } from '../pipeline.ts';

export const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';

/** groupPriorityMinimum, as kube-apiserver's; groups that are not named here come from definitions */
const priorities: Readonly<Record<string, number>> = {
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'apiextensions.k8s.io': 16_700,
  'admissionregistration.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
};
/** their first version came when others had one: ahead of those */
const lateVersions: ReadonlySet<string> = new Set(['resource.k8s.io', 'flowcontrol.apiserver.k8s.io']);
/** what answers for itself needs no object */
const without = 'apiregistration.k8s.io';
const [definedGroupPriority, definedVersionPriority] = [1_000, 100];

function versionPriority(group: string, version: string): number {
  if (group === '') return 1;
  if (!Object.hasOwn(priorities, group)) return definedVersionPriority;
  if (version === 'v2') return 30;
  if (version === 'v1' && lateVersions.has(group)) return 21;
  return version.includes('alpha') ? 1 : version.includes('beta') ? 9 : 15;
}

/** `v1.apps`; the core's is `v1.` */
export const apiServiceName = (group: string, version: string): string => `${version}.${group}`;

export function localApiServices(served: readonly ResourceInfo[]): APIService[] {
  const versions = new Map(
    served
      .filter(({ group }) => group !== without)
      .map(({ group, version }) => [apiServiceName(group, version), { group, version }]),
  );
  return [...versions].map(([name, { group, version }]) => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name, labels: { [managedLabel]: Object.hasOwn(priorities, group) ? 'onstart' : 'true' } },
    spec: {
      ...(group !== '' && { group }),
      version,
      groupPriorityMinimum: priorities[group] ?? definedGroupPriority,
      versionPriority: versionPriority(group, version),
    },
  }));
}
