import type { Namespace, NamespaceCondition } from '../../../api/types/core-v1.ts';
import type { ObjectMeta } from '../../../api/types/meta-v1.ts';

/** What a round of emptying a namespace found. */
export interface Findings {
  readonly discoveryFailures: readonly string[];
  readonly deleteFailures: readonly string[];
  /** `pods.` → the objects that are left */
  readonly remaining: ReadonlyMap<string, readonly (ObjectMeta | undefined)[]>;
}

export const isEmptied = (findings: Findings): boolean =>
  findings.discoveryFailures.length + findings.deleteFailures.length + findings.remaining.size === 0;

/** type, [reason and message when all is well], [reason, message] of the finding */
type Row = readonly [string, readonly [string, string], readonly [string, string] | undefined];

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function rowsOf(findings: Findings): Row[] {
  const counts = [...findings.remaining]
    .sort(byName)
    .map(([resource, objects]) => `${resource} has ${objects.length} resource instances`);
  const finalizers = new Map<string, number>();
  for (const object of [...findings.remaining.values()].flat()) {
    for (const finalizer of object?.finalizers ?? []) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  }
  const held = [...finalizers].sort(byName).map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  const found = (reason: string, texts: readonly string[], prefix: string): [string, string] | undefined =>
    texts.length === 0 ? undefined : [reason, `${prefix}${texts.join(', ')}`];
  return [
    [
      'NamespaceDeletionDiscoveryFailure',
      ['ResourcesDiscovered', 'All resources successfully discovered'],
      found('DiscoveryFailed', findings.discoveryFailures, 'Discovery failed for some groups, '),
    ],
    [
      'NamespaceDeletionGroupVersionParsingFailure',
      ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
      undefined,
    ],
    [
      'NamespaceDeletionContentFailure',
      ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
      found('ContentDeletionFailed', findings.deleteFailures, 'Failed to delete all resource types, '),
    ],
    [
      'NamespaceContentRemaining',
      ['ContentRemoved', 'All content successfully removed'],
      found('SomeResourcesRemain', counts, 'Some resources are remaining: '),
    ],
    [
      'NamespaceFinalizersRemaining',
      ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
      found('SomeFinalizersRemain', held, 'Some content in the namespace has finalizers remaining: '),
    ],
  ];
}

/** The namespace's conditions after a round; undefined where they stand so. */
export function namespaceConditions(
  namespace: Namespace,
  findings: Findings,
  now: string,
): NamespaceCondition[] | undefined {
  const before = namespace.status?.conditions ?? [];
  let isChanged = false;
  const rows = rowsOf(findings).map(([type, fine, problem]): NamespaceCondition => {
    const [reason, message] = problem ?? fine;
    const status = problem ? 'True' : 'False';
    const current = before.find((condition) => condition.type === type);
    if (current && current.status === status && current.reason === reason && current.message === message)
      return current;
    isChanged = true;
    const lastTransitionTime = current?.status === status ? current.lastTransitionTime : now;
    return { type, status, reason, message, lastTransitionTime };
  });
  if (!isChanged) return undefined;
  const types = new Set<string>(rows.map((row) => row.type));
  return [...before.filter((condition) => !types.has(condition.type)), ...rows];
}
