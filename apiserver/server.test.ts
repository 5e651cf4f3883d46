import t from 'tap';
import { sleep } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { KubeObject } from './pipeline.ts';
import { startApiServer } from './server.ts';
import { MemoryEtcd } from './storage/memory-etcd.ts';
import { TestCa } from './testing/certificates.ts';
import { startTestServer, type TestClient } from './testing/test-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const services = '/api/v1/namespaces/default/services';
const mergePatch = 'application/merge-patch+json';

void t.test('two API servers on one store', async (t) => {
  const etcd = new MemoryEtcd();
  const one = await startTestServer({ etcdClient: etcd.client() });
  const two = await startTestServer({ etcdClient: etcd.client(), ca: one.ca });
  t.teardown(async () => {
    await one.stop();
    await two.stop();
  });

  await t.test('what one acknowledges, the other shows', async (t) => {
    for (let i = 0; i < 20; i++) {
      const name = `c${i}`;
      t.equal((await one.admin.request('POST', configMaps, { body: { metadata: { name } } })).status, 201);
      const list = (await two.admin.request('GET', configMaps)).json as { items?: KubeObject[] };
      t.ok(list.items?.some((item) => item.metadata?.name === name));
    }
  });

  await t.test('the range of services is an object that is ready', async (t) => {
    const { status, json } = await two.admin.request('GET', '/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
    t.equal(status, 200);
    t.match(json, { spec: { cidrs: ['10.96.0.0/16'] }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  });

  await t.test('of concurrent increments none is lost', async (t) => {
    await one.admin.request('POST', configMaps, { body: { metadata: { name: 'n' }, data: { n: '0' } } });
    const increment = async (client: TestClient): Promise<void> => {
      for (;;) {
        const { json } = await client.request('GET', `${configMaps}/n`);
        const data = json['data'] as { n: string };
        const body = { ...json, data: { n: String(Number(data.n) + 1) } };
        if ((await client.request('PUT', `${configMaps}/n`, { body })).status === 200) return;
      }
    };
    await Promise.all(
      [one, two, one, two, one, two].map(async ({ admin }) => {
        for (let i = 0; i < 5; i++) await increment(admin);
      }),
    );
    const { json } = await one.admin.request('GET', `${configMaps}/n`);
    t.same(json['data'], { n: '30' });
  });

  await t.test('patches without a version never conflict', async (t) => {
    const patches = Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? one : two).admin.request('PATCH', `${configMaps}/n`, {
        body: { data: { [`k${i}`]: 'v' } },
        contentType: mergePatch,
      }),
    );
    for (const { status } of await Promise.all(patches)) t.equal(status, 200);
    const { json } = await one.admin.request('GET', `${configMaps}/n`);
    t.equal(Object.keys(json['data'] as object).length, 21);
  });

  await t.test('no cluster IP and no node port is given twice, and all come back', async (t) => {
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        (i % 2 === 0 ? one : two).admin.request('POST', services, {
          body: { metadata: { name: `s${i}` }, spec: { type: 'NodePort', ports: [{ port: 80 }] } },
        }),
      ),
    );
    const specs = made.map(({ json }) => json['spec'] as { clusterIP: string; ports: { nodePort: number }[] });
    t.equal(new Set(specs.map((spec) => spec.clusterIP)).size, 30);
    t.equal(new Set(specs.map((spec) => spec.ports[0]?.nodePort)).size, 30);
    await Promise.all(made.map((_, i) => two.admin.request('DELETE', `${services}/s${i}`)));
    const left = await etcd.client().range({ key: '/registry/ipaddresses/', rangeEnd: '/registry/ipaddresses0' });
    t.same(
      left.kvs.map((kv) => kv.key),
      ['/registry/ipaddresses/10.96.0.1'],
    );
    t.equal(
      (await etcd.client().range({ key: '/registry/servicenodeports/', rangeEnd: '/registry/servicenodeports0' }))
        .count,
      0,
    );
  });

  await t.test('the endpoints of the service kubernetes are both, then the one that is left', async (t) => {
    const path = '/api/v1/namespaces/default/endpoints/kubernetes';
    const ports = async (): Promise<number[]> => {
      const { json } = await one.admin.request('GET', path);
      return (json['subsets'] as { ports: { port: number }[] }[]).map((subset) => subset.ports[0]?.port ?? 0);
    };
    t.same(new Set(await ports()), new Set([one.server.port, two.server.port]));
    await two.stop();
    t.same(await ports(), [one.server.port]);
  });
});

