import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { cronTabs, definitionsPath, waitServed } from '../testing/custom-definitions.ts';
import type { KubeObject } from '../pipeline.ts';
import { MemoryEtcd } from '../storage/memory-etcd.ts';
import { startTestServer } from '../testing/test-server.ts';

interface Review {
  apiVersion: string;
  kind: string;
  request: { uid: string; desiredAPIVersion: string; objects: KubeObject[] };
}

/** v1 has `spec.image`; v2 has it as `spec.picture`. */
function converted(object: KubeObject, apiVersion: string): KubeObject {
  const { image, picture, ...rest } = object['spec'] as Record<string, unknown>;
  const named = apiVersion.endsWith('/v1') ? { image: image ?? picture } : { picture: picture ?? image };
  return { ...object, apiVersion, spec: { ...rest, ...named } };
}

interface Converter {
  readonly server: Server;
  readonly url: string;
  /** how many objects each call had */
  readonly calls: number[];
  /** what it answers instead of the objects */
  answer: ((review: Review) => object) | undefined;
}

async function startConverter(tls: { cert: string; key: string }): Promise<Converter> {
  const converter: { -readonly [K in keyof Converter]: Converter[K] } = {
    server: createServer(tls),
    url: '',
    calls: [],
    answer: undefined,
  };
  converter.server.on('request', (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const review = JSON.parse(text) as Review;
      const { uid, objects, desiredAPIVersion } = review.request;
      converter.calls.push(objects.length);
      const convertedObjects = objects.map((object) => converted(object, desiredAPIVersion));
      const own = { uid, result: { status: 'Success' }, convertedObjects };
      const { apiVersion, kind } = review;
      response.end(JSON.stringify({ apiVersion, kind, response: converter.answer?.(review) ?? own }));
    });
  });
  await new Promise<void>((resolve) => converter.server.listen(0, '127.0.0.1', resolve));
  converter.url = `https://127.0.0.1:${(converter.server.address() as AddressInfo).port}/convert`;
  return converter;
}

const group = '/apis/stable.example.com';
const path = (version: string): string => `${group}/${version}/namespaces/default/crontabs`;
const schema = (field: string): object => ({
  openAPIV3Schema: {
    type: 'object',
    properties: { spec: { type: 'object', properties: { [field]: { type: 'string' } } } },
  },
});
const v2 = { name: 'v2', served: true, storage: false, schema: schema('picture') };
const v1 = { name: 'v1', served: true, storage: true, schema: schema('image'), deprecated: true };
const specOf = ({ json }: { json: KubeObject }): unknown => json['spec'];

