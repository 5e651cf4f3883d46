import t from 'tap';
import type { Pod } from '../../api/types/core-v1.ts';
import type { VolumeAttachment } from '../../api/types/storage-v1.ts';
import type { RequestInfo, User } from '../pipeline.ts';
import { requestInfo } from '../testing/fake-context.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import { NodeGraph } from './node-graph.ts';

const graph = new NodeGraph();
const pod = (name: string, nodeName: string, spec: object, annotations = {}): Pod => ({
  metadata: { name, namespace: 'default', annotations },
  spec: { nodeName, containers: [], ...spec },
});
const volumes = (...secrets: string[]) => ({
  volumes: secrets.map((secretName) => ({ name: 'v', secret: { secretName } })),
});
graph.setPod(
  pod('mine', 'n1', {
    serviceAccountName: 'app',
    imagePullSecrets: [{ name: 'pull' }],
    containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'settings' } }] }],
    volumes: [
      { name: 'a', secret: { secretName: 'mounted' } },
      { name: 'b', persistentVolumeClaim: { claimName: 'data' } },
    ],
  }),
);
graph.setPod(pod('other', 'n2', volumes('theirs')));
graph.setPod(pod('mirror', 'n1', volumes('stolen'), { 'kubernetes.io/config.mirror': 'x' }));
graph.setVolume({
  metadata: { name: 'pv' },
  spec: {
    claimRef: { namespace: 'default', name: 'data' },
    csi: { driver: 'd', volumeHandle: 'h', nodePublishSecretRef: { namespace: 'storage', name: 'key' } },
  },
});
graph.setAttachment({ metadata: { name: 'va' }, spec: { nodeName: 'n1' } } as VolumeAttachment);

const authorizer = nodeAuthorizer({ has: (...asked) => Promise.resolve(graph.has(...asked)) });
const node: User = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
const can = (verb: string, resource: string, more: Partial<RequestInfo> = {}): RequestInfo =>
  requestInfo({ verb, resource, namespace: 'default', ...more });
const cluster = { namespace: '' };

const allowed: [title: string, info: RequestInfo][] = [
  ['a secret that is mounted', can('get', 'secrets', { name: 'mounted' })],
  ['a watch of it', can('watch', 'secrets', { name: 'mounted' })],
  ['a pull secret', can('get', 'secrets', { name: 'pull' })],
  ['a ConfigMap of variables', can('get', 'configmaps', { name: 'settings' })],
  ['a claim', can('get', 'persistentvolumeclaims', { name: 'data' })],
  ['its volume', can('get', 'persistentvolumes', { ...cluster, name: 'pv' })],
  ['the secret of its volume', can('get', 'secrets', { namespace: 'storage', name: 'key' })],
  ['an attachment', can('get', 'volumeattachments', { ...cluster, group: 'storage.k8s.io', name: 'va' })],
  ['a token', can('create', 'serviceaccounts', { name: 'app', subresource: 'token' })],
  ['its pods', can('list', 'pods', { ...cluster, fieldSelector: 'spec.nodeName=n1' })],
  ['a pod of its own', can('get', 'pods', { name: 'mine' })],
  ['services', can('list', 'services', cluster)],
  ['its node before there is one', can('get', 'nodes', { ...cluster, name: 'n1' })],
];

const nothing = "no relationship found between node 'n1' and this object";
const refused: [title: string, info: RequestInfo, reason: string][] = [
  ['a secret of another node', can('get', 'secrets', { name: 'theirs' }), nothing],
  ['a secret of the same name elsewhere', can('get', 'secrets', { namespace: 'x', name: 'mounted' }), nothing],
  ['a secret of a mirror pod', can('get', 'secrets', { name: 'stolen' }), nothing],
  ['all secrets', can('list', 'secrets'), 'No Object name found'],
  ['all secrets of all namespaces', can('list', 'secrets', cluster), 'can only read namespaced object of this type'],
  ['a write of a secret', can('update', 'secrets', { name: 'mounted' }), 'can only read resources of this type'],
  ['all claims', can('list', 'persistentvolumeclaims'), 'can only get individual resources of this type'],
  ['a token of another', can('create', 'serviceaccounts', { name: 'admin', subresource: 'token' }), nothing],
  ['a pod elsewhere', can('get', 'pods', { name: 'other' }), nothing],
  ['all pods', can('list', 'pods', cluster), 'can only list/watch pods with spec.nodeName field selector'],
  [
    'pods of another node',
    can('watch', 'pods', { ...cluster, fieldSelector: 'spec.nodeName=n2' }),
    'can only list/watch pods with spec.nodeName field selector',
  ],
  ['all nodes', can('list', 'nodes', cluster), "node 'n1' cannot read all nodes, only its own Node object"],
  [
    'another node',
    can('get', 'nodes', { ...cluster, name: 'n2' }),
    "node 'n1' cannot read 'n2', only its own Node object",
  ],
  [
    'leases elsewhere',
    can('get', 'leases', { group: 'coordination.k8s.io', name: 'n1' }),
    'can only access leases in the "kube-node-lease" system namespace',
  ],
  [
    'the lease of another',
    can('update', 'leases', { group: 'coordination.k8s.io', namespace: 'kube-node-lease', name: 'n2' }),
    'can only access node lease with the same name as the requesting node',
  ],
  [
    'slices of all nodes',
    can('list', 'resourceslices', { ...cluster, group: 'resource.k8s.io' }),
    'can only list/watch/deletecollection resourceslices with nodeName field selector',
  ],
];

void t.test('the Node authorizer lets a kubelet read what its pods need', async (t) => {
  for (const [title, info] of allowed) t.match(await authorizer.authorize(node, info), { allowed: true }, title);
});

void t.test('the Node authorizer has no say in the rest', async (t) => {
  for (const [title, info, reason] of refused) {
    t.same(await authorizer.authorize(node, info), { allowed: false, reason }, title);
  }
  const nameless = { ...node, name: 'system:node:' };
  const reason = 'unknown node for user "system:node:"';
  t.same(await authorizer.authorize(nameless, can('get', 'pods', { name: 'mine' })), { allowed: false, reason });
});

void t.test('the graph forgets what is gone', (t) => {
  const own = new NodeGraph();
  own.setPod(pod('a', 'n1', volumes('s')));
  own.setPod(pod('b', 'n1', volumes('s')));
  own.removePod('default', 'a');
  t.ok(own.has('n1', 'secret', 'default', 's'), 'another pod needs it still');
  own.setPod(pod('b', 'n2', volumes('s')));
  t.notOk(own.has('n1', 'secret', 'default', 's'));
  t.ok(own.has('n2', 'secret', 'default', 's'));
  own.clearPods();
  t.notOk(own.has('n2', 'secret', 'default', 's'));
  t.end();
});
