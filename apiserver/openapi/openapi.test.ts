import t from 'tap';
import { resources } from '../../api/schema/resources.ts';
import { loadProto } from '../../proto/load.ts';
import { openapiV2Proto } from '../../proto/openapi-v2.ts';
import { fakeContext, type FakeReply } from '../testing/fake-context.ts';
import { byGroupVersion, documentV2, documentV3 } from './documents.ts';
import type { DocumentV3, Schema } from './openapi-types.ts';
import { openApiRoutes } from './openapi-routes.ts';
import { groupVersionWord } from './operations.ts';

const routes = openApiRoutes({ served: () => resources });

async function ask(path: string, headers: Record<string, string> = {}): Promise<FakeReply> {
  const ctx = fakeContext({ path, headers });
  const found = routes
    .filter(({ path: at, match }) => (match === 'exact' ? ctx.info.path === at : ctx.info.path.startsWith(at)))
    .at(-1);
  if (found === undefined) throw new Error(`no route for ${path}`);
  await found.handle(ctx);
  return ctx.reply;
}

const core = documentV3(byGroupVersion(resources).get('api/v1') ?? []);
const schemaOf = (document: DocumentV3, type: string): Schema => document.components.schemas[type] ?? {};

/** Every `$ref` anywhere below. */
function* refsOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === '$ref' && typeof child === 'string') yield child;
    else yield* refsOf(child);
  }
}

