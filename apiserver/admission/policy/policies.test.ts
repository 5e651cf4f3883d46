import t, { type Test } from 'tap';
import { sleep } from '../../../base/clock.ts';
import type { KubeObject } from '../../pipeline.ts';
import { startTestServer, type Answer, type TestServer } from '../../testing/test-server.ts';

const registration = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
const seenTriesMax = 200;

const rule = (resource: string, group = '', operations = ['CREATE', 'UPDATE']): object => ({
  apiGroups: [group],
  apiVersions: ['v1'],
  operations,
  resources: [resource],
});

const configMap = (name: string, data: Record<string, string>, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

interface Setting {
  readonly spec: object;
  readonly binding?: object;
}

/** A policy and its binding of the same name. */
const install = async (
  server: TestServer,
  sort: 'Validating' | 'Mutating',
  name: string,
  setting: Setting,
): Promise<void> => {
  const kind = `${sort}AdmissionPolicy`;
  const lower = kind.toLowerCase();
  const policy = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, spec: setting.spec };
  const made = await server.admin.request('POST', `${registration}/${lower.replace(/y$/, 'ies')}`, { body: policy });
  if (made.status !== 201) throw new Error(made.text);
  const bound = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata: { name: `${name}-binding` },
    spec: { policyName: name, ...(sort === 'Validating' && { validationActions: ['Deny'] }), ...setting.binding },
  };
  const binding = await server.admin.request('POST', `${registration}/${lower}bindings`, { body: bound });
  if (binding.status !== 201) throw new Error(binding.text);
};

/** Policies count once the watch cache has them: asks until the answer is as wanted. */
const until = async (ask: () => Promise<Answer>, wanted: (answer: Answer) => boolean): Promise<Answer> => {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (wanted(answer) || tries === seenTriesMax) return answer;
    await sleep(10);
  }
};

const withServer = async (t: Test, run: (server: TestServer) => Promise<void>): Promise<void> => {
  const server = await startTestServer();
  t.teardown(() => server.stop());
  await run(server);
};

