import { qosClassOf } from '../../api/pods/qos-class.ts';
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/types/core-v1.ts';
import { rfc3339 } from '../../base/clock.ts';
import { containerStatuses } from './container-statuses.ts';
import type { ContainerStatuses, StatusInput } from './container-statuses.ts';
import { readySandbox } from './observed-pod.ts';
import { isSidecar } from './plan.ts';

export type { StatusInput } from './container-statuses.ts';

/** A pod phase from its containers, as the kubelet of Kubernetes derives it. */
export function phaseOf(pod: Pod, statuses: ContainerStatuses, ending: boolean): string {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const failedInit = statuses.init.some(
    ({ name, state, lastState }) =>
      !pod.spec?.initContainers?.some((c) => c.name === name && isSidecar(c)) &&
      ((state?.terminated && state.terminated.exitCode !== 0) || (policy === 'Never' && lastState?.terminated)),
  );
  if (failedInit && (policy === 'Never' || ending)) return 'Failed';
  const counts = { running: 0, waiting: 0, stopped: 0, succeeded: 0 };
  for (const { state, lastState } of statuses.containers) {
    if (state?.running) counts.running++;
    else if (state?.terminated) {
      counts.stopped++;
      if (state.terminated.exitCode === 0) counts.succeeded++;
    } else if (lastState?.terminated) counts.stopped++;
    else counts.waiting++;
  }
  const { running, waiting, stopped, succeeded } = counts;
  if (ending && running === 0) {
    // every pod that ends must end in a final phase
    const all = [...statuses.containers, ...statuses.init];
    if (!all.some(({ state }) => state?.terminated)) return 'Failed';
    return stopped === succeeded && waiting === 0 ? 'Succeeded' : 'Failed';
  }
  if (!statuses.initialized || waiting > 0) return 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  if (policy === 'Always') return 'Running';
  if (stopped === succeeded) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;
const yes: Verdict = { status: 'True' };
const no = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
const names = (statuses: readonly ContainerStatus[]): string => `[${statuses.map(({ name }) => name).join(' ')}]`;

function containersReady(pod: Pod, { containers, init }: ContainerStatuses, phase: string): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = init.filter(({ name }) => pod.spec?.initContainers?.some((c) => c.name === name && isSidecar(c)));
  const unready = [...containers, ...sidecars].filter(({ ready }) => !ready);
  return unready.length === 0 ? yes : no('ContainersNotReady', `containers with unready status: ${names(unready)}`);
}

function initialized(statuses: ContainerStatuses, phase: string): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (statuses.initialized) return yes;
  const incomplete = statuses.init.filter(({ ready, started }) => !ready && !started);
  return no('ContainersNotInitialized', `containers with incomplete status: ${names(incomplete)}`);
}

function podReady(pod: Pod, containers: Verdict): Verdict {
  if (containers.status !== 'True') return containers;
  const missing: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const condition = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (condition === undefined)
      missing.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (condition.status !== 'True') {
      missing.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
    }
  }
  return missing.length === 0 ? yes : no('ReadinessGatesNotReady', missing.join(', '));
}

/** Others' conditions stay; ours keep their transition time while their status does. */
function conditionsOf(input: StatusInput, statuses: ContainerStatuses, phase: string): PodCondition[] {
  const before = input.pod.status?.conditions ?? [];
  const ready = containersReady(input.pod, statuses, phase);
  const hasSandbox = readySandbox(input.observed) !== undefined;
  const verdicts: Record<string, Verdict> = {
    PodReadyToStartContainers: { status: hasSandbox ? 'True' : 'False' },
    Initialized: initialized(statuses, phase),
    Ready: podReady(input.pod, ready),
    ContainersReady: ready,
    PodScheduled: yes,
  };
  const ours = Object.entries(verdicts).map(([type, verdict]): PodCondition => {
    const old = before.find((condition) => condition.type === type);
    const since = old?.status === verdict.status ? old.lastTransitionTime : undefined;
    return { type, ...verdict, lastTransitionTime: since ?? rfc3339(input.nowMs) };
  });
  return [...ours, ...before.filter(({ type }) => !(type in verdicts))];
}

/** The pod's status as the runtime's state gives it. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, observed, record, hostIp, nowMs, ending } = input;
  const statuses = containerStatuses(input);
  const before = pod.status?.phase;
  const isFinal = before === 'Succeeded' || before === 'Failed';
  const phase = record.failure ? 'Failed' : isFinal ? before : phaseOf(pod, statuses, ending);
  const onHost = pod.spec?.hostNetwork === true;
  const sandbox = observed.sandboxes[0];
  const ip = onHost ? (sandbox ? hostIp : '') : (sandbox?.network?.ip ?? '');
  const podIp = ip || pod.status?.podIP || '';
  const additional = onHost ? [] : (sandbox?.network?.additionalIps ?? []);
  const reason = record.failure?.reason ?? pod.status?.reason;
  const message = record.failure?.message ?? pod.status?.message;
  return {
    phase,
    conditions: conditionsOf(input, statuses, phase),
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp ? { podIP: podIp, podIPs: [{ ip: podIp }, ...additional] } : {}),
    startTime: pod.status?.startTime ?? record.startTime ?? rfc3339(nowMs),
    ...(statuses.init.length > 0 ? { initContainerStatuses: statuses.init } : {}),
    containerStatuses: statuses.containers,
    qosClass: qosClassOf(pod),
    observedGeneration: pod.metadata?.generation,
  };
}
