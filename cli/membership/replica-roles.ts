import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../cluster/layout.ts';
import { writeAtomically } from '../cluster/state.ts';

/**
 * Replicas that are not simply members, in <data-dir>/membership.json. 'removed': taken out of the cluster, not started.
 * 'joins': without data; `kuorum up` adds it to those that run.
 */
export type ReplicaRole = 'removed' | 'joins';
export type ReplicaRoles = Readonly<Record<string, ReplicaRole>>;

const fileOf = (layout: Layout): string => join(layout.dataDir, 'membership.json');

export function replicaRoles(layout: Layout): ReplicaRoles {
  const path = fileOf(layout);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ReplicaRoles) : {};
}

/** undefined: an ordinary member from now on */
export function setReplicaRole(layout: Layout, replica: string, role: ReplicaRole | undefined): void {
  const { [replica]: _, ...others } = replicaRoles(layout);
  const roles = role === undefined ? others : { ...others, [replica]: role };
  if (Object.keys(roles).length === 0) rmSync(fileOf(layout), { force: true });
  else writeAtomically(fileOf(layout), `${JSON.stringify(roles, null, 2)}\n`);
}
