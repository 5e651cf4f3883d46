import t from 'tap';
import type { ManagedFieldsEntry } from '../../api/types/meta-v1.ts';
import { startTestServer, type Answer, type TestClient } from '../testing/test-server.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const configMaps = '/api/v1/namespaces/default/configmaps';
const applyType = 'application/apply-patch+yaml';

const deployment = (name: string, spec: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: 'x' } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'x' } },
    template: {
      metadata: { labels: { app: 'x' } },
      spec: { containers: [{ name: 'c', image: 'i:1', ports: [{ containerPort: 80 }] }] },
    },
    ...spec,
  },
});

const apply = (client: TestClient, path: string, body: unknown, query = 'fieldManager=one'): Promise<Answer> =>
  client.request('PATCH', `${path}?${query}`, { body, contentType: applyType });

const managedFields = (answer: Answer): ManagedFieldsEntry[] => answer.json.metadata?.managedFields ?? [];
const managers = (answer: Answer): string[] =>
  managedFields(answer).map(({ manager = '', operation = '', subresource = '' }) =>
    [manager, operation, subresource].filter(Boolean).join(' '),
  );
const fieldsOf = (answer: Answer, manager: string): unknown =>
  managedFields(answer).find((entry) => entry.manager === manager)?.fieldsV1;

