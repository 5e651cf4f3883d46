import { goQuote } from '../../api/meta/go-text.ts';
import type { ClusterRole } from '../../api/types/rbac-v1.ts';
import type { Authorizer, Decision, RequestInfo, User } from '../pipeline.ts';
import { bootstrapObjects } from './bootstrap-policy.ts';
import type { GraphKind } from './node-graph.ts';
import { nodeIdentity } from './node-identity.ts';
import type { NodePaths } from './node-paths.ts';
import { ruleAllows } from './rbac-rules.ts';

const yes: Decision = { allowed: true, reason: '' };
/** Not a denial: a role may still allow it. */
const no = (reason = ''): Decision => ({ allowed: false, reason });
const leaseNamespace = 'kube-node-lease';

const nodeRules = (
  bootstrapObjects.find((object) => object.kind === 'ClusterRole' && object.metadata?.name === 'system:node') as
    ClusterRole | undefined
)?.rules;

/** Does the request ask for nothing but what is on this node? */
const selectsNode = ({ fieldSelector = '' }: RequestInfo, node: string): boolean =>
  fieldSelector.split(',').some((term) => /^spec\.nodeName==?(.*)$/.exec(term)?.[1] === node);

type Rule = (node: string, info: RequestInfo, paths: NodePaths) => Decision | Promise<Decision>;

async function related(node: string, kind: GraphKind, info: RequestInfo, paths: NodePaths): Promise<Decision> {
  if (info.name === '') return no('No Object name found');
  if (await paths.has(node, kind, info.namespace, info.name)) return yes;
  return no(`no relationship found between node '${node}' and this object`);
}

const getOf =
  (kind: GraphKind): Rule =>
  (node, info, paths) => {
    if (info.verb !== 'get') return no('can only get individual resources of this type');
    if (info.subresource !== '') return no('cannot get subresource');
    return related(node, kind, info, paths);
  };

const readOf =
  (kind: GraphKind): Rule =>
  (node, info, paths) => {
    if (!['get', 'list', 'watch'].includes(info.verb)) return no('can only read resources of this type');
    if (info.subresource !== '') return no('cannot read subresource');
    if (info.namespace === '') return no('can only read namespaced object of this type');
    return related(node, kind, info, paths);
  };

const claim: Rule = (node, info, paths) => {
  if (info.subresource !== 'status') return getOf('claim')(node, info, paths);
  if (info.verb !== 'update' && info.verb !== 'patch') return no('can only get/update/patch this type');
  return related(node, 'claim', info, paths);
};

const account: Rule = async (node, info, paths) => {
  if (info.verb === 'get' && info.subresource === '') return readOf('account')(node, info, paths);
  if (info.verb !== 'create' || info.name === '') return no('can only create tokens for individual service accounts');
  if (info.subresource !== 'token') return no('can only create token subresource of serviceaccount');
  return related(node, 'account', info, paths);
};

const lease: Rule = (node, { verb, namespace, name }) => {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return no('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== leaseNamespace) {
    return no(`can only access leases in the ${goQuote(leaseNamespace)} system namespace`);
  }
  // The name of a new one is not known yet: NodeRestriction looks at it.
  if (verb === 'create' || name === node) return yes;
  return no('can only access node lease with the same name as the requesting node');
};

const csiNode: Rule = (node, { verb, subresource, name }) => {
  if (subresource !== '') return no('cannot authorize CSINode subresources');
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return no('can only get, create, update, patch, or delete a CSINode');
  }
  if (verb === 'create' || name === node) return yes;
  return no('can only access CSINode with the same name as the requesting node');
};

const slice: Rule = (node, info, paths) => {
  if (info.subresource !== '') return no('cannot authorize ResourceSlice subresources');
  if (info.verb === 'create') return yes;
  if (['get', 'update', 'patch', 'delete'].includes(info.verb)) return related(node, 'slice', info, paths);
  if (selectsNode(info, node)) return yes;
  return no('can only list/watch/deletecollection resourceslices with nodeName field selector');
};

/** What NodeRestriction narrows down is allowed here. */
const ownNode: Rule = (node, { verb, subresource, name }) => {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? yes : no();
  if (subresource !== '') return no();
  if (['create', 'update', 'patch'].includes(verb)) return yes;
  if (!['get', 'list', 'watch'].includes(verb)) return no();
  if (name === node) return yes;
  if (name === '') return no(`node '${node}' cannot read all nodes, only its own Node object`);
  return no(`node '${node}' cannot read '${name}', only its own Node object`);
};

const pod: Rule = (node, info, paths) => {
  const { verb, subresource, name } = info;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? yes : no();
  if (subresource === 'eviction') return verb === 'create' ? yes : no();
  if (subresource !== '') return no();
  if (verb === 'get') return related(node, 'pod', info, paths);
  if (verb === 'create' || verb === 'delete') return yes;
  if (verb !== 'list' && verb !== 'watch') return no();
  if (selectsNode(info, node)) return yes;
  if (name !== '') return related(node, 'pod', info, paths);
  return no('can only list/watch pods with spec.nodeName field selector');
};

/** Resources of which a node may not have all. */
const rules: ReadonlyMap<string, Rule> = new Map([
  ['/secrets', readOf('secret')],
  ['/configmaps', readOf('configmap')],
  ['/persistentvolumeclaims', claim],
  ['/persistentvolumes', getOf('volume')],
  ['resource.k8s.io/resourceclaims', getOf('resourceclaim')],
  ['storage.k8s.io/volumeattachments', getOf('attachment')],
  ['/serviceaccounts', account],
  ['coordination.k8s.io/leases', lease],
  ['storage.k8s.io/csinodes', csiNode],
  ['resource.k8s.io/resourceslices', slice],
  ['/nodes', ownNode],
  ['/pods', pod],
]);

/** Kubelets: what the role system:node says, of the objects that have to do with their node. */
export const nodeAuthorizer = (paths: NodePaths): Authorizer => ({
  authorize(user: User, info: RequestInfo): Decision | Promise<Decision> {
    const node = nodeIdentity(user);
    if (node === undefined) return no();
    if (node === '') return no(`unknown node for user ${goQuote(user.name)}`);
    const rule = info.isResourceRequest ? rules.get(`${info.group}/${info.resource}`) : undefined;
    if (rule !== undefined) return rule(node, info, paths);
    return nodeRules?.some((own) => ruleAllows(own, info)) ? yes : no();
  },
});
