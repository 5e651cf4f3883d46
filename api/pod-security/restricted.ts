import type { Volume } from '../types/core-v1.ts';
import { badSeccomp, procMount } from './baseline.ts';
import {
  containerNames,
  containersOf,
  hasUserNamespace,
  isWindows,
  plural,
  quoted,
  setters,
  sorted,
  type Check,
  type CheckedPod,
  type CheckFunction,
  type Violation,
} from './check.ts';

/** Windows has none of these, and its validation refuses the fields. */
const exceptWindows =
  (check: CheckFunction): CheckFunction =>
  (pod) =>
    isWindows(pod) ? undefined : check(pod);
const exceptUserNamespaces =
  (check: CheckFunction): CheckFunction =>
  (pod) =>
    hasUserNamespace(pod) ? undefined : check(pod);

function escalation(pod: CheckedPod): Violation | undefined {
  const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containerNames(bad.map(({ name }) => name))} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

function capabilities(pod: CheckedPod): Violation | undefined {
  const containers = containersOf(pod).map(({ name, securityContext }) => ({
    name,
    dropsAll: securityContext?.capabilities?.drop?.includes('ALL') ?? false,
    added: (securityContext?.capabilities?.add ?? []).filter((added) => added !== 'NET_BIND_SERVICE'),
  }));
  const keeping = containers.filter(({ dropsAll }) => !dropsAll).map(({ name }) => name);
  const adding = containers.filter(({ added }) => added.length > 0);
  const details: string[] = [];
  if (keeping.length > 0) details.push(`${containerNames(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const names = quoted(sorted(adding.flatMap(({ added }) => added)));
    const who = containerNames(adding.map(({ name }) => name));
    details.push(`${who} must not include ${names} in securityContext.capabilities.add`);
  }
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
] as const;
/** in the order in which the first is named where a volume had several */
const otherVolumes = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'gitRepo',
  'nfs',
  'iscsi',
  'glusterfs',
  'rbd',
  'flexVolume',
  'cinder',
  'cephfs',
  'flocker',
  'fc',
  'azureFile',
  'vsphereVolume',
  'quobyte',
  'azureDisk',
  'photonPersistentDisk',
  'portworxVolume',
  'scaleIO',
  'storageos',
] as const;

function volumes({ spec }: CheckedPod): Violation | undefined {
  const isAllowed = (volume: Volume): boolean => allowedVolumes.some((type) => volume[type] !== undefined);
  const bad = (spec.volumes ?? []).filter((volume) => !isAllowed(volume));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map((volume) => otherVolumes.find((type) => volume[type] !== undefined) ?? 'unknown'));
  const names = quoted(bad.map(({ name }) => name));
  const uses = plural(bad.length, 'uses', 'use');
  const what = plural(types.length, 'restricted volume type');
  return {
    reason: 'restricted volume types',
    detail: `${plural(bad.length, 'volume')} ${names} ${uses} ${what} ${quoted(types)}`,
  };
}

function nonRoot(pod: CheckedPod): Violation | undefined {
  const reason = 'runAsNonRoot != true';
  const own = pod.spec.securityContext?.runAsNonRoot;
  const containers = containersOf(pod).map(({ name, securityContext }) => ({
    name,
    set: securityContext?.runAsNonRoot,
  }));
  const bad = containers.filter(({ set }) => set === false).map(({ name }) => name);
  if (own === false || bad.length > 0) {
    return { reason, detail: `${setters(own === false, bad)} must not set securityContext.runAsNonRoot=false` };
  }
  const unset = own === true ? [] : containers.filter(({ set }) => set === undefined).map(({ name }) => name);
  if (unset.length === 0) return undefined;
  return { reason, detail: `pod or ${containerNames(unset)} must set securityContext.runAsNonRoot=true` };
}

function rootUser(pod: CheckedPod): Violation | undefined {
  const isPodBad = pod.spec.securityContext?.runAsUser === 0;
  const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.runAsUser === 0);
  if (!isPodBad && bad.length === 0) return undefined;
  return {
    reason: 'runAsUser=0',
    detail: `${setters(
      isPodBad,
      bad.map(({ name }) => name),
    )} must not set runAsUser=0`,
  };
}

function seccomp(pod: CheckedPod): Violation | undefined {
  const bad = badSeccomp(pod);
  if (bad !== undefined || pod.spec.securityContext?.seccompProfile !== undefined) return bad;
  const unset = containersOf(pod).filter(({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (unset.length === 0) return undefined;
  const who = containerNames(unset.map(({ name }) => name));
  const detail = `pod or ${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return { reason: 'seccompProfile', detail };
}

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    versions: [
      { since: 8, check: escalation },
      { since: 25, check: exceptWindows(escalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    overrides: 'capabilities_baseline',
    versions: [
      { since: 22, check: capabilities },
      { since: 25, check: exceptWindows(capabilities) },
    ],
  },
  {
    id: 'procMount_restricted',
    level: 'restricted',
    overrides: 'procMount',
    versions: [{ since: 35, check: procMount }],
  },
  {
    id: 'restrictedVolumes',
    level: 'restricted',
    overrides: 'hostPathVolumes',
    versions: [{ since: 0, check: volumes }],
  },
  {
    id: 'runAsNonRoot',
    level: 'restricted',
    versions: [
      { since: 0, check: nonRoot },
      { since: 35, check: exceptUserNamespaces(nonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    level: 'restricted',
    versions: [
      { since: 23, check: rootUser },
      { since: 35, check: exceptUserNamespaces(rootUser) },
    ],
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    overrides: 'seccompProfile_baseline',
    versions: [
      { since: 19, check: seccomp },
      { since: 25, check: exceptWindows(seccomp) },
    ],
  },
];