void t.test('server-side apply', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const { admin } = server;

  await t.test('creates what is not there, and owns what it names', async (t) => {
    const made = await apply(admin, `${deployments}/new`, deployment('new'));
    t.equal(made.status, 201, made.text);
    t.same(managers(made), ['one Apply']);
    t.same(fieldsOf(made, 'one'), {
      'f:metadata': { 'f:labels': { 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"c"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    });
    const again = await apply(admin, `${deployments}/new`, deployment('new'));
    t.equal(again.status, 200);
    t.equal(again.json.metadata?.resourceVersion, made.json.metadata?.resourceVersion, 'the same again is no write');
  });

  await t.test('removes what is applied no more, unless somebody else owns it', async (t) => {
    const path = `${configMaps}/shared`;
    const config = (data: object): object => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared' },
      data,
    });
    await apply(admin, path, config({ a: '1', b: '1' }), 'fieldManager=one');
    await apply(admin, path, config({ b: '1', c: '1' }), 'fieldManager=two');
    const less = await apply(admin, path, config({}), 'fieldManager=one');
    t.same(less.json['data'], { b: '1', c: '1' });
    t.same(managers(less), ['two Apply', 'one Apply'].sort(), 'an empty data is still owned');
  });

  await t.test('conflicts with other managers are told, and can be forced', async (t) => {
    const path = `${deployments}/contested`;
    await admin.request('POST', `${deployments}?fieldManager=kubectl`, { body: deployment('contested') });
    const wanted = deployment('contested', { replicas: 3 });
    const refused = await apply(admin, path, wanted, 'fieldManager=mine');
    t.equal(refused.status, 409);
    t.equal(
      refused.json['message'],
      'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
    );
    t.match(refused.json, {
      reason: 'Conflict',
      details: {
        causes: [
          { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using apps/v1', field: '.spec.replicas' },
        ],
      },
    });
    const forced = await apply(admin, path, wanted, 'fieldManager=mine&force=true');
    t.equal(forced.status, 200);
    t.match(forced.json, { spec: { replicas: 3 } });
    t.notMatch(fieldsOf(forced, 'kubectl'), { 'f:spec': { 'f:replicas': {} } });
  });

  await t.test('says why a configuration is no good', async (t) => {
    const path = `${configMaps}/bad`;
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bad' }, data: { a: '1' } };
    const cases: [title: string, body: unknown, query: string, status: number, message: string][] = [
      [
        'no manager',
        config,
        '',
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      ],
      [
        'unknown field',
        { ...config, foo: 1 },
        'fieldManager=m',
        500,
        'failed to create typed patch object (/bad; /v1, Kind=ConfigMap): .foo: field not declared in schema',
      ],
      [
        'wrong type',
        { ...config, data: { a: 1 } },
        'fieldManager=m',
        500,
        'failed to create typed patch object (/bad; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:1}',
      ],
      ['another kind', { ...config, kind: 'Secret' }, 'fieldManager=m', 400, 'invalid object type: /v1, Kind=Secret'],
      [
        'managedFields',
        { ...config, metadata: { name: 'bad', managedFields: [] } },
        'fieldManager=m',
        400,
        'metadata.managedFields must be nil',
      ],
      [
        'a uid of nothing',
        { ...config, metadata: { name: 'bad', uid: 'u' } },
        'fieldManager=m',
        409,
        'Operation cannot be fulfilled on configmaps "bad": uid mismatch: the provided object specified uid u, and no existing object was found',
      ],
    ];
    for (const [title, body, query, status, message] of cases) {
      const answer = await apply(admin, path, body, query);
      t.equal(answer.status, status, title);
      t.equal(answer.json['message'], message, title);
    }
    const forced = await admin.request('PATCH', `${path}?force=true`, {
      body: {},
      contentType: 'application/merge-patch+json',
    });
    t.equal(
      forced.json['message'],
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
    const duplicate = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndata:\n  a: "1"\n  a: "2"\n';
    const strict = await apply(admin, path, duplicate, 'fieldManager=m&fieldValidation=Strict');
    t.equal(strict.status, 400);
    t.match(strict.json['message'], /^error strict decoding patch: .*key "a" already set in map/s);
    t.equal((await apply(admin, path, 'a: [', 'fieldManager=m')).status, 400);
    t.equal((await apply(admin, path, '[1]', 'fieldManager=m')).status, 400);
    t.equal((await admin.request('GET', path)).status, 404, 'nothing was created');
  });

  await t.test('a dry run leaves everything as it is', async (t) => {
    const path = `${configMaps}/dry`;
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dry' }, data: { a: '1' } };
    t.equal((await apply(admin, path, config, 'fieldManager=m&dryRun=All')).status, 201);
    t.equal((await admin.request('GET', path)).status, 404);
    await apply(admin, path, config, 'fieldManager=m');
    const tried = await apply(admin, path, { ...config, data: { a: '2' } }, 'fieldManager=m&dryRun=All');
    t.match(tried.json, { data: { a: '2' } });
    t.match((await admin.request('GET', path)).json, { data: { a: '1' } });
  });

  await t.test('a version that is gone is a conflict', async (t) => {
    const path = `${configMaps}/versioned`;
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'versioned' }, data: { a: '1' } };
    await apply(admin, path, config);
    const old = await apply(admin, path, { ...config, metadata: { name: 'versioned', resourceVersion: '1' } });
    t.equal(old.status, 409);
    t.match(old.json['message'], /the object has been modified/);
  });

  await t.test('status and scale have entries of their own', async (t) => {
    const path = `${deployments}/parts`;
    await apply(admin, path, deployment('parts'));
    const status = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'parts' }, status: { replicas: 1 } };
    const withStatus = await apply(admin, `${path}/status`, status, 'fieldManager=controller');
    t.equal(withStatus.status, 200, withStatus.text);
    t.same(fieldsOf(withStatus, 'controller'), { 'f:status': { 'f:replicas': {} } });
    t.same(managers(withStatus), ['controller Apply status', 'one Apply']);

    const scaled = await admin.request('PATCH', `${path}/scale?fieldManager=scaler`, {
      body: { spec: { replicas: 5 } },
      contentType: 'application/merge-patch+json',
    });
    t.equal(scaled.status, 200);
    t.equal(scaled.json.metadata?.managedFields, undefined, 'a Scale shows none');
    const after = await admin.request('GET', path);
    t.same(managers(after), ['controller Apply status', 'one Apply', 'scaler Update scale']);
    t.same(fieldsOf(after, 'scaler'), { 'f:spec': { 'f:replicas': {} } });
    t.notMatch(fieldsOf(after, 'one'), { 'f:spec': { 'f:replicas': {} } });
    const back = await apply(admin, path, deployment('parts'));
    t.equal(
      back.json['message'],
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
    );
    const byApply = await apply(
      admin,
      `${path}/scale`,
      { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'parts' }, spec: { replicas: 7 } },
      'fieldManager=hpa&force=true',
    );
    t.equal(byApply.status, 200, byApply.text);
    t.ok(managers(await admin.request('GET', path)).includes('hpa Apply scale'));
  });
});

