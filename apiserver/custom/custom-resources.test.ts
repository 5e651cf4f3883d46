import t from 'tap';
import { sleep } from '../../base/clock.ts';
import { MemoryEtcd } from '../storage/memory-etcd.ts';
import { startTestServer, type Answer } from '../testing/test-server.ts';
import { cronTabs, definitionsPath, waitServed } from '../testing/custom-definitions.ts';

const path = '/apis/stable.example.com/v1/namespaces/default/crontabs';
const cronTab = (name: string, spec: object, more: object = {}): object => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'CronTab',
  metadata: { name },
  spec,
  ...more,
});
const merge = { contentType: 'application/merge-patch+json' };

void t.test('custom resources', async (t) => {
  const etcd = new MemoryEtcd();
  const server = await startTestServer({ etcdClient: etcd.client() });
  const other = await startTestServer({ etcdClient: etcd.client(), ca: server.ca });
  t.teardown(() => Promise.all([server.stop(), other.stop()]));
  const { admin } = server;
  const post = (body: object, query = ''): Promise<Answer> => admin.request('POST', path + query, { body });

  await t.test('a definition is established, and every server serves it at once', async (t) => {
    const { status, json } = await admin.request('POST', definitionsPath, { body: cronTabs() });
    t.equal(status, 201);
    t.match(json, {
      spec: { names: { singular: 'crontab', listKind: 'CronTabList' }, conversion: { strategy: 'None' } },
      status: { storedVersions: ['v1'] },
    });
    const established = await waitServed(admin, 'crontabs.stable.example.com');
    t.match(established['status'], {
      acceptedNames: { plural: 'crontabs', kind: 'CronTab' },
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    });
    for (const client of [admin, other.admin]) {
      t.equal((await client.request('GET', path)).status, 200);
      t.match((await client.request('GET', '/apis/stable.example.com/v1')).json, {
        resources: [{ name: 'crontabs', singularName: 'crontab', shortNames: ['ct'], kind: 'CronTab' }, {}, {}],
      });
    }
  });

  await t.test('objects are pruned and completed, and unknown fields are told', async (t) => {
    const body = cronTab('pruned', { image: 'x', foo: 1 }, { status: { replicas: 9 } });
    const { status, json, headers } = await post(body);
    t.equal(status, 201);
    t.same(json['spec'], { image: 'x', cronSpec: '5 0 * * *' });
    t.notOk(json['status'], 'only /status sets it');
    t.equal(json.metadata?.generation, 1);
    t.equal(headers.get('warning'), '299 - "unknown field \\"spec.foo\\""');
    const strict = await post(body, '?fieldValidation=Strict');
    t.equal(strict.status, 400);
    t.match(strict.json, {
      message:
        'CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.foo"',
    });
  });

  await t.test('objects are checked in Kubernetes’ words', async (t) => {
    const { status, json } = await post(cronTab('bad', { replicas: 'x', cronSpec: 'bad!' }));
    t.equal(status, 422);
    t.same((json['details'] as { causes: object[] }).causes.slice(0, 3), [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: "bad!": spec.cronSpec in body should match '^[0-9* ]+$'`,
        field: 'spec.cronSpec',
      },
      {
        reason: 'FieldValueTypeInvalid',
        message: 'Invalid value: "string": spec.replicas in body must be of type integer: "string"',
        field: 'spec.replicas',
      },
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.image' },
    ]);
    const wrongKind = await admin.request('POST', path, { body: { ...cronTab('x', { image: 'x' }), kind: 'Tab' } });
    t.match(wrongKind.json, { message: /kind: Invalid value: "Tab": must be CronTab/ });
    const wrongVersion = { ...cronTab('x', { image: 'x' }), apiVersion: 'stable.example.com/v2' };
    t.match((await post(wrongVersion)).json, {
      code: 400,
      message:
        'the API version in the data (stable.example.com/v2) does not match the expected API version (stable.example.com/v1)',
    });
  });

  await t.test('no protobuf, and no strategic merge patch', async (t) => {
    const protobuf = await admin.request('POST', path, {
      body: new Uint8Array([1]),
      contentType: 'application/vnd.kubernetes.protobuf',
    });
    t.equal(protobuf.status, 415);
    const accept = { headers: { accept: 'application/vnd.kubernetes.protobuf' } };
    t.equal((await admin.request('GET', path, accept)).status, 406);
    const strategic = await admin.request('PATCH', `${path}/pruned`, {
      body: {},
      contentType: 'application/strategic-merge-patch+json',
    });
    t.equal(strategic.status, 415);
  });

  await t.test('the generation counts changes of all but metadata and status', async (t) => {
    await post(cronTab('counted', { image: 'x' }));
    const patch = async (body: object, subresource = ''): Promise<unknown> =>
      (await admin.request('PATCH', `${path}/counted${subresource}`, { body, ...merge })).json.metadata?.generation;
    t.equal(await patch({ metadata: { labels: { a: 'b' } } }), 1);
    t.equal(await patch({ spec: { replicas: 3 } }), 2);
    t.equal(await patch({ status: { replicas: 2 } }, '/status'), 2);
    t.equal(await patch({ status: { replicas: 5 } }), 2);
    const { json } = await admin.request('GET', `${path}/counted`);
    t.same(json['status'], { replicas: 2 });
    const stale = await admin.request('PUT', `${path}/counted`, { body: cronTab('counted', { image: 'y' }) });
    t.match(stale.json, { code: 422, message: /metadata.resourceVersion: Invalid value: .*must be specified/ });
  });

  await t.test('/scale reads and writes where the definition says', async (t) => {
    const status = { status: { replicas: 2, labelSelector: 'a=b' } };
    await admin.request('PATCH', `${path}/counted/status`, { body: status, ...merge });
    t.match((await admin.request('GET', `${path}/counted/scale`)).json, {
      kind: 'Scale',
      spec: { replicas: 3 },
      status: { replicas: 2, selector: 'a=b' },
    });
    const scaled = await admin.request('PATCH', `${path}/counted/scale`, { body: { spec: { replicas: 6 } }, ...merge });
    t.match(scaled.json, { spec: { replicas: 6 } });
    const bad = await admin.request('PATCH', `${path}/counted/scale`, { body: { spec: { replicas: 60 } }, ...merge });
    t.match(bad.json, { code: 422, message: /spec.replicas in body should be less than or equal to 10/ });
  });

  await t.test('field selectors know the selectable fields only', async (t) => {
    await post(cronTab('selected', { image: 'chosen' }));
    const found = await admin.request('GET', `${path}?fieldSelector=spec.image%3Dchosen`);
    t.match(found.json['items'], [{ metadata: { name: 'selected' } }]);
    const unknown = await admin.request('GET', `${path}?fieldSelector=spec.cronSpec%3Dx`);
    t.match(unknown.json, { code: 400, message: 'field label not supported: spec.cronSpec' });
  });

  await t.test('tables show the columns of the definition', async (t) => {
    const accept = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } };
    const { json } = await admin.request('GET', `${path}/counted`, accept);
    t.match(json['columnDefinitions'], [{ name: 'Name' }, { name: 'Spec' }, { name: 'Replicas' }, { name: 'Age' }]);
    t.match(json['rows'], [{ cells: ['counted', '5 0 * * *', 6, /^\d+s$/] }]);
  });

  await t.test('server-side apply merges by the schema and tells conflicts', async (t) => {
    const apply = (manager: string, spec: object, query = ''): Promise<Answer> =>
      admin.request('PATCH', `${path}/applied?fieldManager=${manager}${query}`, {
        body: cronTab('applied', spec),
        contentType: 'application/apply-patch+yaml',
      });
    t.equal((await apply('one', { image: 'x', replicas: 2 })).status, 201);
    t.equal((await apply('two', { replicas: 3 })).status, 409);
    t.match((await apply('two', { replicas: 3 }, '&force=true')).json['spec'], { image: 'x', replicas: 3 });
    t.match((await apply('one', { image: 'x', foo: 1 })).json, {
      message: /\.spec\.foo: field not declared in schema/,
    });
  });

  await t.test('a watch at another server sees changes', async (t) => {
    const { json } = await other.admin.request('GET', path);
    const abort = new AbortController();
    const version = json.metadata?.resourceVersion;
    const watch = other.admin.watch(`${path}?watch=true&resourceVersion=${version}`, abort.signal);
    const next = watch.next();
    await post(cronTab('watched', { image: 'x' }));
    t.match((await next).value, { type: 'ADDED', object: { kind: 'CronTab', metadata: { name: 'watched' } } });
    abort.abort();
  });

  await t.test('a deleted definition takes its objects with it, and then is nowhere', async (t) => {
    const held = { metadata: { name: 'held', finalizers: ['example.com/hold'] } };
    await post(cronTab('held', { image: 'x' }, held));
    const name = `${definitionsPath}/crontabs.stable.example.com`;
    t.match((await admin.request('DELETE', name)).json, {
      metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
      status: { conditions: [{}, {}, { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending' }] },
    });
    const refused = await post(cronTab('late', { image: 'x' }));
    t.match(refused.json, {
      code: 403,
      message:
        'crontabs.stable.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
    });
    await sleep(100);
    t.match((await admin.request('GET', path)).json['items'], [{ metadata: { name: 'held' } }]);
    await admin.request('PATCH', `${path}/held`, { body: { metadata: { finalizers: null } }, ...merge });
    for (let i = 0; (await admin.request('GET', name)).status !== 404; i++) {
      if (i === 200) throw new Error('the definition stays');
      await sleep(20);
    }
    for (const client of [admin, other.admin]) {
      t.equal((await client.request('GET', path)).status, 404);
      t.equal((await client.request('GET', '/apis/stable.example.com')).status, 404);
    }
  });
});
