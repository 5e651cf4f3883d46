/** Fields that an apply would change and that others manage; worded as Kubernetes words it. */
import { goQuote } from '../meta/go-text.ts';
import { newApplyConflict, type StatusError } from '../meta/status.ts';
import { hasPath, pathsOf, type FieldSet } from './field-set.ts';
import { managerInfo, type ManagerId, type VersionedSet } from './managed.ts';
import { compareText, pathText, type PathElement } from './path-element.ts';

export interface Conflict {
  readonly manager: ManagerId;
  readonly path: readonly PathElement[];
}

/** Thrown by an apply without force. */
export class ApplyConflict extends Error {
  override name = 'ApplyConflict';
  readonly conflicts: readonly Conflict[];
  constructor(conflicts: readonly Conflict[]) {
    super('apply conflict');
    this.conflicts = conflicts;
  }
  /** Those that `allowed` does not hold. */
  except(allowed: FieldSet): Conflict[] {
    return this.conflicts.filter(({ path }) => !hasPath(allowed, path));
  }
}

export const conflictsOf = (sets: ReadonlyMap<ManagerId, VersionedSet>): Conflict[] =>
  [...sets]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([manager, { set }]) => [...pathsOf(set)].map((path) => ({ manager, path })));

function managerText(id: ManagerId): string {
  const { manager, operation, apiVersion, subresource } = managerInfo(id);
  const name = goQuote(manager ?? '') + (subresource ? ` with subresource ${goQuote(subresource)}` : '');
  return operation === 'Update' ? `${name} using ${apiVersion ?? ''}` : name;
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${managerText(first.manager)}: ${pathText(first.path)}`;
  }
  const lines: string[] = [];
  for (const manager of new Set(conflicts.map((conflict) => conflict.manager))) {
    lines.push(`conflicts with ${managerText(manager)}:`);
    for (const conflict of conflicts) if (conflict.manager === manager) lines.push(`- ${pathText(conflict.path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

export function conflictStatus({ conflicts }: ApplyConflict): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field: pathText(path),
  }));
  return newApplyConflict(causes, messageOf(conflicts));
}
