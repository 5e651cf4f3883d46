import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { eventually } from '../../client/testing/eventually.ts';
import type { APIServiceCondition } from '../../api/types/apiregistration-v1.ts';
import { encodeForStore } from '../storage/cached-object.ts';
import type { EtcdClient } from '../storage/etcd-client.ts';
import { MemoryEtcd } from '../storage/memory-etcd.ts';
import { TestCa } from '../testing/certificates.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

const group = 'wardle.example.com';
const flunders = `/apis/${group}/v1alpha1/namespaces/default/flunders`;

interface Extension {
  readonly port: number;
  readonly asked: IncomingMessage[];
  fails: boolean;
  close(): void;
}

/** A tiny extension API server: one kind, kept in memory, which believes what the front proxy says. */
async function startExtension(ca: TestCa, proxyCa: TestCa): Promise<Extension> {
  const asked: IncomingMessage[] = [];
  const stored = new Map<string, unknown>();
  const json = (value: unknown): string => JSON.stringify(value);
  const server: Server = createServer(
    {
      ...(await ca.issue('CN=extension', ['ext.default.svc'])),
      ca: proxyCa.cert,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const answer = (code: number, body: unknown): void => {
        response.writeHead(code, { 'content-type': 'application/json', 'x-extension': 'yes' });
        response.end(json(body));
      };
      // what the API server asks for itself, now and then, is not counted
      if (request.url?.startsWith(flunders) === true) asked.push(request);
      const [path = '', query = ''] = (request.url ?? '').split('?');
      if (extension.fails || !(request.socket as TLSSocket).authorized) return answer(500, {});
      if (path === `/apis/${group}/v1alpha1`) {
        const verbs = ['create', 'delete', 'get', 'list', 'watch'];
        const resource = {
          name: 'flunders',
          singularName: 'flunder',
          namespaced: true,
          kind: 'Flunder',
          verbs,
          shortNames: ['fl'],
        };
        const resources = [
          resource,
          { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
        ];
        return answer(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/v1alpha1`, resources });
      }
      if (path === `/openapi/v3/apis/${group}/v1alpha1`) return answer(200, { openapi: '3.0.0' });
      if (query.includes('watch=')) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write(`${json({ type: 'ADDED', object: { kind: 'Flunder' } })}\n`);
        return undefined;
      }
      if (request.method === 'GET') return answer(200, { kind: 'FlunderList', items: [...stored.values()] });
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        stored.set(path, JSON.parse(text));
        answer(201, JSON.parse(text));
      });
      return undefined;
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const extension: Extension = {
    port: (server.address() as AddressInfo).port,
    asked,
    fails: false,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return extension;
}

const services = '/apis/apiregistration.k8s.io/v1/apiservices';
const name = `v1alpha1.${group}`;

async function conditionOf({ admin }: TestServer): Promise<APIServiceCondition | undefined> {
  const { json } = await admin.request('GET', `${services}/${name}`);
  const { conditions } = (json['status'] ?? {}) as { conditions?: APIServiceCondition[] };
  return conditions?.find(({ type }) => type === 'Available');
}

const reasonIs = (server: TestServer, reason: string): Promise<void> =>
  eventually(`the reason is ${reason}`, async () => (await conditionOf(server))?.reason === reason);

/** Past the API, which takes no loopback addresses. */
async function publish(store: EtcdClient, port: number, ready: boolean): Promise<void> {
  const metadata = { name: 'ext-1', namespace: 'default', uid: 'u', labels: { 'kubernetes.io/service-name': 'ext' } };
  const value = encodeForStore({
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata,
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready } }],
    ports: [{ name: '', port, protocol: 'TCP' }],
  });
  const key = '/registry/endpointslices/default/ext-1';
  await store.write({ guards: [], operations: [{ put: { key, value } }] });
}

void t.test('an extension API server behind the API server', async (t) => {
  const [ca, proxyCa] = [await TestCa.make('CN=extension CA'), await TestCa.make('CN=front proxy CA')];
  const extension = await startExtension(ca, proxyCa);
  t.teardown(() => extension.close());
  const etcd = new MemoryEtcd();
  const store = etcd.client();
  const proxyClient = await proxyCa.issue('CN=front-proxy');
  const requestHeader = {
    clientCa: proxyCa.cert,
    allowedNames: ['front-proxy'],
    usernameHeaders: ['X-Remote-User'],
    uidHeaders: ['X-Remote-Uid'],
    groupHeaders: ['X-Remote-Group'],
    extraHeaderPrefixes: ['X-Remote-Extra-'],
  };
  const server = await startTestServer({ etcdClient: etcd.client(), proxyClient, requestHeader });
  t.teardown(() => server.stop());
  const { admin } = server;

  await t.test('the APIs of this server have objects of their own', async (t) => {
    await eventually('they are there', async () => (await admin.request('GET', `${services}/v1.apps`)).status === 200);
    const { json } = await admin.request('GET', `${services}/v1.apps`);
    t.match(json, {
      metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
      spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 },
      status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
    });
    t.equal((await admin.request('GET', `${services}/v1.`)).status, 200);
  });

  await t.test('extension API servers are told whom to believe', async (t) => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    t.match((await admin.request('GET', path)).json, {
      data: {
        'client-ca-file': server.ca.cert,
        'requestheader-client-ca-file': proxyCa.cert,
        'requestheader-allowed-names': '["front-proxy"]',
        'requestheader-username-headers': '["X-Remote-User"]',
      },
    });
  });

  await t.test('says step by step why it is not available', async (t) => {
    const spec = {
      group,
      version: 'v1alpha1',
      service: { name: 'ext', namespace: 'default', port: 443 },
      caBundle: Buffer.from(ca.cert).toString('base64'),
      groupPriorityMinimum: 2000,
      versionPriority: 200,
    };
    t.equal((await admin.request('POST', services, { body: { metadata: { name }, spec } })).status, 201);
    await reasonIs(server, 'ServiceNotFound');
    t.match(await conditionOf(server), { status: 'False', message: 'service/ext in "default" is not present' });
    const unavailable = await admin.request('GET', flunders);
    t.equal(unavailable.status, 503);
    t.equal(unavailable.text, 'service unavailable\n');
    const service = { metadata: { name: 'ext' }, spec: { ports: [{ port: 443 }] } };
    t.equal((await admin.request('POST', '/api/v1/namespaces/default/services', { body: service })).status, 201);
    await reasonIs(server, 'EndpointsNotFound');
    await publish(store, extension.port, false);
    await reasonIs(server, 'MissingEndpoints');
    extension.fails = true;
    await publish(store, extension.port, true);
    await reasonIs(server, 'FailedDiscoveryCheck');
    extension.fails = false;
    await publish(store, extension.port, false);
    await publish(store, extension.port, true);
    await reasonIs(server, 'Passed');
    t.match(await conditionOf(server), { status: 'True', message: 'all checks passed', lastTransitionTime: String });
  });

  await t.test('answers requests, with who asks', async (t) => {
    extension.asked.length = 0;
    const body = { kind: 'Flunder', metadata: { name: 'a' } };
    const headers = {
      'x-remote-user': 'somebody',
      'x-remote-group': 'system:masters',
      'impersonate-user': 'jane',
      'impersonate-group': 'a,b',
    };
    const denied = await admin.request('POST', flunders, { body, headers });
    t.equal(denied.status, 403, 'rights are looked at here first');
    t.equal(extension.asked.length, 0);
    const created = await admin.request('POST', `${flunders}?dryRun=All`, {
      body,
      headers: { 'x-remote-user': 'somebody' },
    });
    t.equal(created.status, 201);
    t.equal(created.headers.get('x-extension'), 'yes');
    t.same(created.json, body);
    const [request] = extension.asked;
    t.equal(request?.url, `${flunders}?dryRun=All`);
    t.match(request?.headers, { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters, system:authenticated' });
    t.notOk(request?.headers.authorization);
    t.same((await admin.request('GET', flunders)).json, { kind: 'FlunderList', items: [body] });
  });

  await t.test('streams watches', async (t) => {
    const abort = new AbortController();
    const frames = admin.watch(`${flunders}?watch=1`, abort.signal);
    t.same((await frames.next()).value, { type: 'ADDED', object: { kind: 'Flunder' } });
    abort.abort();
    await frames.next().catch(() => {});
  });

  await t.test('is in discovery and OpenAPI', async (t) => {
    const groups = (await admin.request('GET', '/apis')).json['groups'] as { name: string }[];
    t.match(
      groups.find((each) => each.name === group),
      { preferredVersion: { version: 'v1alpha1' } },
    );
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const { json } = await admin.request('GET', '/apis', { headers: { accept } });
    const found = (json['items'] as { metadata: { name: string } }[]).find(({ metadata }) => metadata.name === group);
    t.match(found, {
      versions: [
        { resources: [{ resource: 'flunders', shortNames: ['fl'], subresources: [{ subresource: 'status' }] }] },
      ],
    });
    t.match((await admin.request('GET', `/apis/${group}/v1alpha1`)).json, { resources: [{ name: 'flunders' }, {}] });
    const path = `apis/${group}/v1alpha1`;
    t.ok(((await admin.request('GET', '/openapi/v3')).json['paths'] as Record<string, unknown>)[path]);
    t.same((await admin.request('GET', `/openapi/v3/${path}`)).json, { openapi: '3.0.0' });
  });

  await t.test('is not believed with a certificate of another authority, and goes with its object', async (t) => {
    const { json } = await admin.request('GET', `${services}/${name}`);
    const spec = { ...(json['spec'] as object), caBundle: Buffer.from(proxyCa.cert).toString('base64') };
    t.equal((await admin.request('PUT', `${services}/${name}`, { body: { ...json, spec } })).status, 200);
    await reasonIs(server, 'FailedDiscoveryCheck');
    t.match((await conditionOf(server))?.message, /certificate/);
    t.equal((await admin.request('DELETE', `${services}/${name}`)).status, 200);
    t.equal((await admin.request('GET', flunders)).status, 404);
    await eventually('discovery has forgotten it', async () => {
      const groups = (await admin.request('GET', '/apis')).json['groups'] as { name: string }[];
      return !groups.some((each) => each.name === group);
    });
  });
});
