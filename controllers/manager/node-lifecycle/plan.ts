import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import type { Node, NodeCondition, Taint } from '../../../api/types/core-v1.ts';

/** Conditions that a kubelet reports, and that are Unknown when it does not. */
const monitored = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];
/** A node that never reported is given this long from its creation. */
export const startupGraceMs = 60_000;

/** A sign of life is any change of these; times in them are only compared with themselves, never with our clock. */
export interface Sign {
  readonly readyHeartbeat: string;
  readonly leaseRenewTime: string;
}

export interface Health {
  readonly sign: Sign;
  /** when the sign changed last, by our monotonic clock */
  readonly heardAtMs: number;
}

export const conditionOf = (node: Node, type: string): NodeCondition | undefined =>
  node.status?.conditions?.find((condition) => condition.type === type);

export const readyStatus = (node: Node): string => conditionOf(node, 'Ready')?.status ?? 'Unknown';

export function signOf(node: Node, leaseRenewTime: string | undefined): Sign {
  const ready = conditionOf(node, 'Ready');
  return { readyHeartbeat: ready?.lastHeartbeatTime ?? '', leaseRenewTime: leaseRenewTime ?? '' };
}

export const heard = (before: Health | undefined, sign: Sign, nowMs: number): Health =>
  before && semanticEqual(before.sign, sign) ? before : { sign, heardAtMs: nowMs };

/** The conditions of a node that has been silent for longer than its grace; undefined where they stand so. */
export function silentConditions(
  node: Node,
  silentMs: number,
  graceMs: number,
  now: string,
): NodeCondition[] | undefined {
  const isNew = conditionOf(node, 'Ready') === undefined;
  if (silentMs <= (isNew ? Math.max(graceMs, startupGraceMs) : graceMs)) return undefined;
  const before = node.status?.conditions ?? [];
  let isChanged = false;
  const mark = (condition: NodeCondition): NodeCondition => {
    if (!monitored.includes(condition.type) || condition.status === 'Unknown') return condition;
    isChanged = true;
    return {
      ...condition,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: now,
    };
  };
  const marked = before.map(mark);
  const missing = monitored.filter((type) => !before.some((condition) => condition.type === type));
  const never = missing.map((type) => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata?.creationTimestamp,
    lastTransitionTime: now,
  }));
  return isChanged || never.length > 0 ? [...marked, ...never] : undefined;
}

/** Condition and status → key of its taint. */
const conditionTaints: readonly [string, string, string][] = [
  ['Ready', 'False', 'node.kubernetes.io/not-ready'],
  ['Ready', 'Unknown', 'node.kubernetes.io/unreachable'],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
];
const unschedulableKey = 'node.kubernetes.io/unschedulable';
const readyKeys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const ownKeys = new Set([...conditionTaints.map(([, , key]) => key), unschedulableKey]);

/** The taints of ours that the node shall have. `mayEvict`: whether it may be given the one that drives pods away. */
function wantedTaints(node: Node, mayEvict: boolean): Taint[] {
  const keys = conditionTaints
    .filter(([type, status]) => conditionOf(node, type)?.status === status)
    .map(([, , key]) => key);
  if (node.spec?.unschedulable) keys.push(unschedulableKey);
  const noSchedule: Taint[] = keys.map((key) => ({ key, effect: 'NoSchedule' }));
  const noExecute: Taint[] = mayEvict
    ? keys.filter((key) => readyKeys.includes(key)).map((key) => ({ key, effect: 'NoExecute' }))
    : [];
  return [...noSchedule, ...noExecute];
}

const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
const isOwn = (taint: Taint): boolean =>
  ownKeys.has(taint.key) &&
  (taint.effect === 'NoSchedule' || (taint.effect === 'NoExecute' && readyKeys.includes(taint.key)));

/** All taints as they shall be, others' untouched; undefined where they stand so. */
export function planTaints(node: Node, mayEvict: boolean, now: string): Taint[] | undefined {
  const current = node.spec?.taints ?? [];
  const wanted = wantedTaints(node, mayEvict);
  const kept = current.filter((taint) => !isOwn(taint) || wanted.some((w) => sameTaint(w, taint)));
  const added = wanted
    .filter((taint) => !current.some((c) => sameTaint(c, taint)))
    .map((taint) => ({ ...taint, timeAdded: now }));
  return kept.length === current.length && added.length === 0 ? undefined : [...kept, ...added];
}

export const isEvicting = (node: Node): boolean =>
  (node.spec?.taints ?? []).some((taint) => taint.effect === 'NoExecute' && readyKeys.includes(taint.key));