void t.test('schemas say what the type table says', (t) => {
  const pod = schemaOf(core, 'io.k8s.api.core.v1.Pod');
  t.match(pod, {
    type: 'object',
    description: /^Pod is a collection of containers/,
    'x-kubernetes-group-version-kind': [{ group: '', kind: 'Pod', version: 'v1' }],
    properties: {
      apiVersion: { type: 'string' },
      spec: {
        description: /^Specification of the desired behavior of the pod\./,
        default: {},
        allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
      },
    },
  });
  const spec = schemaOf(core, 'io.k8s.api.core.v1.PodSpec');
  t.match(spec.properties?.['containers'], {
    description: /^List of containers/,
    type: 'array',
    items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
  t.same(spec.required, ['containers']);
  const probe = schemaOf(core, 'io.k8s.api.core.v1.Container').properties?.['livenessProbe'];
  t.match(probe, {
    description: /^Periodic probe of container liveness\./,
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Probe' }],
  });
  t.notOk(probe?.default, 'what is a pointer in Go has no default');
  const volume = schemaOf(core, 'io.k8s.api.core.v1.AWSElasticBlockStoreVolumeSource');
  t.match(volume.description, /AWS\.\n\nAn AWS EBS disk/, 'lines are broken as in the sources');
  t.match(volume.properties?.['volumeID'], { default: '' });
  const port = schemaOf(core, 'io.k8s.api.core.v1.ContainerPort');
  t.match(port.properties?.['protocol'], { type: 'string', default: 'TCP', enum: ['SCTP', 'TCP', 'UDP'] });
  t.match(port.properties?.['containerPort'], { type: 'integer', format: 'int32' });
  t.match(schemaOf(core, 'io.k8s.apimachinery.pkg.api.resource.Quantity'), {
    oneOf: [{ type: 'string' }, { type: 'number' }],
  });
  t.equal(schemaOf(core, 'io.k8s.api.core.v1.ObjectReference')['x-kubernetes-map-type'], 'atomic');
  t.match(schemaOf(core, 'io.k8s.api.core.v1.Secret').properties?.['data'], {
    type: 'object',
    additionalProperties: { type: 'string', format: 'byte' },
  });
  t.end();
});

void t.test('paths hold the verbs of each resource and subresource, as kubectl looks for them', (t) => {
  const patch = core.paths['/api/v1/namespaces/{namespace}/pods/{name}']?.patch;
  t.match(patch, {
    operationId: 'patchCoreV1NamespacedPod',
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'Pod' },
  });
  const names = patch?.parameters?.map((parameter) => parameter.name);
  for (const name of ['fieldValidation', 'dryRun', 'fieldManager']) t.ok(names?.includes(name), `PATCH has ${name}`);
  t.equal(core.paths['/api/v1/pods']?.get?.operationId, 'listCoreV1PodForAllNamespaces');
  t.equal(
    core.paths['/api/v1/namespaces/{namespace}/pods']?.delete?.operationId,
    'deleteCoreV1CollectionNamespacedPod',
  );
  t.equal(core.paths['/api/v1/nodes/{name}/status']?.put?.operationId, 'replaceCoreV1NodeStatus');
  t.match(core.paths['/api/v1/namespaces/{namespace}/pods/{name}/binding']?.post, {
    'x-kubernetes-group-version-kind': { kind: 'Binding' },
  });
  t.end();
});

void t.test('no document refers to what it does not hold', (t) => {
  const all = [...byGroupVersion(resources)].map(([path, members]) => [path, documentV3(members)] as const);
  for (const [path, document] of all) {
    const missing = [...new Set(refsOf(document))].filter(
      (ref) => document.components.schemas[ref.replace('#/components/schemas/', '')] === undefined,
    );
    t.same(missing, [], path);
  }
  const v2 = documentV2(resources);
  t.same(
    [...new Set(refsOf(v2))].filter((ref) => v2.definitions[ref.replace('#/definitions/', '')] === undefined),
    [],
  );
  t.match(v2.paths['/api/v1/namespaces/{namespace}/pods']?.post, {
    consumes: ['*/*'],
    parameters: [{ name: 'body', in: 'body', required: true }],
  });
  t.end();
});

void t.test('operation ids are unique', (t) => {
  const ids = [...byGroupVersion(resources).values()]
    .flatMap((members) => Object.values(documentV3(members).paths))
    .flatMap((item) => [item.get, item.put, item.post, item.patch, item.delete])
    .flatMap((operation) => (operation === undefined ? [] : [operation.operationId]));
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  t.same(twice, []);
  t.end();
});

void t.test('groupVersionWord names a group version in operation ids', (t) => {
  t.equal(groupVersionWord('', 'v1'), 'CoreV1');
  t.equal(groupVersionWord('apps', 'v1'), 'AppsV1');
  t.equal(groupVersionWord('rbac.authorization.k8s.io', 'v1'), 'RbacAuthorizationV1');
  t.end();
});

void t.test('the index leads to documents that may be kept for ever', async (t) => {
  const index = JSON.parse((await ask('/openapi/v3')).body) as { paths: Record<string, { serverRelativeURL: string }> };
  t.same(Object.keys(index.paths), [...byGroupVersion(resources).keys()]);
  const url = index.paths['apis/apps/v1']?.serverRelativeURL ?? '';
  t.match(url, /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{64}$/);
  const document = await ask(url);
  t.equal(document.code, 200);
  t.match(document.headers['cache-control'], /immutable/);
  t.match(JSON.parse(document.body), { openapi: '3.0.0' });
  t.equal((await ask(url, { 'if-none-match': document.headers['etag'] ?? '' })).code, 304);
  const stale = await ask('/openapi/v3/apis/apps/v1?hash=OLD');
  t.equal(stale.code, 301);
  t.equal(stale.headers['location'], url);
  t.equal((await ask('/openapi/v3/apis/no.such/v1')).code, 404);
});

void t.test('v2 comes in JSON or in protobuf, as asked', async (t) => {
  const protobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const reply = await ask('/openapi/v2', { accept: protobuf });
  t.equal(reply.contentType, protobuf.replace('@', '.'), 'a type without an @, which Go refuses');
  const codec = loadProto(openapiV2Proto).codec<{
    swagger: string;
    definitions: { additionalProperties: { name: string; value: object }[] };
  }>('openapi.v2.Document');
  const document = codec.decode(reply.bytes[0] ?? new Uint8Array());
  t.equal(document.swagger, '2.0');
  t.match(document.definitions.additionalProperties.find(({ name }) => name === 'io.k8s.api.core.v1.Pod')?.value, {
    type: { value: ['object'] },
    vendorExtension: [
      {
        name: 'x-kubernetes-group-version-kind',
        value: { yaml: '[{"group":"","kind":"Pod","version":"v1"}]\n' },
      },
    ],
  });
  const json = await ask('/openapi/v2', { accept: `application/json, ${protobuf}` });
  t.equal(json.contentType, 'application/json');
  t.not(json.headers['etag'], reply.headers['etag']);
  await t.rejects(ask('/openapi/v3', { accept: protobuf }), { code: 406 });
});