void t.test('ValidatingAdmissionPolicy', async (t) => {
  await withServer(t, async (server) => {
    const post = (body: KubeObject, query = ''): Promise<Answer> =>
      server.admin.request('POST', `${configMaps}${query}`, { body });

    await t.test('denies in the words of Kubernetes', async (t) => {
      await install(server, 'Validating', 'small', {
        spec: {
          matchConstraints: { resourceRules: [rule('configmaps')] },
          matchConditions: [{ name: 'not-system', expression: "!object.metadata.name.startsWith('kube-')" }],
          variables: [
            { name: 'keys', expression: 'object.?data.orValue({}).size()' },
            { name: 'limit', expression: '2' },
            { name: 'fits', expression: 'variables.keys <= variables.limit' },
          ],
          validations: [
            {
              expression: 'variables.fits',
              messageExpression: "'at most ' + string(variables.limit) + ' keys, not ' + string(variables.keys)",
              reason: 'Forbidden',
            },
            { expression: "!has(object.data) || !('bad' in object.data)", message: 'no bad' },
            { expression: "!has(object.data) || !('worse' in object.data)" },
          ],
        },
      });
      const denied = await until(
        () => post(configMap('a', { a: '', b: '', c: '' }), '?dryRun=All'),
        ({ status }) => status === 403,
      );
      const message =
        "ValidatingAdmissionPolicy 'small' with binding 'small-binding' denied request: at most 2 keys, not 3";
      t.match(denied.json, {
        kind: 'Status',
        code: 403,
        reason: 'Forbidden',
        message: `configmaps "a" is forbidden: ${message}`,
        details: { name: 'a', kind: 'configmaps', causes: [{ message }] },
      });
      const bad = await post(configMap('a', { bad: '' }));
      t.match(bad.json, { code: 422, reason: 'Invalid', message: /denied request: no bad$/ });
      const worse = await post(configMap('a', { worse: '' }));
      t.match(worse.json, {
        message: /denied request: failed expression: !has\(object.data\) \|\| !\('worse' in object.data\)$/,
      });
      t.equal((await post(configMap('kube-a', { a: '', b: '', c: '' }))).status, 201, 'match conditions leave it out');
      t.equal((await post(configMap('fine', { a: '' }))).status, 201);
      const update = await server.admin.request('PUT', `${configMaps}/fine`, { body: configMap('fine', { bad: '' }) });
      t.equal(update.status, 422, 'updates too');
    });

    await t.test('warns, and errors follow failurePolicy', async (t) => {
      await install(server, 'Validating', 'warns', {
        spec: {
          matchConstraints: { resourceRules: [rule('secrets')] },
          validations: [{ expression: 'object.metadata.labels.team == "a"', message: 'needs a team' }],
        },
        binding: { validationActions: ['Warn', 'Audit'] },
      });
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', labels: { team: 'b' } } };
      const path = '/api/v1/namespaces/default/secrets?dryRun=All';
      const warned = await until(
        () => server.admin.request('POST', path, { body: secret }),
        ({ headers }) => headers.has('warning'),
      );
      t.equal(warned.status, 201);
      const words =
        "Validation failed for ValidatingAdmissionPolicy 'warns' with binding 'warns-binding': needs a team";
      t.equal(warned.headers.get('warning'), `299 - "${words}"`);
      const bare = await server.admin.request('POST', path, { body: { ...secret, metadata: { name: 's' } } });
      t.match(bare.headers.get('warning'), /resulted in error: no such key: labels/);
    });

    await t.test('params by name and selector, and none', async (t) => {
      await server.admin.request('POST', configMaps, {
        body: configMap('params', { max: '3' }, { labels: { p: 'x' } }),
      });
      const spec = {
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        matchConstraints: { resourceRules: [rule('deployments', 'apps')] },
        validations: [{ expression: 'object.spec.replicas <= int(params.data.max)', message: 'too many' }],
      };
      await install(server, 'Validating', 'scale', {
        spec,
        binding: { paramRef: { selector: { matchLabels: { p: 'x' } }, parameterNotFoundAction: 'Deny' } },
      });
      const deployment = (replicas: number): object => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: {
          replicas,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        },
      });
      const path = '/apis/apps/v1/namespaces/default/deployments?dryRun=All';
      const ask = (replicas: number) => () => server.admin.request('POST', path, { body: deployment(replicas) });
      const denied = await until(ask(4), ({ status }) => status === 422);
      t.match(
        denied.json['message'],
        /deployments.apps "d" is forbidden: ValidatingAdmissionPolicy 'scale' .* too many$/,
      );
      t.equal((await ask(3)()).status, 201);
      await server.admin.request('DELETE', `${configMaps}/params`);
      const missing = await until(ask(3), ({ status }) => status !== 201);
      const why = 'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction';
      t.match(missing.json['message'], new RegExp(`denied request: ${why}$`));
    });

    await t.test('selectors, names and the authorizer', async (t) => {
      await install(server, 'Validating', 'guard', {
        spec: {
          matchConstraints: {
            resourceRules: [rule('services', '', ['*'])],
            objectSelector: { matchLabels: { guarded: 'yes' } },
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
          },
          validations: [
            {
              expression:
                "authorizer.group('').resource('services').namespace('default').check('create').allowed() && " +
                "authorizer.requestResource.check('nonsense').allowed() && request.userInfo.username == 'admin'" +
                " && namespaceObject.metadata.name == 'default'",
            },
            {
              expression: "authorizer.serviceAccount('default', 'default').path('/x').check('get').allowed()",
              message: 'sa',
            },
          ],
        },
      });
      const service = (labels: object): object => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's', labels },
        spec: { ports: [{ port: 80 }] },
      });
      const post = (labels: object, namespace: string): Promise<Answer> =>
        server.admin.request('POST', `/api/v1/namespaces/${namespace}/services?dryRun=All`, { body: service(labels) });
      const denied = await until(
        () => post({ guarded: 'yes' }, 'default'),
        ({ status }) => status === 422,
      );
      t.match(denied.json['message'], /denied request: sa$/, 'the first holds, the second not');
      t.equal((await post({}, 'default')).status, 201);
      t.equal((await post({ guarded: 'yes' }, 'kube-system')).status, 201);
    });

    await t.test('custom resources, as subjects and as params', async (t) => {
      const schema = { type: 'object', properties: { max: { type: 'integer' }, size: { type: 'integer' } } };
      const definition = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'boxes.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Namespaced',
          names: { plural: 'boxes', kind: 'Box' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
        },
      };
      const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      await server.admin.request('POST', definitions, { body: definition });
      const boxes = '/apis/example.com/v1/namespaces/default/boxes';
      const box = (name: string, fields: object): object => ({
        apiVersion: 'example.com/v1',
        kind: 'Box',
        metadata: { name },
        ...fields,
      });
      const made = await until(
        () => server.admin.request('POST', boxes, { body: box('limit', { max: 3 }) }),
        ({ status }) => status === 201,
      );
      t.equal(made.status, 201);
      await install(server, 'Validating', 'boxes', {
        spec: {
          paramKind: { apiVersion: 'example.com/v1', kind: 'Box' },
          matchConstraints: { resourceRules: [rule('boxes', 'example.com')] },
          validations: [{ expression: 'object.size <= params.max', message: 'too large' }],
        },
        binding: { paramRef: { name: 'limit', parameterNotFoundAction: 'Deny' } },
      });
      const denied = await until(
        () => server.admin.request('POST', `${boxes}?dryRun=All`, { body: box('a', { size: 4 }) }),
        ({ status }) => status !== 201,
      );
      t.match(denied.json['message'], /^boxes.example.com "a" is forbidden: .* denied request: too large$/);
    });

    await t.test('does not look at what configures admission', async (t) => {
      await install(server, 'Validating', 'deny-all', {
        spec: {
          matchConstraints: {
            resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
          },
          validations: [{ expression: 'false', message: 'no' }],
        },
      });
      await until(
        () => post(configMap('x', {}), '?dryRun=All'),
        ({ status }) => status === 422,
      );
      const path = `${registration}/validatingadmissionpolicies/deny-all`;
      t.equal((await server.admin.request('DELETE', path)).status, 200);
    });
  });
});

