import { claimEvaluator } from './claim-evaluator.ts';
import { deviceEvaluator } from './device-evaluator.ts';
import { countEvaluator, type Evaluator } from './evaluator.ts';
import { podEvaluator } from './pod-evaluator.ts';
import { serviceEvaluator } from './service-evaluator.ts';

/** Kinds of which more is limited than how many there are. */
export const specialEvaluators: readonly Evaluator<never>[] = [
  podEvaluator,
  serviceEvaluator,
  claimEvaluator,
  deviceEvaluator,
];

/** Not stored, or too short-lived to be limited. */
const ignored: ReadonlySet<string> = new Set(['/bindings', '/events', 'events.k8s.io/events']);

/** How objects of a resource count; undefined for those that do not. */
export function evaluatorOf(group: string, resource: string): Evaluator | undefined {
  if (ignored.has(`${group}/${resource}`)) return undefined;
  const special = specialEvaluators.find((own) => own.group === group && own.resource === resource);
  return special ?? countEvaluator(group, resource);
}
