import { matcherOf } from '../meta/labels.ts';
import type { Requirement, SelectorOperator } from '../meta/labels.ts';
import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../types/core-v1.ts';

const operators: Record<string, SelectorOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

function meets(requirements: readonly NodeSelectorRequirement[] | undefined, labels: Record<string, string>): boolean {
  const known: Requirement[] = [];
  for (const { key, operator, values } of requirements ?? []) {
    const of = operators[operator];
    if (of === undefined) return false;
    known.push({ key, operator: of, values: values ?? [] });
  }
  return matcherOf(known).matches(labels);
}

/** A term without any requirement matches no node. */
export function nodeMatchesTerm(node: Node, term: NodeSelectorTerm): boolean {
  if (!term.matchExpressions?.length && !term.matchFields?.length) return false;
  return (
    meets(term.matchExpressions, node.metadata?.labels ?? {}) &&
    meets(term.matchFields, { 'metadata.name': node.metadata?.name ?? '' })
  );
}

/** Terms are alternatives. */
export const nodeMatchesSelector = (node: Node, selector: NodeSelector): boolean =>
  selector.nodeSelectorTerms.some((term) => nodeMatchesTerm(node, term));

/** The pod's nodeSelector and its required node affinity together. */
export function nodeSuitsPod(node: Node, pod: Pod): boolean {
  const labels = node.metadata?.labels ?? {};
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (
    selector.every(([key, value]) => labels[key] === value) &&
    (required === undefined || nodeMatchesSelector(node, required))
  );
}
