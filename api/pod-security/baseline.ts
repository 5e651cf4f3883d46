import type { LifecycleHandler, Probe, SELinuxOptions } from '../types/core-v1.ts';
import {
  annotationText,
  containerNames,
  containersOf,
  hasUserNamespace,
  plural,
  quoted,
  setters,
  sorted,
  type Check,
  type CheckedPod,
  type CheckFunction,
  type Violation,
} from './check.ts';

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const allowedProfiles: ReadonlySet<string> = new Set(['RuntimeDefault', 'Localhost']);

function appArmor(pod: CheckedPod): Violation | undefined {
  const own = pod.spec.securityContext?.appArmorProfile?.type;
  const isPodBad = own !== undefined && !allowedProfiles.has(own);
  const bad = containersOf(pod).filter(({ securityContext }) => {
    const type = securityContext?.appArmorProfile?.type;
    return type !== undefined && !allowedProfiles.has(type);
  });
  const types = sorted([
    ...(isPodBad ? [own] : []),
    ...bad.map(({ securityContext }) => securityContext?.appArmorProfile?.type ?? ''),
  ]);
  const annotations = Object.entries(pod.metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !/^($|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => annotationText(key, value))
    .sort();
  const who = [
    setters(
      isPodBad,
      bad.map(({ name }) => name),
    ),
  ].filter((text) => text !== '');
  if (annotations.length > 0) who.push(plural(annotations.length, 'annotation'));
  if (who.length === 0) return undefined;
  const values = [...types, ...annotations];
  return {
    reason: plural(values.length, 'forbidden AppArmor profile'),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
}

const defaultCapabilities: ReadonlySet<string> = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

function capabilities(pod: CheckedPod): Violation | undefined {
  const added = (container: ReturnType<typeof containersOf>[number]): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.has(name));
  const bad = containersOf(pod).filter((container) => added(container).length > 0);
  if (bad.length === 0) return undefined;
  const names = quoted(sorted(bad.flatMap(added)));
  return {
    reason: 'non-default capabilities',
    detail: `${containerNames(bad.map(({ name }) => name))} must not include ${names} in securityContext.capabilities.add`,
  };
}

function hostNamespaces({ spec }: CheckedPod): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') };
}

function hostPaths({ spec }: CheckedPod): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural(names.length, 'volume')} ${quoted(names)}` };
}

function hostPorts(pod: CheckedPod): Violation | undefined {
  const bad = containersOf(pod).filter(({ ports }) => ports?.some(({ hostPort }) => hostPort));
  if (bad.length === 0) return undefined;
  const ports = sorted(
    bad.flatMap(({ ports }) => (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [`${hostPort}`] : []))),
  );
  const uses = plural(bad.length, 'uses', 'use');
  return {
    reason: 'hostPort',
    detail: `${containerNames(bad.map(({ name }) => name))} ${uses} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`,
  };
}

const hostsOf = (handler: Probe | LifecycleHandler | undefined): string[] =>
  [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host) => host !== undefined && host !== '') as string[];

function probeHosts(pod: CheckedPod): Violation | undefined {
  const found = containersOf(pod).map((container) => ({
    name: container.name,
    hosts: [
      ...hostsOf(container.livenessProbe),
      ...hostsOf(container.readinessProbe),
      ...hostsOf(container.startupProbe),
      ...hostsOf(container.lifecycle?.postStart),
      ...hostsOf(container.lifecycle?.preStop),
    ],
  }));
  const bad = sorted(found.filter(({ hosts }) => hosts.length > 0).map(({ name }) => name));
  if (bad.length === 0) return undefined;
  const hosts = sorted(found.flatMap((container) => container.hosts));
  const what = plural(hosts.length, 'probe or lifecycle host');
  return {
    reason: 'probe or lifecycle host',
    detail: `${containerNames(bad)} ${plural(bad.length, 'uses', 'use')} ${what} ${quoted(hosts)}`,
  };
}

function privilegedContainers(pod: CheckedPod): Violation | undefined {
  const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.privileged);
  if (bad.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${containerNames(bad.map(({ name }) => name))} must not set securityContext.privileged=true`,
  };
}

export function procMount(pod: CheckedPod): Violation | undefined {
  const masked = (type: string | undefined): boolean => type === undefined || type === 'Default';
  const bad = containersOf(pod).filter(({ securityContext }) => !masked(securityContext?.procMount));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(({ securityContext }) => securityContext?.procMount ?? ''));
  return {
    reason: 'procMount',
    detail: `${containerNames(bad.map(({ name }) => name))} must not set securityContext.procMount to ${quoted(types)}`,
  };
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';

