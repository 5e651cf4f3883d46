import type { Pod } from '../../api/types/core-v1.ts';
import { protocolNumber } from '../cri/types.ts';
import type { DnsConfig, PodSandboxConfig } from '../cri/types.ts';
import { podLabels } from './observed-pod.ts';
import { namespaceOptionsOf, seccompOf } from './security-context.ts';

export const podLabelsOf = ({ metadata }: Pod): Record<string, string> => ({
  [podLabels.name]: metadata?.name ?? '',
  [podLabels.namespace]: metadata?.namespace ?? '',
  [podLabels.uid]: metadata?.uid ?? '',
});

const hostnameBytesMax = 63;

/** A pod's own hostname; a name that is too long is cut as Kubernetes does. */
export function hostnameOf({ metadata, spec }: Pod): string {
  const name = spec?.hostnameOverride || spec?.hostname || metadata?.name || '';
  return name.slice(0, hostnameBytesMax).replace(/[-.]+$/, '');
}

export interface ClusterDns {
  readonly servers: readonly string[];
  readonly domain: string;
}

/** undefined: the host's resolv.conf */
export function dnsConfigOf({ metadata, spec }: Pod, dns: ClusterDns): DnsConfig | undefined {
  const policy = spec?.dnsPolicy ?? 'ClusterFirst';
  const extra = spec?.dnsConfig;
  const extraOptions = (extra?.options ?? []).map(({ name = '', value }) =>
    value === undefined ? name : `${name}:${value}`,
  );
  const usesCluster =
    dns.servers.length > 0 &&
    (policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !spec?.hostNetwork));
  if (!usesCluster && policy !== 'None') return undefined;
  const own = usesCluster
    ? {
        servers: [...dns.servers],
        searches: [`${metadata?.namespace ?? ''}.svc.${dns.domain}`, `svc.${dns.domain}`, dns.domain],
        options: ['ndots:5'],
      }
    : { servers: [], searches: [], options: [] };
  return {
    servers: [...own.servers, ...(extra?.nameservers ?? [])],
    searches: [...own.searches, ...(extra?.searches ?? [])],
    options: [...own.options, ...extraOptions],
  };
}

export function sandboxConfigOf(pod: Pod, attempt: number, logDirectory: string, dns: ClusterDns): PodSandboxConfig {
  const { metadata, spec } = pod;
  const security = spec?.securityContext;
  const value = (number: number | undefined) => (number === undefined ? undefined : { value: number });
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return {
    metadata: {
      name: metadata?.name ?? '',
      uid: metadata?.uid ?? '',
      namespace: metadata?.namespace ?? '',
      attempt,
    },
    hostname: spec?.hostNetwork ? '' : hostnameOf(pod),
    logDirectory,
    dnsConfig: dnsConfigOf(pod, dns),
    portMappings: spec?.hostNetwork
      ? []
      : (spec?.containers ?? [])
          .flatMap(({ ports }) => ports ?? [])
          .map(({ protocol = 'TCP', containerPort, hostPort = 0, hostIP }) => ({
            protocol: protocolNumber[protocol] ?? 0,
            containerPort,
            hostPort,
            hostIp: hostIP,
          })),
    labels: { ...metadata?.labels, ...podLabelsOf(pod) },
    annotations: { ...metadata?.annotations },
    linux: {
      securityContext: {
        namespaceOptions: namespaceOptionsOf(pod),
        runAsUser: value(security?.runAsUser),
        runAsGroup: value(security?.runAsGroup),
        supplementalGroups: security?.supplementalGroups ?? [],
        privileged: containers.some(({ securityContext }) => securityContext?.privileged === true),
        seccomp: seccompOf(security?.seccompProfile) ?? seccompOf({ type: 'RuntimeDefault' }),
      },
      sysctls: Object.fromEntries((security?.sysctls ?? []).map((sysctl) => [sysctl.name, sysctl.value])),
    },
  };
}