void t.test('deletion', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const { admin } = server;
  const pods = '/api/v1/namespaces/default/pods';
  await admin.request('POST', '/api/v1/namespaces/default/serviceaccounts', {
    body: { metadata: { name: 'default' } },
  });
  await admin.request('POST', pods, {
    body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  });

  await t.test('a bound pod waits for its kubelet', async (t) => {
    const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
    t.equal((await admin.request('POST', `${pods}/p/binding`, { body: binding })).status, 201);
    const again = await admin.request('POST', `${pods}/p/binding`, { body: binding });
    t.equal(again.status, 409);
    t.match(again.text, /pod p is already assigned to node \\"n\\"/);
    const marked = await admin.request('DELETE', `${pods}/p`);
    t.equal(marked.status, 200);
    t.equal(marked.json.metadata?.deletionGracePeriodSeconds, 30);
    t.equal((await admin.request('GET', `${pods}/p`)).status, 200);
    const gone = await admin.request('DELETE', `${pods}/p?gracePeriodSeconds=0`);
    t.equal(gone.status, 200);
    t.equal((await admin.request('GET', `${pods}/p`)).status, 404);
  });

  await t.test('finalizers hold an object until they are taken away', async (t) => {
    await admin.request('POST', configMaps, { body: { metadata: { name: 'f', finalizers: ['example.com/x'] } } });
    await admin.request('DELETE', `${configMaps}/f`);
    const held = await admin.request('GET', `${configMaps}/f`);
    t.ok(held.json.metadata?.deletionTimestamp);
    await admin.request('PATCH', `${configMaps}/f`, {
      body: { metadata: { finalizers: null } },
      contentType: mergePatch,
    });
    t.equal((await admin.request('GET', `${configMaps}/f`)).status, 404);
  });

  await t.test('a namespace goes when it is finalized, and takes nothing new before', async (t) => {
    const namespaces = '/api/v1/namespaces';
    await admin.request('POST', namespaces, { body: { metadata: { name: 'n' } } });
    const marked = await admin.request('DELETE', `${namespaces}/n`);
    t.match(marked.json, { status: { phase: 'Terminating' } });
    const refused = await admin.request('POST', `${namespaces}/n/configmaps`, { body: { metadata: { name: 'x' } } });
    t.equal(refused.status, 403);
    t.match(refused.text, /because it is being terminated/);
    const body = { ...marked.json, spec: { finalizers: [] } };
    t.equal((await admin.request('PUT', `${namespaces}/n/finalize`, { body })).status, 200);
    t.equal((await admin.request('GET', `${namespaces}/n`)).status, 404);
    t.equal((await admin.request('DELETE', `${namespaces}/default`)).status, 403);
  });

  await t.test('of a collection', async (t) => {
    for (const name of ['d1', 'd2']) {
      await admin.request('POST', configMaps, { body: { metadata: { name, labels: { d: 'd' } } } });
    }
    t.equal((await admin.request('DELETE', `${configMaps}?labelSelector=d`)).status, 200);
    t.same((await admin.request('GET', `${configMaps}?labelSelector=d`)).json['items'], []);
  });
});

