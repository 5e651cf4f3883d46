/** What disruption budgets say to an eviction. */
import { rfc3339 } from '../../base/clock.ts';
import { matcherOfSelector, nothing, SelectorError, type LabelMatcher } from '../../api/meta/labels.ts';
import { newForbidden, newTooManyRequests, StatusError } from '../../api/meta/status.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { Condition } from '../../api/types/meta-v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy-v1.ts';

const disruptedPodsMax = 2000;
const retrySeconds = 10;
const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";

/** `error` with why a budget has refused. */
function because(error: StatusError, message: string): StatusError {
  const causes = [...(error.details?.causes ?? []), { reason: 'DisruptionBudget', message }];
  return new StatusError(error.code, error.reason, error.message, { ...error.details, causes });
}

export const stillProcessed = (name: string): StatusError =>
  because(
    newTooManyRequests(refusal, retrySeconds),
    `The disruption budget ${name} is still being processed by the server.`,
  );

const isOver = new Set(['Succeeded', 'Failed', 'Pending']);
/** Who does not run is no loss. */
export const needsNoBudget = ({ status, metadata }: Pod): boolean =>
  isOver.has(status?.phase ?? '') || metadata?.deletionTimestamp !== undefined;

export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

function matcherOf({ spec }: PodDisruptionBudget): LabelMatcher {
  try {
    return matcherOfSelector(spec?.selector);
  } catch (error) {
    if (error instanceof SelectorError) return nothing;
    throw error;
  }
}

/** Of those of the pod's namespace. */
export const budgetsOf = (pod: Pod, budgets: readonly PodDisruptionBudget[]): PodDisruptionBudget[] =>
  budgets.filter((budget) => matcherOf(budget).matches(pod.metadata?.labels));

/** A pod that is not ready does not count: it may go, unless its application lacks pods already. */
export function letsUnreadyGo({ spec, status }: PodDisruptionBudget): boolean {
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

function whyNone(
  name: string,
  { conditions, currentHealthy = 0, desiredHealthy = 0 }: Partial<PodDisruptionBudgetStatus>,
): string {
  const condition = conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const isTold = condition?.status === 'False' && condition.message !== '';
  const forbids = `The disruption budget ${name} does not allow evicting pods currently`;
  if (isTold && condition.reason === 'SyncFailed') return `${forbids} because it failed sync: ${condition.message}`;
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  return isTold ? `${forbids} (${condition.reason}): ${condition.message}` : forbids;
}

function withCondition(conditions: readonly Condition[], observed: number | undefined, nowMs: number): Condition[] {
  const type = 'DisruptionAllowed';
  const old = conditions.find((condition) => condition.type === type);
  const status = 'False';
  const next: Condition = {
    type,
    status,
    ...(observed && { observedGeneration: observed }),
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : rfc3339(nowMs),
    reason: 'InsufficientPods',
    message: '',
  };
  return old === undefined
    ? [...conditions, next]
    : conditions.map((condition) => (condition === old ? next : condition));
}

/** The budget after the disruption of one pod more. Throws where it does not allow it. */
export function disrupted(budget: PodDisruptionBudget, podName: string, nowMs: number): PodDisruptionBudget {
  const { name = '', generation = 0 } = budget.metadata ?? {};
  const status: PodDisruptionBudgetStatus = budget.status ?? {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  };
  if ((status.observedGeneration ?? 0) < generation) throw stillProcessed(name);
  const allowed = status.disruptionsAllowed ?? 0;
  const refuse = (why: string, cause: string): StatusError =>
    because(
      newForbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, why),
      `The disruption budget ${name} does not allow evicting pods currently: ${cause}`,
    );
  const negative = 'pdb disruptions allowed is negative';
  if (allowed < 0) throw refuse(negative, negative);
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsMax) {
    throw refuse(
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
      'too many pending evictions not confirmed by PDB controller',
    );
  }
  if (allowed === 0) throw because(newTooManyRequests(refusal, 0), whyNone(name, status));
  const next = { ...status, disruptionsAllowed: allowed - 1 };
  next.disruptedPods = { ...status.disruptedPods, [podName]: rfc3339(nowMs) };
  if (next.disruptionsAllowed === 0) {
    next.conditions = withCondition(status.conditions ?? [], status.observedGeneration, nowMs);
  }
  return { ...budget, status: next };
}