void t.test('several versions', async (t) => {
  const etcd = new MemoryEtcd();
  const server = await startTestServer({ etcdClient: etcd.client() });
  const webhook = await startConverter(await server.ca.issue('CN=webhook'));
  t.teardown(async () => {
    webhook.server.closeAllConnections();
    webhook.server.close();
    await server.stop();
  });
  const { admin } = server;
  const definition = cronTabs();
  const conversion = {
    strategy: 'Webhook',
    webhook: {
      conversionReviewVersions: ['v1'],
      clientConfig: { url: webhook.url, caBundle: Buffer.from(server.ca.cert).toString('base64') },
    },
  };
  definition['spec'] = { ...(definition['spec'] as object), versions: [v1, v2], conversion };
  t.equal((await admin.request('POST', definitionsPath, { body: definition })).status, 201);
  await waitServed(admin, 'crontabs.stable.example.com');
  const post = (version: string, name: string, spec: object): ReturnType<typeof admin.request> =>
    admin.request('POST', path(version), {
      body: { apiVersion: `stable.example.com/${version}`, kind: 'CronTab', metadata: { name }, spec },
    });

  await t.test('discovery prefers the newer, and the older one warns', async (t) => {
    t.match((await admin.request('GET', group)).json, { preferredVersion: { version: 'v2' } });
    const { headers } = await admin.request('GET', path('v1'));
    const text = 'stable.example.com/v1 CronTab is deprecated; use stable.example.com/v2 CronTab';
    t.equal(headers.get('warning'), `299 - "${text}"`);
  });

  await t.test('objects are stored in one version and shown in the other', async (t) => {
    t.same(specOf(await post('v2', 'two', { picture: 'p' })), { picture: 'p' });
    t.same(specOf(await admin.request('GET', `${path('v1')}/two`)), { image: 'p' });
    await post('v1', 'one', { image: 'i' });
    t.same(specOf(await admin.request('GET', `${path('v2')}/one`)), { picture: 'i' });
    const { json } = await admin.request('GET', path('v2'));
    t.match(json['items'], [
      { apiVersion: 'stable.example.com/v2', spec: { picture: 'i' } },
      { apiVersion: 'stable.example.com/v2', spec: { picture: 'p' } },
    ]);
    const patched = await admin.request('PATCH', `${path('v2')}/one`, {
      body: { spec: { picture: 'new' } },
      contentType: 'application/merge-patch+json',
    });
    t.same(specOf(patched), { picture: 'new' });
    t.same(specOf(await admin.request('GET', `${path('v1')}/one`)), { image: 'new' });
  });

  await t.test('watches show the version that they watch', async (t) => {
    const { json } = await admin.request('GET', path('v2'));
    const abort = new AbortController();
    const query = `watch=true&resourceVersion=${json.metadata?.resourceVersion}`;
    const watch = admin.watch(`${path('v2')}?${query}`, abort.signal);
    const next = watch.next();
    await post('v1', 'seen', { image: 's' });
    t.match((await next).value, { object: { apiVersion: 'stable.example.com/v2', spec: { picture: 's' } } });
    abort.abort();
  });

  await t.test('a webhook that fails, or lies, is told in Kubernetes’ words', async (t) => {
    const head = 'conversion webhook for stable.example.com/v2, Kind=CronTab';
    const rows: [string, (review: Review) => object, string][] = [
      [
        'it says no',
        ({ request }) => ({ uid: request.uid, result: { status: 'Failed', message: 'no' } }),
        'failed: no',
      ],
      [
        'it answers somebody else',
        () => ({ uid: 'x', result: { status: 'Success' } }),
        'failed: expected response.uid=',
      ],
      [
        'it loses objects',
        ({ request }) => ({ uid: request.uid, result: { status: 'Success' }, convertedObjects: [] }),
        'returned 0 objects, expected 1',
      ],
      [
        'it renames objects',
        ({ request }) => ({
          uid: request.uid,
          result: { status: 'Success' },
          convertedObjects: request.objects.map((object) => ({
            ...converted(object, request.desiredAPIVersion),
            metadata: { ...object.metadata, name: 'other' },
          })),
        }),
        'returned invalid object at index 0: must have the same name: bad != other',
      ],
    ];
    for (const [title, answer, why] of rows) {
      webhook.answer = answer;
      const { status, json } = await post('v2', 'bad', { picture: 'x' });
      t.equal(status, 500, title);
      t.ok(String(json['message']).startsWith(`${head} ${why}`), `${title}: ${String(json['message'])}`);
    }
    webhook.answer = undefined;
  });

  await t.test('None changes the name of the version alone', async (t) => {
    const name = `${definitionsPath}/crontabs.stable.example.com`;
    const versions = [
      { ...v1, schema: schema('both') },
      { ...v2, schema: schema('both') },
    ];
    const body = { spec: { conversion: { strategy: 'None', webhook: null }, versions } };
    const patched = await admin.request('PATCH', name, { body, contentType: 'application/merge-patch+json' });
    t.equal(patched.status, 200, patched.text);
    await post('v1', 'plain', { both: 'b' });
    const { json } = await admin.request('GET', `${path('v2')}/plain`);
    t.match(json, { apiVersion: 'stable.example.com/v2', spec: { both: 'b' } });
  });
});
