/** What a pod's author is to be told although the pod is taken. Paths begin at the pod, or at its template. */
import { isDns1123Label } from '../meta/names.ts';
import type {
  Container,
  ContainerPort,
  EnvVar,
  PodAffinity,
  PodSpec,
  PodTemplateSpec,
  Volume,
} from '../types/core-v1.ts';
import type { ObjectMeta } from '../types/meta-v1.ts';
import { claimSpecWarnings, fractionWarning } from './claim-warnings.ts';
import { nodeLabelWarning, nodeSelectorTermWarnings } from './node-labels.ts';
import { pathOverlapWarnings } from './path-overlaps.ts';

const oldAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccomp = 'container.seccomp.security.alpha.kubernetes.io/';
const containerAppArmor = 'container.apparmor.security.beta.kubernetes.io/';

const goneVolumes = {
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  gitRepo: ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  flocker: ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  quobyte: ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
} as const;

const emptySelector = 'a null labelSelector results in matching no pod';

function placementWarnings(spec: PodSpec, at: string): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const why = nodeLabelWarning(key);
    if (why !== undefined) warnings.push(`${at}.nodeSelector[${key}]: ${why}`);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const [needed, wished] = [
    'requiredDuringSchedulingIgnoredDuringExecution',
    'preferredDuringSchedulingIgnoredDuringExecution',
  ] as const;
  const nodes = `${at}.affinity.nodeAffinity`;
  for (const [i, term] of (affinity?.[needed]?.nodeSelectorTerms ?? []).entries()) {
    warnings.push(...nodeSelectorTermWarnings(term, `${nodes}.${needed}.nodeSelectorTerms[${i}]`, false));
  }
  for (const [i, term] of (affinity?.[wished] ?? []).entries()) {
    warnings.push(...nodeSelectorTermWarnings(term.preference, `${nodes}.${wished}[${i}].preference`, true));
  }
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const path = `${at}.topologySpreadConstraints[${i}]`;
    const why = nodeLabelWarning(topologyKey);
    if (why !== undefined) warnings.push(`${path}.topologyKey: ${topologyKey} is ${why}`);
    if (!labelSelector) warnings.push(`${path}.labelSelector: ${emptySelector}`);
  }
  return warnings;
}

function volumeWarnings(volumes: readonly Volume[] | undefined, at: string): string[] {
  return (volumes ?? []).flatMap((volume, i) => {
    const path = `${at}.volumes[${i}]`;
    const gone = (Object.keys(goneVolumes) as (keyof typeof goneVolumes)[]).filter((key) => volume[key]);
    const claim = volume.ephemeral?.volumeClaimTemplate;
    return [
      ...gone.map((key) => `${path}.${goneVolumes[key][0]}: ${goneVolumes[key][1]}`),
      ...(claim ? claimSpecWarnings(claim.spec, `${path}.ephemeral.volumeClaimTemplate.spec`) : []),
    ];
  });
}

function repeated<T>(items: readonly T[] | undefined, key: (item: T) => string, path: string, what: string): string[] {
  const seen = new Set<string>();
  return (items ?? []).flatMap((item, i) => {
    const again = seen.has(key(item));
    seen.add(key(item));
    return again ? [`${path}[${i}].${what}: duplicate ${what} ${JSON.stringify(key(item))}`] : [];
  });
}

