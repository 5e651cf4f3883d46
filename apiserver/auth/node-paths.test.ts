import t from 'tap';
import { startTestServer } from '../testing/test-server.ts';

const root = '/api/v1/namespaces/default';

void t.test('a kubelet reads what its pods need, from when they are bound until they are gone', async (t) => {
  const served = await startTestServer();
  t.teardown(() => served.stop());
  const { admin } = served;
  const kubelet = await served.clientFor('O=system:nodes,CN=system:node:n1');
  const other = await served.clientFor('O=system:nodes,CN=system:node:n2');
  await admin.request('POST', `${root}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
  await admin.request('POST', `${root}/secrets`, { body: { metadata: { name: 's' } } });
  const read = async (client: typeof admin): Promise<number> =>
    (await client.request('GET', `${root}/secrets/s`)).status;
  t.equal(await read(kubelet), 403);
  const spec = { containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: 's' } }] }] };
  t.equal((await admin.request('POST', `${root}/pods`, { body: { metadata: { name: 'p' }, spec } })).status, 201);
  t.equal(await read(kubelet), 403, 'no node has it yet');
  const target = { kind: 'Node', name: 'n1' };
  await admin.request('POST', `${root}/pods/p/binding`, { body: { metadata: { name: 'p' }, target } });
  t.equal(await read(kubelet), 200);
  const refused = await other.request('GET', `${root}/secrets/s`);
  t.equal(refused.status, 403);
  t.equal(
    refused.json['message'],
    'secrets "s" is forbidden: User "system:node:n2" cannot get resource "secrets" in API group "" in the namespace ' +
      `"default": no relationship found between node 'n2' and this object`,
  );
  t.equal((await kubelet.request('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')).status, 200);
  t.equal((await kubelet.request('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn2')).status, 403);
  t.equal((await kubelet.request('DELETE', `${root}/pods/p?gracePeriodSeconds=0`)).status, 200);
  t.equal(await read(kubelet), 403, 'the pod is gone');
});

void t.test('a kubelet cannot steal by pods, labels or evictions', async (t) => {
  const served = await startTestServer();
  t.teardown(() => served.stop());
  const { admin } = served;
  const kubelet = await served.clientFor('O=system:nodes,CN=system:node:n1');
  await admin.request('POST', `${root}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
  const containers = [{ name: 'c', image: 'i' }];
  const elsewhere = { metadata: { name: 'p' }, spec: { nodeName: 'n2', containers } };
  t.equal((await admin.request('POST', `${root}/pods`, { body: elsewhere })).status, 201);
  const attempts: [method: string, path: string, body: object, message: RegExp][] = [
    ['POST', `${root}/pods`, { metadata: { name: 'x' }, spec: { containers } }, /can only create mirror pods/],
    [
      'POST',
      `${root}/pods/p/eviction`,
      { metadata: { name: 'p' } },
      /node n1 can only evict pods with spec.nodeName set to itself/,
    ],
    ['DELETE', `${root}/pods/p`, {}, /node "n1" can only delete pods with spec.nodeName set to itself/],
    ['POST', '/api/v1/nodes', { metadata: { name: 'n3' } }, /node "n1" is not allowed to modify node "n3"/],
    [
      'POST',
      '/api/v1/nodes',
      { metadata: { name: 'n1', labels: { 'node-restriction.kubernetes.io/a': 'b' } } },
      /is not allowed to set the following labels: node-restriction.kubernetes.io\/a/,
    ],
  ];
  for (const [method, path, body, message] of attempts) {
    const answer = await kubelet.request(method, path, method === 'DELETE' ? {} : { body });
    t.equal(answer.status, 403, `${method} ${path}`);
    t.match(answer.json['message'], message);
  }
});
