import t from 'tap';
import type { Test } from 'tap';
import { sleep } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import { ResourceInformer } from './informer.ts';
import type { InformerEnvironment } from './informer.ts';
import { createKubeClient } from './kube-client.ts';
import { configMaps } from './resources.ts';
import { eventually } from './testing/eventually.ts';
import { FakeApiServer, FakeStatus } from './testing/fake-api-server.ts';
import type { KubeObject } from './types.ts';

async function start(test: Test, environment: InformerEnvironment = {}) {
  const server = new FakeApiServer([configMaps]);
  const url = await server.listen();
  const client = createKubeClient({ servers: [url] });
  const informer = new ResourceInformer<KubeObject>(client.resource(configMaps), {}, environment);
  const log: string[] = [];
  informer.addHandlers({
    added: (o) => void log.push(`+${o.metadata?.name ?? ''}`),
    updated: (_, o) => void log.push(`~${o.metadata?.name ?? ''}`),
    deleted: (o) => void log.push(`-${o.metadata?.name ?? ''}`),
  });
  test.teardown(async () => {
    await informer.stop();
    await client.close();
    await server.close();
  });
  const put = (name: string): KubeObject => server.store.create(configMaps, 'default', { metadata: { name } });
  const watches = (): string[] => server.requests.filter((r) => r.includes('watch=true'));
  const lists = (): number => server.requests.filter((r) => r.includes('limit=')).length;
  return { server, client, informer, log, put, watches, lists };
}

void t.test('informer lists, then follows adds, updates and deletes', async (test) => {
  const { server, informer, log, put } = await start(test);
  put('a');
  informer.start();
  await informer.synced();
  test.same(log, ['+a']);
  put('b');
  server.store.patch(configMaps, 'default', 'a', { data: { x: '1' } }, '');
  server.store.delete(configMaps, 'default', 'b', undefined);
  await eventually('three events', () => log.length === 4);
  test.same(log, ['+a', '+b', '~a', '-b']);
  test.same(
    informer.lister.list('default').map((o) => o.metadata?.name),
    ['a'],
  );
  test.equal(informer.lister.get('a', 'default')?.kind, 'ConfigMap');
});

void t.test('informer resumes a dropped watch from the last version without a new list', async (test) => {
  const { server, informer, log, put, watches, lists } = await start(test);
  informer.start();
  await informer.synced();
  await eventually('watching', () => watches().length === 1);
  put('a');
  await eventually('a', () => log.length === 1);
  server.dropWatches();
  put('b');
  await eventually('b', () => log.length === 2);
  test.same(log, ['+a', '+b']);
  test.equal(lists(), 1);
  test.match(watches()[1], /resourceVersion=2/);
});

void t.test('informer lists again after 410 and tells of what was deleted meanwhile', async (test) => {
  const { server, informer, log, put, watches, lists } = await start(test);
  put('a');
  put('b');
  informer.start();
  await informer.synced();
  await eventually('watching', () => watches().length === 1);
  server.intercept = (_, path) => (path.includes('configmaps') ? new FakeStatus(500, '', 'away') : undefined);
  server.dropWatches();
  server.store.delete(configMaps, 'default', 'a', undefined);
  server.store.patch(configMaps, 'default', 'b', { data: {} }, '');
  server.store.compact();
  server.intercept = () => undefined;
  await eventually('relisted', () => log.length === 4);
  test.same(log, ['+a', '+b', '~b', '-a']);
  test.equal(lists(), 2);
});

void t.test('informer tells a delete and an add where a relist finds another uid under the name', async (test) => {
  const { server, informer, log, put, watches } = await start(test);
  put('a');
  informer.start();
  await informer.synced();
  await eventually('watching', () => watches().length === 1);
  server.intercept = () => new FakeStatus(500, '', 'away');
  server.dropWatches();
  server.store.delete(configMaps, 'default', 'a', undefined);
  put('a');
  server.store.compact();
  server.intercept = () => undefined;
  await eventually('relisted', () => log.length === 3);
  test.same(log, ['+a', '-a', '+a']);
});

void t.test('informer notices a watch that went silent', async (test) => {
  const { informer, watches } = await start(test, { watchIdleMsMax: 100 });
  informer.start();
  await informer.synced();
  await eventually('a second watch', () => watches().length >= 2);
  test.pass();
});

void t.test('informer reads long lists in pages', async (test) => {
  const { informer, put, lists } = await start(test);
  for (let i = 0; i < 1001; i++) put(`c${i}`);
  informer.start();
  await informer.synced();
  test.equal(informer.lister.list().length, 1001);
  test.equal(lists(), 3);
});

void t.test('informer goes on when a handler throws', async (test) => {
  const { informer, put, log } = await start(test);
  informer.addHandlers({
    added: () => {
      throw new Error('a bug');
    },
  });
  put('a');
  put('b');
  informer.start();
  await informer.synced();
  test.same(log, ['+a', '+b']);
});

void t.test('synced rejects when the informer stops before its first list', async (test) => {
  const { informer, server } = await start(test);
  server.intercept = () => new FakeStatus(500, '', 'away');
  informer.start();
  const synced = informer.synced();
  await Promise.all([informer.stop(), test.rejects(synced, /stopped/)]);
});

void t.test('informer equals the server again after random writes, drops, refusals and compactions', async (test) => {
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed);
    const { server, informer } = await start(test);
    const seen = new Map<string, string>();
    const note = (o: KubeObject): void => void seen.set(o.metadata?.name ?? '', o.metadata?.resourceVersion ?? '');
    informer.addHandlers({
      added: note,
      updated: (_, o) => note(o),
      deleted: (o) => void seen.delete(o.metadata?.name ?? ''),
    });
    informer.start();
    for (let step = 0; step < 300; step++) {
      const name = `c${random.below(20)}`;
      const exists = server.store.find(configMaps, 'default', name) !== undefined;
      const action = random.below(20);
      if (action === 0) server.dropWatches();
      else if (action === 1) server.store.compact();
      else if (action === 2)
        server.intercept = () => (random.below(3) === 0 ? new FakeStatus(503, '', 'away') : undefined);
      else if (!exists) server.store.create(configMaps, 'default', { metadata: { name } });
      else if (action < 10) server.store.delete(configMaps, 'default', name, undefined);
      else server.store.patch(configMaps, 'default', name, { data: { step: String(step) } }, '');
      if (random.below(4) === 0) await sleep(random.below(5));
    }
    server.intercept = () => undefined;
    const versions = (objects: KubeObject[]): string =>
      objects
        .map((o) => `${o.metadata?.name ?? ''}@${o.metadata?.resourceVersion ?? ''}`)
        .sort(byText)
        .join();
    await eventually('equal', () => versions(informer.lister.list()) === versions(server.store.list(configMaps)));
    test.equal(
      [...seen]
        .map((pair) => pair.join('@'))
        .sort(byText)
        .join(),
      versions(server.store.list(configMaps)),
      `seed ${seed}`,
    );
    await informer.stop();
  }
});

const byText = (a: string, b: string): number => (a < b ? -1 : 1);
