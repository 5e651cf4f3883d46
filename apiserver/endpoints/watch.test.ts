import t from 'tap';
import { sleep } from '../../base/clock.ts';
import { MemoryEtcd } from '../storage/memory-etcd.ts';
import { startTestServer, type TestClient } from '../testing/test-server.ts';

interface Frame {
  type: string;
  object: {
    kind?: string;
    code?: number;
    reason?: string;
    rows?: unknown[];
    columnDefinitions?: unknown[];
    metadata?: { name?: string; resourceVersion?: string; annotations?: Record<string, string> };
  };
}

const path = '/api/v1/namespaces/default/configmaps';

const configMap = (name: string, labels: Record<string, string> = {}, data = {}): object => ({
  metadata: { name, labels },
  data,
});

/** The next `count` frames of a watch, which is then left. */
async function frames(client: TestClient, query: string, count: number): Promise<Frame[]> {
  const abort = new AbortController();
  const seen: Frame[] = [];
  for await (const frame of client.watch(`${path}?watch=true&${query}`, abort.signal)) {
    seen.push(frame);
    if (seen.length === count) break;
  }
  abort.abort();
  return seen;
}

const brief = (seen: Frame[]): string[] => seen.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`);

void t.test('watch', async (t) => {
  const etcd = new MemoryEtcd();
  // What the server finds is older than its cache.
  for (const key of ['/x/1', '/x/2']) {
    await etcd.client().write({ guards: [], operations: [{ put: { key, value: new Uint8Array() } }] });
  }
  const server = await startTestServer({ etcdClient: etcd.client() });
  t.teardown(() => server.stop());
  const { admin } = server;
  const create = async (name: string, labels = {}): Promise<string> => {
    const { json } = await admin.request('POST', path, { body: configMap(name, labels) });
    return json.metadata?.resourceVersion ?? '';
  };
  const first = await create('a', { app: 'x' });
  const second = await create('b');

  await t.test('without a version it begins with the state', async (t) => {
    t.same(brief(await frames(admin, '', 2)), ['ADDED a', 'ADDED b']);
    t.same(brief(await frames(admin, 'resourceVersion=0', 2)), ['ADDED a', 'ADDED b']);
  });

  await t.test('from a version it begins after it', async (t) => {
    t.same(brief(await frames(admin, `resourceVersion=${first}`, 1)), ['ADDED b']);
    const coming = frames(admin, `resourceVersion=${second}`, 2);
    await sleep(50);
    await create('c');
    await admin.request('DELETE', `${path}/c`);
    t.same(brief(await coming), ['ADDED c', 'DELETED c']);
  });

  await t.test('a version of long ago gets an ERROR 410 Expired', async (t) => {
    const [frame] = await frames(admin, 'resourceVersion=1', 1);
    t.equal(frame?.type, 'ERROR');
    t.match(frame?.object, { kind: 'Status', code: 410, reason: 'Expired' });
  });

  await t.test('sendInitialEvents ends the state with an annotated bookmark', async (t) => {
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const seen = await frames(admin, query, 3);
    t.same(brief(seen), ['ADDED a', 'ADDED b', 'BOOKMARK ']);
    t.equal(seen[2]?.object.metadata?.annotations?.['k8s.io/initial-events-end'], 'true');
    t.ok(Number(seen[2]?.object.metadata?.resourceVersion) >= Number(second));
  });

  await t.test('a selector turns changes into ADDED and DELETED', async (t) => {
    const { json } = await admin.request('GET', path);
    const coming = frames(admin, `labelSelector=app%3Dy&resourceVersion=${json.metadata?.resourceVersion}`, 3);
    await sleep(50);
    const label = (app: string): Promise<unknown> =>
      admin.request('PATCH', `${path}/a`, {
        body: { metadata: { labels: { app } } },
        contentType: 'application/merge-patch+json',
      });
    await label('y');
    await admin.request('PATCH', `${path}/a`, {
      body: { data: { k: 'v' } },
      contentType: 'application/merge-patch+json',
    });
    await label('x');
    t.same(brief(await coming), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  await t.test('in its old form with a name is of that object alone', async (t) => {
    const old = '/api/v1/watch/namespaces/default/configmaps/b?timeoutSeconds=1&resourceVersion=0';
    const seen: Frame[] = [];
    for await (const frame of admin.watch(old)) seen.push(frame);
    t.same(brief(seen), ['ADDED b']);
  });

  await t.test('ends after timeoutSeconds, with a bookmark where they are allowed', async (t) => {
    const started = performance.now();
    await create('z');
    const seen: Frame[] = [];
    const query = `watch=true&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion=${second}&labelSelector=no`;
    for await (const frame of admin.watch(`${path}?${query}`)) seen.push(frame);
    t.ok(performance.now() - started < 3_000);
    t.same(brief(seen), ['BOOKMARK ']);
  });

  await t.test('shows Tables, their columns in the first only', async (t) => {
    const response = await admin.fetch('GET', `${path}?watch=true&timeoutSeconds=1`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    const lines = (await response.text()).trim().split('\n');
    const tables = lines.map((line) => JSON.parse(line) as Frame);
    t.ok((tables[0]?.object.columnDefinitions?.length ?? 0) > 0);
    t.equal(tables[1]?.object.columnDefinitions?.length, 0);
    t.ok(tables.every(({ object }) => object.kind === 'Table' && object.rows?.length === 1));
  });

  await t.test('speaks protobuf', async (t) => {
    const response = await admin.fetch('GET', `${path}?watch=true&timeoutSeconds=1`, {
      headers: { accept: 'application/vnd.kubernetes.protobuf;stream=watch' },
    });
    t.equal(response.headers.get('content-type'), 'application/vnd.kubernetes.protobuf;stream=watch');
    const bytes = Buffer.from(await response.arrayBuffer());
    const length = bytes.readUInt32BE(0);
    t.match(bytes.subarray(4, 4 + length).toString('latin1'), /ADDED.*k8s\0/s);
  });
});
