import t from 'tap';
import type { KubeObject, RequestInfo, User } from '../pipeline.ts';
import { fakeContext, FakeStore, requestInfo } from '../testing/fake-context.ts';
import { createAuth } from './auth.ts';
import { forbidden } from './authorization-stage.ts';
import { bootstrapObjects } from './bootstrap-policy.ts';

const rbac = 'rbac.authorization.k8s.io';
const user = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] });
const can = (verb: string, resource: string, more: Partial<RequestInfo> = {}): RequestInfo =>
  requestInfo({ verb, resource, ...more });
const path = (verb: string, text: string): RequestInfo => requestInfo({ verb, path: text });

const authOf = (store: FakeStore): ReturnType<typeof createAuth> =>
  createAuth({ store, nowMs: () => 0, serves: () => true });

async function seededStore(): Promise<FakeStore> {
  const store = new FakeStore();
  for (const hook of authOf(store).hooks) await hook.run(store, new AbortController().signal);
  return store;
}

const manager = user('system:kube-controller-manager');
const scheduler = user('system:kube-scheduler');
const node = user('system:node:n1', 'system:nodes');
const inDefault = { namespace: 'default' };
const kubeSystem = { group: 'coordination.k8s.io', namespace: 'kube-system' };
const apps = { group: 'apps', namespace: 'default' };

const cases: [string, User, RequestInfo, boolean][] = [
  ['an administrator may anything', user('a', 'system:masters'), can('delete', 'nodes', { name: 'n' }), true],
  ['anybody known may discover', user('x'), path('get', '/apis/apps/v1'), true],
  [
    'anybody known may ask what they may',
    user('x'),
    can('create', 'selfsubjectaccessreviews', { group: 'authorization.k8s.io' }),
    true,
  ],
  ['anybody known may not list pods', user('x'), can('list', 'pods', inDefault), false],
  [
    'nobody known may ask for health',
    { name: 'system:anonymous', groups: ['system:unauthenticated'] },
    path('get', '/readyz'),
    true,
  ],
  [
    'nobody known may not discover',
    { name: 'system:anonymous', groups: ['system:unauthenticated'] },
    path('get', '/apis'),
    false,
  ],
  ['anybody known may not read metrics', user('x'), path('get', '/metrics'), false],
  ['the manager scales replica sets', manager, can('update', 'replicasets', { ...apps, name: 'x' }), true],
  ['the manager creates pods', manager, can('create', 'pods', inDefault), true],
  [
    'the manager holds its lease',
    manager,
    can('update', 'leases', { ...kubeSystem, name: 'kube-controller-manager' }),
    true,
  ],
  [
    'the manager writes slices',
    manager,
    can('create', 'endpointslices', { group: 'discovery.k8s.io', ...inDefault }),
    true,
  ],
  ['the manager creates no roles', manager, can('create', 'clusterroles', { group: rbac }), false],
  ['the scheduler binds', scheduler, can('create', 'pods', { ...inDefault, subresource: 'binding', name: 'p' }), true],
  ['the scheduler creates no pods', scheduler, can('create', 'pods', inDefault), false],
  ['a node writes its own status', node, can('patch', 'nodes', { name: 'n1', subresource: 'status' }), true],
  ['a node reads no other node', node, can('get', 'nodes', { name: 'n2' }), false],
  ['a node deletes no node', node, can('delete', 'nodes', { name: 'n1' }), false],
  [
    'a node keeps its lease',
    node,
    can('update', 'leases', { group: 'coordination.k8s.io', namespace: 'kube-node-lease', name: 'n1' }),
    true,
  ],
  [
    'a node leaves other leases alone',
    node,
    can('update', 'leases', { group: 'coordination.k8s.io', namespace: 'kube-node-lease', name: 'n2' }),
    false,
  ],
  ['a node deletes no services', node, can('delete', 'services', { ...inDefault, name: 's' }), false],
  ['a name like a node is not enough', user('system:node:n1'), can('get', 'nodes', { name: 'n1' }), false],
];

void t.test('the default policy holds before and after it is written', async (t) => {
  for (const store of [new FakeStore(), await seededStore()]) {
    const { authorizer } = authOf(store);
    for (const [name, who, what, allowed] of cases) {
      t.equal((await authorizer.authorize(who, what)).allowed, allowed, name);
    }
  }
});

const binding = (
  kind: string,
  name: string,
  namespace: string,
  roleKind: string,
  role: string,
  subject: object,
): KubeObject => ({
  apiVersion: `${rbac}/v1`,
  kind,
  metadata: namespace === '' ? { name } : { name, namespace },
  roleRef: { apiGroup: rbac, kind: roleKind, name: role },
  subjects: [subject],
});

void t.test('the default policy holds while it is being written', async (t) => {
  const store = new FakeStore();
  const { authorizer, hooks } = authOf(store);
  const ensure = store.ensure.bind(store);
  let refused = 0;
  store.ensure = async (...written): Promise<boolean> => {
    const done = await ensure(...written);
    if (!(await authorizer.authorize(manager, can('list', 'leases', kubeSystem))).allowed) refused++;
    return done;
  };
  for (const hook of hooks) await hook.run(store, new AbortController().signal);
  t.equal(refused, 0);
  t.equal(store.objects.get(`${rbac}/clusterrolebindings`)?.at(-1)?.metadata?.name, 'cluster-admin');
});

