import t from 'tap';
import { MemoryEtcd } from '../storage/memory-etcd.ts';
import { startTestServer } from '../testing/test-server.ts';

const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const events = '/api/v1/namespaces/default/events';
const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';

void t.test('PUT of a name that is not there', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const { admin } = server;
  const role = {
    metadata: { name: 'updater' },
    rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['update', 'get'] }],
  };
  const binding = {
    metadata: { name: 'updater' },
    subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
    roleRef: { kind: 'Role', name: 'updater', apiGroup: 'rbac.authorization.k8s.io' },
  };
  t.equal((await admin.request('POST', `${rbac}/roles`, { body: role })).status, 201);
  t.equal((await admin.request('POST', `${rbac}/rolebindings`, { body: binding })).status, 201);
  const jane = await server.clientFor('CN=jane');
  const body = { metadata: { name: 'l' }, spec: { holderIdentity: 'jane' } };

  await t.test('creates it for those only who may create', async (t) => {
    const refused = await jane.request('PUT', `${leases}/l`, { body });
    t.equal(refused.status, 403);
    t.match(refused.json['message'], /User "jane" cannot create resource "leases"/);
    const made = await admin.request('PUT', `${leases}/l`, { body });
    t.equal(made.status, 201);
    const changed = { ...body, metadata: made.json.metadata };
    t.equal((await jane.request('PUT', `${leases}/l`, { body: changed })).status, 200);
  });

  await t.test('creates nothing where the body names the uid of an object that is gone', async (t) => {
    const gone = { ...body, metadata: { name: 'm', uid: '8f5e2a9c-0000-4000-8000-000000000000' } };
    const answer = await admin.request('PUT', `${leases}/m`, { body: gone });
    t.equal(answer.status, 409);
    t.match(answer.json['message'], /Precondition failed: UID in precondition: 8f5e2a9c-.*, UID in object meta: $/);
  });
});

void t.test('events share a lease of the store, and each write gives them their full time anew', async (t) => {
  const client = new MemoryEtcd().client();
  const granted: number[] = [];
  const leaseGrant = async (ttlSeconds: number): Promise<string> => {
    granted.push(ttlSeconds);
    return client.leaseGrant(ttlSeconds);
  };
  const server = await startTestServer({ etcdClient: { ...client, leaseGrant } });
  t.teardown(() => server.stop());
  const { admin } = server;
  const body = (name: string): object => ({
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
    reason: 'Tested',
    count: 1,
  });
  granted.length = 0;
  for (let i = 0; i < 5; i++) {
    t.equal((await admin.request('POST', events, { body: body(`e${i}`) })).status, 201);
  }
  t.same(
    granted.filter((seconds) => seconds > 60),
    [3_660],
  );
  const leaseOf = async (name: string): Promise<string> =>
    (await client.range({ key: `/registry/events/default/${name}` })).kvs[0]?.lease ?? '';
  const shared = await leaseOf('e0');
  t.equal(await leaseOf('e4'), shared);

  await client.leaseRevoke(shared);
  t.equal(
    (await admin.request('POST', events, { body: body('late') })).status,
    201,
    'a lease that is gone is replaced',
  );
  const patch = { body: { count: 2 }, contentType: 'application/merge-patch+json' };
  t.equal((await admin.request('PATCH', `${events}/late`, patch)).status, 200);
  t.not(await leaseOf('late'), shared);
});