/** A later value of a name hides an earlier one, unless it is made from it. */
function envWarnings(env: readonly EnvVar[] | undefined, path: string): string[] {
  const seen = new Set<string>();
  return (env ?? []).flatMap(({ name, value = '', valueFrom }, i) => {
    const again = seen.has(name);
    seen.add(name);
    const reference = `$(${name})`;
    const hides = valueFrom !== undefined || value === reference || !value.includes(reference);
    if (!again || !hides) return [];
    return [
      `${path}[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ];
  });
}

type Visited = readonly (readonly [container: Container, path: string])[];

function visit(spec: PodSpec, at: string): Visited {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, i) => [container, `${at}.${list}[${i}]`] as const),
  );
}

function containerWarnings(
  visited: Visited,
  meta: ObjectMeta | undefined,
  annotations: string,
  ofTemplate: boolean,
): string[] {
  return visited.flatMap(([container, path]) => {
    const warnings: string[] = [];
    const has = (key: string): boolean => meta?.annotations?.[key] !== undefined;
    const seccomp = containerSeccomp + container.name;
    if (!container.securityContext?.seccompProfile && has(seccomp)) {
      warnings.push(`${annotations}[${seccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`);
    }
    const appArmor = containerAppArmor + container.name;
    if (ofTemplate && !container.securityContext?.appArmorProfile && has(appArmor)) {
      warnings.push(`${annotations}[${appArmor}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
    }
    for (const resource of ['memory', 'ephemeral-storage']) {
      for (const list of ['limits', 'requests'] as const) {
        const at = `${path}.resources.${list}[${resource}]`;
        warnings.push(...fractionWarning(at, container.resources?.[list]?.[resource]));
      }
    }
    return [...warnings, ...envWarnings(container.env, `${path}.env`)];
  });
}

function portPairWarning(port: ContainerPort, other: ContainerPort): string | undefined {
  const [ip, otherIp] = [port.hostIP ?? '', other.hostIP ?? ''];
  const [host, otherHost] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (ip === otherIp && host === otherHost) return 'duplicate';
  if (host === 0 || otherHost === 0) return 'overlapping';
  return host === otherHost && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

function portWarnings(visited: Visited): string[] {
  const warnings: string[] = [];
  const [numbers, names] = [new Map<string, [ContainerPort, string][]>(), new Map<string, string>()];
  const ports = visited.flatMap(([container, path]) =>
    (container.ports ?? []).map((port, i) => [port, `${path}.ports[${i}]`] as [ContainerPort, string]),
  );
  for (const [port, at] of ports) {
    const key = `${port.containerPort}/${port.protocol ?? ''}`;
    const others = numbers.get(key) ?? [];
    for (const [other, where] of others) {
      const how = portPairWarning(port, other);
      if (how !== undefined) warnings.push(`${at}: ${how} port definition with ${where}`);
    }
    numbers.set(key, [...others, [port, at]]);
  }
  for (const [{ name }, at] of ports) {
    if (!name) continue;
    const other = names.get(name);
    if (other === undefined) names.set(name, at);
    else {
      const used = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${at}: duplicate port name ${JSON.stringify(name)} with ${other}, ${used}`);
    }
  }
  return warnings;
}

function affinityWarnings(affinity: PodAffinity | undefined, path: string): string[] {
  const [needed, wished] = [
    'requiredDuringSchedulingIgnoredDuringExecution',
    'preferredDuringSchedulingIgnoredDuringExecution',
  ] as const;
  return [
    ...(affinity?.[needed] ?? []).flatMap(({ labelSelector }, i) =>
      labelSelector ? [] : [`${path}.${needed}[${i}].labelSelector: ${emptySelector}`],
    ),
    ...(affinity?.[wished] ?? []).flatMap(({ podAffinityTerm }, i) =>
      podAffinityTerm.labelSelector ? [] : [`${path}.${wished}[${i}].podAffinityTerm.labelSelector: ${emptySelector}`],
    ),
  ];
}

/** `path` '' for a pod, `spec.template` and the like for a template. */
export function podWarnings(meta: ObjectMeta | undefined, spec: PodSpec | undefined, path: string): string[] {
  if (spec === undefined) return [];
  const at = path === '' ? 'spec' : `${path}.spec`;
  const annotations = path === '' ? 'metadata.annotations' : `${path}.metadata.annotations`;
  const visited = visit(spec, at);
  const old = Object.keys(oldAnnotations).filter((key) => meta?.annotations?.[key] !== undefined);
  const seccomp = !spec.securityContext?.seccompProfile && meta?.annotations?.[podSeccomp] !== undefined;
  const pullSecrets = spec.imagePullSecrets ?? [];
  return [
    ...placementWarnings(spec, at),
    ...old.map((key) => `${annotations}[${key}]: ${oldAnnotations[key] as string}`),
    ...volumeWarnings(spec.volumes, at),
    ...pathOverlapWarnings(spec.volumes),
    ...repeated(spec.hostAliases, ({ ip }) => ip, `${at}.hostAliases`, 'ip'),
    ...repeated(pullSecrets, ({ name }) => name ?? '', `${at}.imagePullSecrets`, 'name'),
    ...pullSecrets.flatMap(({ name }, i) => (name ? [] : [`${at}.imagePullSecrets[${i}].name: invalid empty name ""`])),
    ...['memory', 'ephemeral-storage'].flatMap((name) =>
      fractionWarning(`${at}.overhead[${name}]`, spec.overhead?.[name]),
    ),
    ...(seccomp
      ? [`${annotations}[${podSeccomp}]: non-functional in v1.27+; use the "seccompProfile" field instead`]
      : []),
    ...containerWarnings(visited, meta, annotations, path !== ''),
    ...portWarnings(visited),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityWarnings(spec.affinity?.podAffinity, `${at}.affinity.podAffinity`),
    ...affinityWarnings(spec.affinity?.podAntiAffinity, `${at}.affinity.podAntiAffinity`),
  ];
}

export const templateWarnings = (template: PodTemplateSpec | undefined, path = 'spec.template'): string[] =>
  podWarnings(template?.metadata, template?.spec, path);

/** Of kinds whose name becomes part of their pods' names. */
export function podNameWarnings(name: string | undefined): string[] {
  const messages = isDns1123Label(name ?? '');
  if (messages.length === 0) return [];
  const what =
    'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: ${what}: [${messages.join(' ')}]`];
}
