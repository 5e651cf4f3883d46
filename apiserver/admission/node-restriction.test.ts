import t from 'tap';
import type { Authorizer } from '../pipeline.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { nodeRestriction } from './node-restriction.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

const user = { name: 'system:node:n1', groups: ['system:nodes'] };
const nobody: Authorizer = { authorize: () => ({ allowed: false, reason: '' }) };
const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'u1', controller: true };
const mirror = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner], ...metadata },
  spec: { nodeName: 'n1', containers: [{ name: 'c' }], ...spec },
});
const pod = (name: string, nodeName: string) => ({
  metadata: { name, namespace: 'default', uid: `${name}-uid` },
  spec: {
    nodeName,
    containers: [{ name: 'c' }],
    volumes: [
      {
        name: 'v',
        projected: {
          sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }, { serviceAccountToken: { path: 'u' } }],
        },
      },
    ],
  },
});

const store = new FakeStore();
store.objects.set('/nodes', [{ metadata: { name: 'n1', uid: 'u1' } }]);
store.objects.set('/pods', [pod('mine', 'n1'), pod('other', 'n2')]);
const plugin = nodeRestriction(store, nobody);
type Asked = Parameters<typeof admissionRequest>[2];
const run = (resource: string, object: object, asked: Asked = {}): Promise<void> =>
  admit(plugin, admissionRequest(resource, object, { user, ...asked }));

const node = (labels: object = {}, spec: object = {}, name = 'n1') => ({ metadata: { name, labels }, spec });
const token = (name: string, spec: object = {}) => ({
  metadata: { name: 'default' },
  spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid: `${name}-uid` }, ...spec },
});
const lease = 'coordination.k8s.io/leases';
const forToken = { subresource: 'token' };

const allowed: [title: string, resource: string, object: object, asked?: Asked][] = [
  ['a mirror pod of its own', 'pods', mirror()],
  ['its own node, with labels of kubelets', 'nodes', node({ 'kubernetes.io/hostname': 'n1', a: 'b' })],
  ['its own status', 'nodes', node({}, {}), { old: node(), subresource: 'status' }],
  ['eviction of a pod of its own', 'pods', { metadata: { name: 'mine' } }, { subresource: 'eviction' }],
  ['a token for a pod of its own', 'serviceaccounts', token('mine'), forToken],
  [
    'a token for an audience that the pod asks for',
    'serviceaccounts',
    token('mine', { audiences: ['vault'] }),
    forToken,
  ],
  ['the status of a pod of its own', 'pods', pod('mine', 'n1'), { old: pod('mine', 'n1'), subresource: 'status' }],
  ['anything by others', 'pods', pod('x', 'n2'), { user: { name: 'u', groups: [] } }],
];

const refused: [title: string, resource: string, object: object, asked: Asked, why: string][] = [
  [
    'a pod that is no mirror',
    'pods',
    mirror({}, { annotations: {} }),
    {},
    'pods "p" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
  ],
  [
    'a mirror pod elsewhere',
    'pods',
    mirror({ nodeName: 'n2' }),
    {},
    'pods "p" is forbidden: node "n1" can only create pods with spec.nodeName set to itself',
  ],
  [
    'a mirror pod of nobody',
    'pods',
    mirror({}, { ownerReferences: [] }),
    {},
    'pods "p" is forbidden: node "n1" can only create pods with an owner reference set to itself',
  ],
  [
    'a mirror pod with a secret',
    'pods',
    mirror({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
    {},
    'pods "p" is forbidden: node "n1" can not create pods that reference secrets',
  ],
  [
    'an update of a pod',
    'pods',
    mirror(),
    { old: mirror() },
    'pods "p" is forbidden: unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
  ],
  [
    'the status of another pod',
    'pods',
    pod('other', 'n2'),
    { old: pod('other', 'n2'), subresource: 'status' },
    'pods "other" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
  ],
  [
    'labels through the status',
    'pods',
    mirror({}, { labels: { a: 'b' } }),
    { old: mirror(), subresource: 'status' },
    'pods "p" is forbidden: node "n1" cannot update labels through pod status',
  ],
  [
    'eviction of another pod',
    'pods',
    { metadata: { name: 'other' } },
    { subresource: 'eviction' },
    'pods "other" is forbidden: node n1 can only evict pods with spec.nodeName set to itself',
  ],
  [
    'another node',
    'nodes',
    node({}, {}, 'n2'),
    {},
    'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
  ],
  [
    'labels that are for administrators',
    'nodes',
    node({ 'node-restriction.kubernetes.io/a': 'b', 'node-role.kubernetes.io/x': '' }),
    {},
    'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/a, node-role.kubernetes.io/x',
  ],
  [
    'a change of such labels',
    'nodes',
    node({ 'x.node-restriction.kubernetes.io/a': 'b' }),
    { old: node() },
    'nodes "n1" is forbidden: is not allowed to modify labels: x.node-restriction.kubernetes.io/a',
  ],
  [
    'its taints',
    'nodes',
    node(),
    { old: node({}, { taints: [{ key: 'a', effect: 'NoSchedule' }] }) },
    'nodes "n1" is forbidden: node "n1" is not allowed to modify taints',
  ],
  [
    'a lease elsewhere',
    lease,
    { metadata: { name: 'n1' } },
    {},
    'leases.coordination.k8s.io "n1" is forbidden: can only access leases in the "kube-node-lease" system namespace',
  ],
  [
    'a token for nothing',
    'serviceaccounts',
    { metadata: { name: 'default' }, spec: {} },
    forToken,
    'serviceaccounts "default" is forbidden: node requested token not bound to a pod',
  ],
  [
    'a token for a pod elsewhere',
    'serviceaccounts',
    token('other'),
    forToken,
    'serviceaccounts "default" is forbidden: node requested token bound to a pod scheduled on a different node',
  ],
  [
    'a token for an audience of nobody',
    'serviceaccounts',
    token('mine', { audiences: ['x'] }),
    forToken,
    'serviceaccounts "default" is forbidden: system:node:n1 is not authorized to request tokens for audience "x"',
  ],
  [
    'claims',
    'persistentvolumeclaims',
    { metadata: { name: 'c' } },
    { old: { metadata: { name: 'c' } } },
    'persistentvolumeclaims "c" is forbidden: may only update PVC status',
  ],
];

void t.test('NodeRestriction allows a kubelet', async (t) => {
  for (const [title, resource, object, asked] of allowed) await t.resolves(run(resource, object, asked), title);
});

void t.test('NodeRestriction refuses a kubelet', async (t) => {
  for (const [title, resource, object, asked, message] of refused) {
    await t.rejects(run(resource, object, asked), { message, code: 403 }, title);
  }
});

void t.test('NodeRestriction: a name like a node without a node is nobody', async (t) => {
  const nameless = { name: 'system:node:', groups: ['system:nodes'] };
  await t.rejects(run('pods', mirror(), { user: nameless }), {
    message: 'pods "p" is forbidden: could not determine node from user "system:node:"',
  });
});
