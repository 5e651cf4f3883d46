import type { Container, Pod, SeccompProfile } from '../../api/types/core-v1.ts';
import { amountOf } from '../../api/pods/pod-resources.ts';
import { qosClassOf } from '../../api/pods/qos-class.ts';
import { namespaceMode, seccompProfileType } from '../cri/types.ts';
import type {
  LinuxContainerResources,
  LinuxContainerSecurityContext,
  NamespaceOption,
  SecurityProfile,
} from '../cri/types.ts';

const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export const namespaceOptionsOf = ({ spec }: Pod): NamespaceOption => ({
  network: spec?.hostNetwork ? namespaceMode.node : namespaceMode.pod,
  pid: spec?.hostPID ? namespaceMode.node : spec?.shareProcessNamespace ? namespaceMode.pod : namespaceMode.container,
  ipc: spec?.hostIPC ? namespaceMode.node : namespaceMode.pod,
});

export function seccompOf(profile: SeccompProfile | undefined): SecurityProfile | undefined {
  if (profile === undefined) return undefined;
  return { profileType: seccompProfileType[profile.type] ?? 1, localhostRef: profile.localhostProfile ?? '' };
}

/** The container's settings go before the pod's. */
export function securityContextOf(pod: Pod, container: Container): LinuxContainerSecurityContext {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const value = (number: number | undefined) => (number === undefined ? undefined : { value: number });
  const groups = [...(shared.supplementalGroups ?? []), ...(shared.fsGroup === undefined ? [] : [shared.fsGroup])];
  const masks = own.privileged !== true && own.procMount !== 'Unmasked';
  return {
    capabilities: { addCapabilities: own.capabilities?.add ?? [], dropCapabilities: own.capabilities?.drop ?? [] },
    privileged: own.privileged === true,
    namespaceOptions: namespaceOptionsOf(pod),
    runAsUser: value(own.runAsUser ?? shared.runAsUser),
    runAsGroup: value(own.runAsGroup ?? shared.runAsGroup),
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    supplementalGroups: groups,
    noNewPrivs: own.allowPrivilegeEscalation === false,
    maskedPaths: masks ? maskedPaths : [],
    readonlyPaths: masks ? readonlyPaths : [],
    seccomp: seccompOf(own.seccompProfile ?? shared.seccompProfile) ?? seccompOf({ type: 'Unconfined' }),
  };
}

const cpuPeriodMicroseconds = 100_000;
const cpuSharesMin = 2;
const cpuSharesMax = 262_144;

/** The killer of the kernel takes BestEffort pods first, Guaranteed ones last. */
function oomScoreAdjustOf(pod: Pod, memoryRequest: number, machineMemory: number): number {
  const qos = qosClassOf(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const share = 1000 - Math.floor((1000 * memoryRequest) / Math.max(1, machineMemory));
  return Math.min(999, Math.max(3, share));
}

export function resourcesOf(pod: Pod, container: Container, machineMemory: number): LinuxContainerResources {
  const { requests, limits } = container.resources ?? {};
  const amount = (name: string, list: Record<string, string> | undefined): number =>
    amountOf(name, list?.[name] ?? '0');
  const cpuLimit = amount('cpu', limits);
  const cpuRequest = requests?.['cpu'] === undefined ? cpuLimit : amount('cpu', requests);
  const shares = Math.floor((cpuRequest * 1024) / 1000);
  return {
    cpuPeriod: cpuPeriodMicroseconds,
    cpuQuota: cpuLimit > 0 ? Math.max(1000, (cpuLimit * cpuPeriodMicroseconds) / 1000) : 0,
    cpuShares: Math.min(cpuSharesMax, Math.max(cpuSharesMin, shares)),
    memoryLimitInBytes: amount('memory', limits),
    oomScoreAdj: oomScoreAdjustOf(pod, amount('memory', requests), machineMemory),
  };
}
