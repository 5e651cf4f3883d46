import { goQuote } from '../../api/meta/go-text.ts';
import type { ClusterRole } from '../../api/types/rbac-v1.ts';
import type { Authorizer, Decision, RequestInfo, User } from '../pipeline.ts';
import { bootstrapObjects } from './bootstrap-policy.ts';
import { ruleAllows } from './rbac-rules.ts';

const nodesGroup = 'system:nodes';
const nodePrefix = 'system:node:';
const noOpinion: Decision = { allowed: false, reason: '' };
const changes: ReadonlySet<string> = new Set(['update', 'patch', 'delete']);

const nodeRules = (
  bootstrapObjects.find((object) => object.kind === 'ClusterRole' && object.metadata?.name === 'system:node') as
    ClusterRole | undefined
)?.rules;

/** Why a node may not touch this object of another node; '' where it may. */
function foreign(node: string, info: RequestInfo): string {
  if (info.name === '' || info.name === node) return '';
  if (info.resource === 'nodes' && changes.has(info.verb)) {
    return `node ${goQuote(node)} is not allowed to modify node ${goQuote(info.name)}`;
  }
  if (info.resource === 'leases') return 'can only access node lease with the same name as the requesting node';
  if (info.resource === 'csinodes') return 'can only access CSINode with the same name as the requesting node';
  return '';
}

/**
 * Kubelets: the rules of the role system:node, each on its own Node, Lease and CSINode only. Which Secrets and
 * ConfigMaps a node may read is not yet narrowed down to those of its pods.
 */
export const nodeAuthorizer: Authorizer = {
  authorize(user: User, info: RequestInfo): Decision {
    if (!user.groups.includes(nodesGroup) || !user.name.startsWith(nodePrefix)) return noOpinion;
    const reason = foreign(user.name.slice(nodePrefix.length), info);
    if (reason !== '') return { allowed: false, reason };
    if (info.resource === 'leases' && info.namespace !== 'kube-node-lease') {
      return { allowed: false, reason: `can only access leases in the "kube-node-lease" system namespace` };
    }
    return nodeRules?.some((rule) => ruleAllows(rule, info)) ? { allowed: true, reason: '' } : noOpinion;
  },
};
