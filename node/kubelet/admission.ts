import { nodeSuitsPod } from '../../api/pods/node-selection.ts';
import { podRequests } from '../../api/pods/pod-resources.ts';
import type { Amounts } from '../../api/pods/pod-resources.ts';
import { untoleratedTaint } from '../../api/pods/tolerations.ts';
import type { Container, Node, Pod } from '../../api/types/core-v1.ts';
import type { Failure } from './pod-record.ts';

const portsOf = ({ spec }: Pod): string[] =>
  (spec?.containers ?? []).flatMap(({ ports }: Container) =>
    (ports ?? [])
      .filter(({ hostPort }) => hostPort)
      .map(({ protocol, hostPort }) => `${protocol ?? 'TCP'}/${hostPort}`),
  );

/**
 * Whether a pod that was given to this node may run here, beside the pods that already do; a reason in Kubernetes'
 * words where not. Guards against a scheduler that did not know better, or none.
 */
export function admissionFailure(
  pod: Pod,
  others: readonly Pod[],
  node: Node,
  allocatable: Amounts,
): Failure | undefined {
  if (!nodeSuitsPod(node, pod)) {
    return { reason: 'NodeAffinity', message: 'Pod was rejected: Predicate NodeAffinity failed' };
  }
  if (untoleratedTaint(node.spec?.taints, pod.spec?.tolerations, ['NoExecute'])) {
    return { reason: 'TaintToleration', message: 'Pod was rejected: Predicate TaintToleration failed' };
  }
  const taken = new Set(others.flatMap(portsOf));
  if (portsOf(pod).some((port) => taken.has(port))) {
    return { reason: 'NodePorts', message: 'Pod was rejected: Predicate NodePorts failed' };
  }
  const out = (name: string, requested: number, used: number, capacity: number): Failure => ({
    reason: `OutOf${name}`,
    message:
      `Pod was rejected: Node didn't have enough resource: ${name}, ` +
      `requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  });
  const podsMax = allocatable['pods'] ?? 0;
  if (others.length + 1 > podsMax) return out('pods', 1, others.length, podsMax);
  for (const [name, requested] of Object.entries(podRequests(pod))) {
    const used = others.reduce((sum, other) => sum + (podRequests(other)[name] ?? 0), 0);
    const capacity = allocatable[name] ?? 0;
    if (requested > 0 && used + requested > capacity) return out(name, requested, used, capacity);
  }
  return undefined;
}