void t.test('MutatingAdmissionPolicy', async (t) => {
  await withServer(t, async (server) => {
    const post = (body: KubeObject): Promise<Answer> =>
      server.admin.request('POST', `${configMaps}?dryRun=All`, { body });

    await t.test('applies configurations, and each once more after others', async (t) => {
      await install(server, 'Mutating', 'a-last', {
        spec: {
          reinvocationPolicy: 'IfNeeded',
          matchConstraints: { resourceRules: [rule('configmaps')] },
          mutations: [
            {
              patchType: 'ApplyConfiguration',
              applyConfiguration: {
                expression: `has(object.metadata.labels) && 'by' in object.metadata.labels
                  ? Object{metadata: Object.metadata{annotations: {"seen": "yes"}}} : Object{}`,
              },
            },
          ],
        },
      });
      await install(server, 'Mutating', 'labels', {
        spec: {
          reinvocationPolicy: 'Never',
          matchConstraints: { resourceRules: [rule('configmaps')] },
          variables: [{ name: 'who', expression: 'request.userInfo.username' }],
          mutations: [
            {
              patchType: 'ApplyConfiguration',
              applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"by": variables.who}}}' },
            },
          ],
        },
      });
      const made = await until(
        () => post(configMap('a', { k: 'v' }, { labels: { own: 'x' } })),
        ({ json }) => json.metadata?.annotations !== undefined,
      );
      t.match(made.json, {
        metadata: { labels: { own: 'x', by: 'admin' }, annotations: { seen: 'yes' } },
        data: { k: 'v' },
      });
    });

    await t.test('applies JSON patches, and refuses what fails', async (t) => {
      await install(server, 'Mutating', 'patches', {
        spec: {
          reinvocationPolicy: 'Never',
          matchConstraints: { resourceRules: [rule('secrets')] },
          mutations: [
            {
              patchType: 'JSONPatch',
              jsonPatch: {
                expression: `[
                  JSONPatch{op: "add", path: "/metadata/annotations", value: {}},
                  JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("a/b"), value: object.metadata.labels.x}
                ]`,
              },
            },
          ],
        },
      });
      const secret = (labels: object): object => ({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', labels },
      });
      const ask = (labels: object) => () =>
        server.admin.request('POST', '/api/v1/namespaces/default/secrets?dryRun=All', { body: secret(labels) });
      const made = await until(ask({ x: '1' }), ({ json }) => json.metadata?.annotations !== undefined);
      t.match(made.json, { metadata: { annotations: { 'a/b': '1' } } });
      const refused = await ask({})();
      t.equal(refused.status, 403);
      t.match(refused.json['message'], /^policy 'patches' with binding 'patches-binding' denied request: expression '/);
      t.match(refused.json['message'], /resulted in error: no such key: labels|no such key: x/);
    });
  });
});