void t.test('bad requests', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const { admin } = server;

  await t.test('a body over 3 MiB is refused with 413', async (t) => {
    const body = { metadata: { name: 'big' }, data: { a: 'x'.repeat(3.5 * 1024 * 1024) } };
    const answer = await admin.request('POST', configMaps, { body });
    t.equal(answer.status, 413);
    t.match(answer.json, { reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 3145728' });
  });

  await t.test('nobody without credentials gets in', async (t) => {
    const nobody = await server.clientFor(undefined);
    const answer = await nobody.request('GET', configMaps);
    t.equal(answer.status, 401);
    t.match(answer.json, { kind: 'Status', reason: 'Unauthorized' });
    t.equal((await nobody.request('GET', '/version')).status, 200);
  });

  await t.test('a stranger is forbidden', async (t) => {
    const stranger = await server.clientFor('CN=jane');
    const answer = await stranger.request('GET', configMaps);
    t.equal(answer.status, 403);
    t.match(answer.json['message'], /User "jane" cannot list resource "configmaps"/);
  });

  const cases: [string, string, string, number, RegExp][] = [
    ['an unknown kind', 'GET', '/api/v1/namespaces/default/foos', 404, /404 page not found/],
    ['a path that is not encoded', 'GET', '/api/v1/namespaces/%zz/pods', 400, /BadRequest/],
    ['a method that is not there', 'PUT', configMaps, 405, /MethodNotAllowed/],
    ['a subresource that is not there', 'GET', `${configMaps}/x/status`, 404, /could not find the requested resource/],
    [
      'the log of a pod that is not there',
      'GET',
      '/api/v1/namespaces/default/pods/x/log',
      404,
      /pods \\"x\\" not found/,
    ],
  ];
  for (const [name, method, path, status, text] of cases) {
    await t.test(name, async (t) => {
      const answer = await admin.request(method, path, method === 'PUT' ? { body: {} } : {});
      t.equal(answer.status, status);
      t.match(answer.text, text);
    });
  }
});

void t.test('a review has no columns: it is no table', async (t) => {
  const server = await startTestServer({ etcdClient: new MemoryEtcd().client() });
  t.teardown(() => server.stop());
  const { admin } = server;
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const body = { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  t.match(await admin.request('POST', path, { body, headers: { accept: table } }), {
    status: 406,
    json: { reason: 'NotAcceptable' },
  });
  t.equal((await admin.request('POST', path, { body, headers: { accept: `${table},application/json` } })).status, 201);
});

void t.test('a store that does not answer', async (t) => {
  const etcd = new MemoryEtcd();
  etcd.down = true;
  const server = await startTestServer({ etcdClient: etcd.client(), waitReady: false });
  t.teardown(() => server.stop());
  const { admin } = server;
  t.equal((await admin.request('GET', '/readyz')).status, 500, 'not ready');
  const answer = await admin.request('GET', configMaps);
  t.equal(answer.status, 503);
  t.equal(answer.headers.get('retry-after'), '1');
  t.match(answer.json, { kind: 'Status', reason: 'ServiceUnavailable' });
  etcd.down = false;
  for (let i = 0; (await admin.request('GET', '/readyz')).status !== 200; i++) {
    if (i > 100) t.fail('never ready');
    await sleep(50);
  }
  t.pass('ready once the store is there');
});

void t.test('stop ends watches and frees the port', async (t) => {
  const ca = await TestCa.make();
  const server = await startTestServer({ ca });
  const watch = server.admin.fetch('GET', `${configMaps}?watch=true`);
  const text = (await watch).text();
  const started = performance.now();
  await server.server.stop(1_000);
  t.ok(performance.now() - started < 1_500);
  t.equal(await text, '');
  const next = await startApiServer({
    etcdServers: [],
    etcdClient: new MemoryEtcd().client(),
    securePort: server.server.port,
    tls: await ca.issue('CN=kube-apiserver'),
    clientCa: ca.cert,
    log: silentLog,
  });
  await next.stop(100);
  await server.stop();
});

void t.test('a port in use is one clear error, and nothing stays behind', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  await t.rejects(startTestServer({ securePort: server.server.port, etcdServers: ['http://127.0.0.1:1'] }), {
    message: `listen EADDRINUSE: address already in use 127.0.0.1:${server.server.port}`,
  });
});