void t.test('managedFields of other writes', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const { admin } = server;
  const path = `${configMaps}/kept`;
  const config = { metadata: { name: 'kept' }, data: { a: '1' } };

  await t.test('name the user agent where no manager is named', async (t) => {
    const made = await admin.request('POST', configMaps, { body: config, headers: { 'user-agent': 'tool/1.0 (x)' } });
    t.match(managedFields(made), [
      { manager: 'tool', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', time: /Z$/ },
    ]);
    t.same(fieldsOf(made, 'tool'), { 'f:data': { '.': {}, 'f:a': {} } });
  });

  await t.test('move with the fields that a write changes', async (t) => {
    const patched = await admin.request('PATCH', `${path}?fieldManager=patcher`, {
      body: { data: { a: '2' } },
      contentType: 'application/merge-patch+json',
    });
    t.same(fieldsOf(patched, 'patcher'), { 'f:data': { 'f:a': {} } });
    t.same(fieldsOf(patched, 'tool'), { 'f:data': {} });
    const { metadata } = patched.json;
    const put = await admin.request('PUT', `${path}?fieldManager=putter`, { body: { metadata, data: { b: '3' } } });
    t.same(fieldsOf(put, 'putter'), { 'f:data': { 'f:b': {} } });
    t.equal(fieldsOf(put, 'patcher'), undefined, 'who owns nothing any more is gone');
  });

  await t.test('of a body are kept where they can be read, and reset by an empty entry', async (t) => {
    const before = await admin.request('GET', path);
    const { resourceVersion: _, ...metadata } = before.json.metadata ?? {};
    const garbage = [{ manager: 'x', operation: 'Other' }];
    const kept = await admin.request('PUT', path, {
      body: { metadata: { ...metadata, managedFields: garbage }, data: { b: '3' } },
    });
    t.same(managers(kept), managers(before));
    const bare = await admin.request('PUT', path, { body: { metadata: { name: 'kept' }, data: { b: '3' } } });
    t.same(managers(bare), managers(before), 'a client that does not know them does not lose them');
    const reset = await admin.request('PATCH', path, {
      body: { metadata: { managedFields: [{}] } },
      contentType: 'application/merge-patch+json',
    });
    t.equal(reset.json.metadata?.managedFields, undefined);
    const applied = await apply(admin, path, { ...config, apiVersion: 'v1', kind: 'ConfigMap', data: { b: '4' } });
    t.match(
      applied.json['message'],
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.b',
    );
  });

  await t.test('are combined where there are too many', async (t) => {
    const body = { metadata: { name: 'many' }, data: { a: '1' } };
    await admin.request('POST', `${configMaps}?fieldManager=m0`, { body });
    let last: Answer | undefined;
    for (let i = 1; i <= 12; i++) {
      last = await admin.request('PATCH', `${configMaps}/many?fieldManager=m${i}`, {
        body: { data: { [`k${i}`]: '1' } },
        contentType: 'application/merge-patch+json',
      });
    }
    t.equal(managedFields(last as Answer).length, 10);
    t.ok(managers(last as Answer).includes('ancient-changes Update'));
  });

  await t.test('refuse a manager that is too long or cannot be printed', async (t) => {
    const long = await admin.request('POST', `${configMaps}?fieldManager=${'x'.repeat(129)}`, { body: config });
    t.equal(long.status, 422);
    t.match(long.json['message'], /fieldManager: Too long: may not be more than 128 bytes/);
    const odd = await admin.request('POST', `${configMaps}?fieldManager=a%0Ab`, { body: config });
    t.match(odd.json['message'], /fieldManager: Invalid value: "a\\nb": invalid character U\+000A \(at position 1\)/);
  });
});

void t.test('kubectl goes over from client-side to server-side apply', async (t) => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  const { admin } = server;
  const path = `${configMaps}/moved`;
  const config = (data: object): { metadata: object } =>
    ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'moved', namespace: 'default' },
      data,
    }) as never;
  const note = 'kubectl.kubernetes.io/last-applied-configuration';
  const first = config({ a: '1', b: '1' });
  const noted = { ...first, metadata: { ...first.metadata, annotations: { [note]: `${JSON.stringify(first)}\n` } } };
  await admin.request('POST', `${configMaps}?fieldManager=kubectl-client-side-apply`, { body: noted });
  const moved = await apply(admin, path, config({ a: '2', b: '1' }), 'fieldManager=kubectl');
  t.equal(moved.status, 200, moved.text);
  t.match(moved.json, { data: { a: '2' } });
  t.equal(
    moved.json.metadata?.annotations?.[note],
    '{"apiVersion":"v1","data":{"a":"2","b":"1"},"kind":"ConfigMap","metadata":{"name":"moved","namespace":"default"}}\n',
    'the annotation stays in step',
  );
  await admin.request('PATCH', `${path}?fieldManager=other`, {
    body: { data: { b: '9' } },
    contentType: 'application/merge-patch+json',
  });
  const refused = await apply(admin, path, config({ a: '3', b: '1' }), 'fieldManager=kubectl');
  t.equal(refused.json['message'], 'Apply failed with 1 conflict: conflict with "other" using v1: .data.b');
});
