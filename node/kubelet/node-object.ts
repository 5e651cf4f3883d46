import type { ContainerImage, Node, NodeAddress, NodeCondition, NodeStatus } from '../../api/types/core-v1.ts';
import { rfc3339 } from '../../base/clock.ts';
import type { Machine } from './machine.ts';

export const kubeletVersion = 'v1.36.0+kuorum';

export interface NodeInput {
  readonly name: string;
  readonly ip: string;
  /** of the kubelet; 0: it has none */
  readonly port?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly podCidr: string | undefined;
  readonly capacity: Readonly<Record<string, string>>;
  readonly machine: Machine;
  /** `containerd://1.6.20` */
  readonly runtimeVersion: string;
  readonly images: readonly ContainerImage[];
  /** why pods cannot run now; undefined: they can */
  readonly notReady: string | undefined;
  readonly nowMs: number;
}

/** The machine's, where the options do not say otherwise. */
export const capacityOf = (machine: Machine, given: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  cpu: String(machine.cpus),
  memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
  'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
  pods: '110',
  ...given,
});

const healthy: readonly [type: string, reason: string, message: string][] = [
  ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
];

function conditionsOf({ notReady, nowMs }: NodeInput, before: readonly NodeCondition[]): NodeCondition[] {
  const ready: NodeCondition =
    notReady === undefined
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: notReady };
  const pressures = healthy.map(([type, reason, message]) => ({ type, status: 'False', reason, message }));
  const ours = [...pressures, ready].map((condition): NodeCondition => {
    const old = before.find(({ type }) => type === condition.type);
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined;
    const now = rfc3339(nowMs);
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
  });
  return [...before.filter(({ type }) => !ours.some((condition) => condition.type === type)), ...ours];
}

export function nodeStatus(input: NodeInput, before: NodeStatus = {}): NodeStatus {
  const { machine, ip, port = 0, name, capacity, runtimeVersion } = input;
  const addresses: NodeAddress[] = [
    { type: 'InternalIP', address: ip },
    { type: 'Hostname', address: name },
  ];
  return {
    capacity: { ...capacity },
    allocatable: { ...capacity },
    conditions: conditionsOf(input, before.conditions ?? []),
    addresses,
    ...(port > 0 && { daemonEndpoints: { kubeletEndpoint: { Port: port } } }),
    images: [...input.images],
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.machineId,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: runtimeVersion,
      kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: machine.operatingSystem,
      architecture: machine.architecture,
    },
  };
}

/** Labels that say where a node is and what it is; they win over the user's of the same name. */
export const nodeLabels = ({ name, labels, machine }: NodeInput): Record<string, string> => ({
  ...labels,
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': machine.operatingSystem,
  'kubernetes.io/arch': machine.architecture,
  'beta.kubernetes.io/os': machine.operatingSystem,
  'beta.kubernetes.io/arch': machine.architecture,
});

export const nodeObject = (input: NodeInput): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: input.name,
    labels: nodeLabels(input),
    annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
  },
  spec: input.podCidr ? { podCIDR: input.podCidr, podCIDRs: [input.podCidr] } : {},
  status: nodeStatus(input),
});
