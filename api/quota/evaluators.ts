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

const known = new Map<string, Evaluator>(specialEvaluators.map((own) => [`${own.group}/${own.resource}`, own]));
/** more kinds than that come and go */
const knownMax = 4_096;

/** How objects of a resource count; undefined for those that do not. */
export function evaluatorOf(group: string, resource: string): Evaluator | undefined {
  const id = `${group}/${resource}`;
  if (ignored.has(id)) return undefined;
  const found = known.get(id) ?? countEvaluator(group, resource);
  if (known.size < knownMax) known.set(id, found);
  return found;
}