void t.test('stored roles and bindings decide', async (t) => {
  const store = await seededStore();
  const { authorizer } = authOf(store);
  const rules = [
    { apiGroups: [''], resources: ['pods', '*/scale'], verbs: ['get'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'], verbs: ['*'] },
  ];
  await store.ensure(rbac, 'roles', { kind: 'Role', metadata: { name: 'r', namespace: 'default' }, rules });
  const jane = { kind: 'User', name: 'jane' };
  await store.ensure(rbac, 'rolebindings', binding('RoleBinding', 'b', 'default', 'Role', 'r', jane));
  await store.ensure(
    rbac,
    'rolebindings',
    binding('RoleBinding', 'v', 'web', 'ClusterRole', 'view', { kind: 'ServiceAccount', name: 's' }),
  );
  await store.ensure(
    rbac,
    'clusterrolebindings',
    binding('ClusterRoleBinding', 'lost', '', 'ClusterRole', 'nope', { kind: 'User', name: 'joe' }),
  );
  const account = user('system:serviceaccount:web:s');
  const stored: [string, User, RequestInfo, boolean, string][] = [
    [
      'in its namespace',
      user('jane'),
      can('get', 'pods', inDefault),
      true,
      'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "jane"',
    ],
    ['not in another', user('jane'), can('get', 'pods', { namespace: 'web' }), false, ''],
    ['not with another verb', user('jane'), can('list', 'pods', inDefault), false, ''],
    [
      'not a subresource by the resource alone',
      user('jane'),
      can('get', 'pods', { ...inDefault, subresource: 'log' }),
      false,
      '',
    ],
    [
      'a subresource of any resource',
      user('jane'),
      can('get', 'things', { ...inDefault, subresource: 'scale' }),
      true,
      'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "jane"',
    ],
    [
      'a named object',
      user('jane'),
      can('update', 'configmaps', { ...inDefault, name: 'one' }),
      true,
      'RBAC: allowed by RoleBinding "b/default" of Role "r" to User "jane"',
    ],
    ['no other object', user('jane'), can('update', 'configmaps', { ...inDefault, name: 'two' }), false, ''],
    [
      'a service account of the binding, aggregated role',
      account,
      can('list', 'pods', { namespace: 'web' }),
      true,
      'RBAC: allowed by RoleBinding "v/web" of ClusterRole "view" to ServiceAccount "s/web"',
    ],
    [
      'a role that is not there',
      user('joe'),
      can('get', 'pods', inDefault),
      false,
      'RBAC: clusterrole.rbac.authorization.k8s.io "nope" not found',
    ],
  ];
  for (const [name, who, what, allowed, reason] of stored) {
    t.same(await authorizer.authorize(who, what), { allowed, reason }, name);
  }
});

void t.test('forbidden says who cannot do what, in the words of Kubernetes', (t) => {
  const words: [RequestInfo, string][] = [
    [
      can('list', 'pods', inDefault),
      'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      can('get', 'deployments', { ...apps, name: 'd', subresource: 'scale' }),
      'deployments.apps "d" is forbidden: User "x" cannot get resource "deployments/scale" in API group "apps" in the namespace "default"',
    ],
    [
      can('list', 'nodes'),
      'nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [path('get', '/metrics'), 'forbidden: User "x" cannot get path "/metrics"'],
  ];
  for (const [info, message] of words) t.equal(forbidden(user('x'), info, '').message, message);
  t.equal(forbidden(user('x'), path('get', '/m'), 'why').message, 'forbidden: User "x" cannot get path "/m": why');
  t.end();
});

void t.test('seeding writes each default once, roles before bindings', async (t) => {
  const store = await seededStore();
  const seeded = [...store.objects.values()].flat().length;
  const wanted = bootstrapObjects.length;
  t.equal(seeded, wanted);
  t.equal(
    [...store.objects.keys()].findIndex((key) => key.endsWith('clusterrolebindings')),
    3,
  );
  for (const hook of authOf(store).hooks) await hook.run(store, new AbortController().signal);
  t.equal([...store.objects.values()].flat().length, wanted, 'again changes nothing');
  t.notOk([...store.objects.values()].flat().some((o) => /openshift/.test(o.metadata?.name ?? '')));
});

void t.test('impersonation needs the right to it, and changes the user', async (t) => {
  const auth = authOf(await seededStore());
  const impersonate = auth.stages[1];
  const headers = { 'impersonate-user': 'jane', 'impersonate-group': 'dev, ops' };
  const ctx = fakeContext({ headers, user: user('admin', 'system:masters') });
  await impersonate?.(ctx, () => Promise.resolve());
  t.same(ctx.user, { name: 'jane', groups: ['dev', 'ops', 'system:authenticated'] });
  await t.rejects(
    impersonate?.(fakeContext({ headers, user: user('x') }), () => Promise.resolve()) ?? Promise.resolve(),
    {
      code: 403,
      message:
        'users "jane" is forbidden: User "x" cannot impersonate resource "users" in API group "" at the cluster scope',
    },
  );
  const account = fakeContext({
    headers: { 'impersonate-user': 'system:serviceaccount:web:s' },
    user: user('admin', 'system:masters'),
  });
  await impersonate?.(account, () => Promise.resolve());
  t.same(account.user?.groups, ['system:serviceaccounts', 'system:serviceaccounts:web', 'system:authenticated']);
  for (const name of ['system:serviceaccount:web:s:x', 'system:serviceaccount:web:', 'system:serviceaccount:web']) {
    const other = fakeContext({
      headers: { 'impersonate-user': name, 'impersonate-extra-%zz': 'v' },
      user: user('admin', 'system:masters'),
    });
    await impersonate?.(other, () => Promise.resolve());
    t.same(other.user?.groups, ['system:authenticated'], `${name} is no service account`);
    t.same(other.user?.extra, { '%zz': ['v'] });
  }
});

void t.test('reviews answer who may what', async (t) => {
  const auth = authOf(await seededStore());
  const review = (resource: string, spec: object, who: User, namespace = ''): Promise<KubeObject> => {
    const endpoint = auth.reviews.find((one) => one.resource === resource);
    if (endpoint === undefined) throw new Error(`no ${resource}`);
    return endpoint.create({ kind: 'x', spec }, who, namespace);
  };
  const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'default' };
  t.same((await review('selfsubjectaccessreviews', { resourceAttributes }, user('a', 'system:masters')))['status'], {
    allowed: true,
  });
  t.same((await review('selfsubjectaccessreviews', { resourceAttributes }, user('x')))['status'], { allowed: false });
  t.same(
    (await review('subjectaccessreviews', { resourceAttributes, user: 'system:kube-scheduler' }, user('x')))['status'],
    {
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:kube-scheduler" of ClusterRole "system:kube-scheduler" to User "system:kube-scheduler"',
    },
  );
  t.match(await review('selfsubjectrulesreviews', { namespace: 'default' }, user('x')), {
    status: { incomplete: false, nonResourceRules: [{ verbs: ['get'] }] },
  });
  t.same((await review('selfsubjectreviews', {}, user('x')))['status'], {
    userInfo: { username: 'x', groups: ['system:authenticated'] },
  });
  t.same((await review('tokenreviews', { token: 'no' }, user('x')))['status'], {
    user: {},
    error: 'invalid bearer token',
  });
  await t.rejects(review('subjectaccessreviews', { resourceAttributes }, user('x')), { code: 422 }, 'nobody named');
  await t.rejects(review('selfsubjectaccessreviews', {}, user('x')), { code: 422 }, 'nothing asked');
  await t.rejects(review('localsubjectaccessreviews', { resourceAttributes, user: 'x' }, user('x'), 'web'), {
    code: 422,
  });
});

void t.test('nobody gives away rights that they do not hold', async (t) => {
  const store = await seededStore();
  const { escalationGuard } = authOf(store);
  const rules = [
    { apiGroups: ['', 'apps'], resources: ['pods', 'deployments'], verbs: ['get', 'list'] },
    { apiGroups: [rbac], resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] },
  ];
  await store.ensure(rbac, 'roles', { kind: 'Role', metadata: { name: 'dev', namespace: 'web' }, rules });
  const jane = { kind: 'User', name: 'jane' };
  await store.ensure(rbac, 'rolebindings', binding('RoleBinding', 'dev', 'web', 'Role', 'dev', jane));
  const roles = can('create', 'roles', { group: rbac, namespace: 'web' });
  const bindings = can('create', 'rolebindings', { group: rbac, namespace: 'web' });
  const role = (...verbs: string[]): KubeObject => ({
    metadata: { name: 'x' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
  });
  const bind = (kind: string, name: string): KubeObject => binding('RoleBinding', 'x', 'web', kind, name, jane);
  const check = (info: RequestInfo, object: KubeObject, who = 'jane', previous?: KubeObject): Promise<void> =>
    escalationGuard.check(user(who), info, object, previous);
  await check(roles, role('get'));
  await check(roles, role('delete'), 'jane', role('delete'));
  await check(bindings, bind('Role', 'dev'));
  await check(bindings, bind('ClusterRole', 'view'));
  await escalationGuard.check(user('a', 'system:masters'), roles, role('*'));
  await check(can('create', 'pods', { namespace: 'web' }), role('*'));
  await t.rejects(check(roles, role('get', 'delete')), {
    code: 403,
    message:
      'roles.rbac.authorization.k8s.io "x" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
  });
  await t.rejects(check(roles, role('*')), { code: 403 }, 'all verbs are more than some');
  await t.rejects(check(bindings, bind('ClusterRole', 'cluster-admin')), { code: 403 });
  await t.rejects(check(bindings, bind('ClusterRole', 'nope')), { code: 403 });
});
