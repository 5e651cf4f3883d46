import type { User } from '../pipeline.ts';

const nodesGroup = 'system:nodes';
const nodePrefix = 'system:node:';

/** The node that a user is: '' for one that cannot be told, undefined for others than kubelets. */
export function nodeIdentity(user: User | undefined): string | undefined {
  if (user === undefined || !user.name.startsWith(nodePrefix) || !user.groups.includes(nodesGroup)) return undefined;
  return user.name.slice(nodePrefix.length);
}