/** Until 1.19 profiles were annotations. */
function seccompAnnotations(pod: CheckedPod): Violation | undefined {
  const annotations = pod.metadata?.annotations ?? {};
  const keys = [seccompPod, ...containersOf(pod).map(({ name }) => seccompContainer + name)];
  const bad = keys.filter((key) => {
    const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    return value !== undefined && !/^(runtime\/default$|docker\/default$|localhost\/)/.test(value);
  });
  if (bad.length === 0) return undefined;
  const texts = sorted(bad.map((key) => annotationText(key, annotations[key] ?? '')));
  return { reason: 'seccompProfile', detail: `forbidden ${plural(texts.length, 'annotation')} ${texts.join(', ')}` };
}

export function badSeccomp(pod: CheckedPod): Violation | undefined {
  const own = pod.spec.securityContext?.seccompProfile?.type;
  const isPodBad = pod.spec.securityContext?.seccompProfile !== undefined && !allowedProfiles.has(own ?? '');
  const bad = containersOf(pod).filter(({ securityContext }) => {
    const profile = securityContext?.seccompProfile;
    return profile !== undefined && !allowedProfiles.has(profile.type);
  });
  if (!isPodBad && bad.length === 0) return undefined;
  const types = sorted([
    ...(isPodBad ? [own ?? ''] : []),
    ...bad.map(({ securityContext }) => securityContext?.seccompProfile?.type ?? ''),
  ]);
  const who = setters(
    isPodBad,
    bad.map(({ name }) => name),
  );
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
}

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinux =
  (types: readonly string[]): CheckFunction =>
  (pod) => {
    const isBad = (options: SELinuxOptions | undefined): options is SELinuxOptions =>
      options !== undefined && (!types.includes(options.type ?? '') || !!options.user || !!options.role);
    const own = pod.spec.securityContext?.seLinuxOptions;
    const bad = containersOf(pod).filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions));
    const all = [own, ...bad.map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(isBad);
    if (all.length === 0) return undefined;
    const badTypes = sorted(all.map(({ type }) => type ?? '').filter((type) => !types.includes(type)));
    const what = badTypes.length > 0 ? [`${plural(badTypes.length, 'type')} ${quoted(badTypes)}`] : [];
    if (all.some(({ user }) => user)) what.push('user may not be set');
    if (all.some(({ role }) => role)) what.push('role may not be set');
    const who = setters(
      isBad(own),
      bad.map(({ name }) => name),
    );
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
    };
  };

const ipv4 = (names: string): string[] => names.split(' ').map((name) => `net.ipv4.${name}`);
const sysctls0 = [
  'kernel.shm_rmid_forced',
  ...ipv4('ip_local_port_range tcp_syncookies ping_group_range ip_unprivileged_port_start'),
];
const sysctls27 = [...sysctls0, ...ipv4('ip_local_reserved_ports')];
const sysctls29 = [
  ...sysctls27,
  ...ipv4('tcp_keepalive_time tcp_fin_timeout tcp_keepalive_intvl tcp_keepalive_probes'),
];
const sysctls32 = [...sysctls29, ...ipv4('tcp_rmem tcp_wmem')];
const sysctls37 = [...sysctls32, ...ipv4('tcp_slow_start_after_idle tcp_notsent_lowat')];

const sysctls =
  (allowed: readonly string[]): CheckFunction =>
  ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.includes(name));
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
  };

function hostProcess(pod: CheckedPod): Violation | undefined {
  const isPodBad = pod.spec.securityContext?.windowsOptions?.hostProcess === true;
  const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess);
  if (!isPodBad && bad.length === 0) return undefined;
  const who = setters(
    isPodBad,
    bad.map(({ name }) => name),
  );
  return { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` };
}

const always = (id: string, check: CheckFunction): Check => ({
  id,
  level: 'baseline',
  versions: [{ since: 0, check }],
});

export const baselineChecks: readonly Check[] = [
  always('appArmorProfile', appArmor),
  always('capabilities_baseline', capabilities),
  always('hostNamespaces', hostNamespaces),
  always('hostPathVolumes', hostPaths),
  always('hostPorts', hostPorts),
  { id: 'hostProbesAndHostLifecycle', level: 'baseline', versions: [{ since: 34, check: probeHosts }] },
  always('privileged', privilegedContainers),
  {
    id: 'procMount',
    level: 'baseline',
    versions: [
      { since: 0, check: procMount },
      { since: 35, check: (pod) => (hasUserNamespace(pod) ? undefined : procMount(pod)) },
    ],
  },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    versions: [
      { since: 0, check: seLinux(seLinuxTypes) },
      { since: 31, check: seLinux([...seLinuxTypes, 'container_engine_t']) },
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    versions: [
      { since: 0, check: seccompAnnotations },
      { since: 19, check: badSeccomp },
    ],
  },
  {
    id: 'sysctls',
    level: 'baseline',
    versions: [
      { since: 0, check: sysctls(sysctls0) },
      { since: 27, check: sysctls(sysctls27) },
      { since: 29, check: sysctls(sysctls29) },
      { since: 32, check: sysctls(sysctls32) },
      { since: 37, check: sysctls(sysctls37) },
    ],
  },
  always('windowsHostProcess', hostProcess),
];
