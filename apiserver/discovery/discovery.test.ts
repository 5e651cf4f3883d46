import t from 'tap';
import { resources } from '../../api/schema/resources.ts';
import type { APIGroupDiscoveryList } from '../../api/types/apidiscovery-v2.ts';
import type { APIResourceList } from '../../api/types/meta-v1.ts';
import { fakeContext, type FakeReply } from '../testing/fake-context.ts';
import { parseAccept } from './accept.ts';
import { discoveryRoutes, negotiate } from './discovery-routes.ts';

const kept = new Set([
  'pods',
  'nodes',
  'deployments',
  'events',
  'selfsubjectaccessreviews',
  'horizontalpodautoscalers',
]);
const served = resources.filter((resource) => kept.has(resource.resource));
const routes = discoveryRoutes({ served: () => served, serverAddress: '127.0.0.1:6443' });

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<FakeReply> {
  const ctx = fakeContext({ path, headers, method });
  const found = routes.find(({ path: at, match }) => (match === 'exact' ? path === at : path.startsWith(at)));
  if (found === undefined) throw new Error(`no route for ${path}`);
  await found.handle(ctx);
  return ctx.reply;
}
const json = async (path: string): Promise<object> => JSON.parse((await ask(path)).body) as object;

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const aggregatedBeta = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList';

void t.test('plain documents, as each path answers them', async (t) => {
  t.same(await json('/api'), {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1:6443' }],
  });
  const apps = { groupVersion: 'apps/v1', version: 'v1' };
  t.same(await json('/apis/apps'), {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: 'apps',
    versions: [apps],
    preferredVersion: apps,
  });
  t.match(await json('/apis'), { kind: 'APIGroupList', groups: [{ name: 'apps', versions: [apps] }] });
  const autoscaling = { groupVersion: 'autoscaling/v2', version: 'v2' };
  t.match(await json('/apis/autoscaling'), {
    versions: [autoscaling, { version: 'v1' }],
    preferredVersion: autoscaling,
  });
  const core = (await json('/api/v1')) as APIResourceList;
  t.same(core.groupVersion, 'v1');
  const byName = new Map(core.resources.map((resource) => [resource.name, resource]));
  t.same(byName.get('pods'), {
    name: 'pods',
    singularName: 'pod',
    namespaced: true,
    kind: 'Pod',
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    shortNames: ['po'],
    categories: ['all'],
    storageVersionHash: 'xPOwRZ+Yhw8=',
  });
  t.match(byName.get('pods/eviction'), { singularName: '', group: 'policy', version: 'v1', kind: 'Eviction' });
  t.match(byName.get('nodes/status'), { namespaced: false, kind: 'Node' });
  t.notOk(byName.has('secrets'), 'what is not served is not named');
  t.match(await json('/apis/authorization.k8s.io/v1'), {
    resources: [{ name: 'selfsubjectaccessreviews', verbs: ['create'] }],
  });
});

void t.test('unknown groups and versions are no page', async (t) => {
  for (const path of ['/apis/no.such', '/apis/no.such/v1', '/apis/apps/v2', '/api/v2', '/apis/apps/v1/x']) {
    const reply = await ask(path);
    t.equal(reply.code, 404, path);
    t.equal(reply.body, '404 page not found\n', path);
  }
});

void t.test('a POST to an unknown version finds no page, one to a document is not allowed', async (t) => {
  const reply = await ask('/apis/authentication.k8s.io/v1beta1/selfsubjectreviews', {}, 'POST');
  t.equal(reply.code, 404);
  t.equal(reply.body, '404 page not found\n');
  await t.rejects(ask('/apis/apps/v1', {}, 'POST'), { code: 405 });
});

void t.test('aggregated discovery echoes what was asked for, and can be kept', async (t) => {
  const reply = await ask('/apis', { accept: `${aggregated},${aggregatedBeta},application/json` });
  t.equal(reply.contentType, aggregated);
  t.equal(reply.headers['vary'], 'Accept');
  const list = JSON.parse(reply.body) as APIGroupDiscoveryList;
  t.match(list, {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: [
      {
        metadata: { name: 'apps' },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              {
                resource: 'deployments',
                responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
                scope: 'Namespaced',
                singularResource: 'deployment',
                shortNames: ['deploy'],
                subresources: [
                  { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
                  { subresource: 'status', responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' } },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
  const again = await ask('/apis', { accept: aggregated, 'if-none-match': reply.headers['etag'] ?? '' });
  t.equal(again.code, 304);
  const beta = await ask('/api', { accept: aggregatedBeta });
  t.equal(beta.contentType, aggregatedBeta);
  t.match(JSON.parse(beta.body), {
    apiVersion: 'apidiscovery.k8s.io/v2beta1',
    items: [{ versions: [{ version: 'v1' }] }],
  });
});

const formats: [string, string | undefined, boolean, string | undefined][] = [
  ['nothing asked for', undefined, true, 'plain'],
  ['anything', '*/*', true, 'plain'],
  ['the first that we have', `${aggregatedBeta},${aggregated}`, true, 'v2beta1'],
  [
    'an aggregated version that we do not know',
    'application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json',
    true,
    'plain',
  ],
  ['aggregated where there is none', `${aggregated},application/json`, false, 'plain'],
  ['protobuf first', 'application/vnd.kubernetes.protobuf,application/json', true, 'plain'],
  ['protobuf only', 'application/vnd.kubernetes.protobuf', true, undefined],
  ['the better of two qualities', `application/json;q=0.5,${aggregated};q=0.9`, true, 'v2'],
  ['refused by quality', 'application/json;q=0', true, undefined],
];

void t.test('negotiate takes the best format that we can answer in', (t) => {
  for (const [name, accept, hasAggregated, format] of formats) t.equal(negotiate(accept, hasAggregated), format, name);
  t.end();
});

void t.test('an Accept header that we cannot meet is refused', async (t) => {
  await t.rejects(ask('/apis', { accept: 'application/vnd.kubernetes.protobuf' }), { code: 406 });
});

void t.test('parseAccept reads parameters and bounds the list', (t) => {
  t.match(parseAccept('application/json; charset="utf-8"'), [
    { type: 'application/json', parameters: { charset: 'utf-8' } },
  ]);
  t.equal(parseAccept('a/b,'.repeat(1000)).length, 32);
  t.end();
});
