import type { ContainerStatus, Pod } from '../../../api/types/core-v1.ts';
import type { TableRowCondition } from '../../../api/types/meta-v1.ts';
import { age, nameOf, none, orNone } from '../cell-text.ts';
import { since } from '../human-duration.ts';
import { rows } from '../row-printer.ts';

interface Tally {
  reason: string;
  ready: number;
  restarts: number;
  /** when the latest restart's container had ended; '' for none */
  lastRestart: string;
}

const conditionIsTrue = (pod: Pod, type: string): boolean =>
  pod.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;

function countRestarts(tally: Tally, status: ContainerStatus): void {
  tally.restarts += status.restartCount ?? 0;
  const ended = status.lastState?.terminated?.finishedAt;
  if (ended && (tally.lastRestart === '' || Date.parse(ended) > Date.parse(tally.lastRestart))) {
    tally.lastRestart = ended;
  }
}

function terminatedReason(terminated: { reason?: string; signal?: number; exitCode?: number }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

/** What holds the pod's initialisation up, or undefined when this init container does not. */
function initBlock(status: ContainerStatus, index: number, count: number): string | undefined {
  const { terminated, waiting } = status.state ?? {};
  if (terminated) return (terminated.exitCode ?? 0) === 0 ? undefined : `Init:${terminatedReason(terminated)}`;
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
  return `Init:${index}/${count}`;
}

/** Init containers: `blocked` is true while one of them still has to finish. Sidecars count as containers. */
function tallyInit(pod: Pod, reason: string): { all: Tally; sidecars: Tally; blocked: boolean } {
  const init = pod.spec?.initContainers ?? [];
  const sidecarNames = new Set(init.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
  const all: Tally = { reason, ready: 0, restarts: 0, lastRestart: '' };
  const sidecars: Tally = { reason, ready: 0, restarts: 0, lastRestart: '' };
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestarts(all, status);
    const sidecar = sidecarNames.has(status.name);
    if (sidecar) countRestarts(sidecars, status);
    const ended = status.state?.terminated;
    if (!(ended && (ended.exitCode ?? 0) === 0) && sidecar && status.started) {
      if (status.ready) all.ready++;
      continue;
    }
    const block = initBlock(status, index, init.length);
    if (block !== undefined) {
      all.reason = block;
      return { all, sidecars, blocked: true };
    }
  }
  return { all, sidecars, blocked: false };
}

function tallyContainers(pod: Pod, tally: Tally): void {
  let running = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(tally, status);
    const { waiting, terminated } = status.state ?? {};
    if (waiting?.reason) tally.reason = waiting.reason;
    else if (terminated) tally.reason = terminatedReason(terminated);
    else if (status.ready && status.state?.running) {
      running = true;
      tally.ready++;
    }
  }
  // One container is done while others run on: the pod as a whole still runs.
  if (tally.reason === 'Completed' && running) tally.reason = conditionIsTrue(pod, 'Ready') ? 'Running' : 'NotReady';
}

function tallyPod(pod: Pod): Tally {
  const phase = pod.status?.phase ?? '';
  const gated = pod.status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  const { all, sidecars, blocked } = tallyInit(pod, gated ? 'SchedulingGated' : pod.status?.reason || phase);
  let tally = all;
  if (!blocked || conditionIsTrue(pod, 'Initialized')) {
    tally = { ...sidecars, reason: all.reason, ready: all.ready };
    tallyContainers(pod, tally);
  }
  if (pod.metadata?.deletionTimestamp) {
    if (pod.status?.reason === 'NodeLost') tally.reason = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') tally.reason = 'Terminating';
  }
  return tally;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return none;
  return `${gates.filter((gate) => conditionIsTrue(pod, gate.conditionType)).length}/${gates.length}`;
}

const completed: Readonly<Record<string, TableRowCondition>> = {
  Succeeded: {
    type: 'Completed',
    status: 'True',
    reason: 'Succeeded',
    message: 'The pod has completed successfully.',
  },
  Failed: { type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' },
};

export const podRows = rows<Pod>(
  (pod, nowMs) => {
    const tally = tallyPod(pod);
    const sidecars = pod.spec?.initContainers?.filter((c) => c.restartPolicy === 'Always').length ?? 0;
    const total = (pod.spec?.containers.length ?? 0) + sidecars;
    const restarts =
      tally.restarts > 0 && tally.lastRestart !== ''
        ? `${tally.restarts} (${since(tally.lastRestart, nowMs)} ago)`
        : `${tally.restarts}`;
    return [
      nameOf(pod),
      `${tally.ready}/${total}`,
      tally.reason,
      restarts,
      age(pod, nowMs),
      orNone(pod.status?.podIPs?.[0]?.ip),
      orNone(pod.spec?.nodeName),
      orNone(pod.status?.nominatedNodeName),
      readinessGates(pod),
    ];
  },
  (pod) => {
    const condition = completed[pod.status?.phase ?? ''];
    return condition === undefined ? undefined : [condition];
  },
);
