import t from 'tap';
import { sleep } from '../../base/clock.ts';
import { debianEtcdIsPresent, startDebianEtcd } from '../testing/debian-etcd.ts';
import type { EtcdError } from './etcd-client.ts';
import { prefixEnd, type EtcdClient, type StoreEvent } from './etcd-client.ts';
import { GrpcEtcdClient } from './grpc-etcd-client.ts';
import { MemoryEtcd } from './memory-etcd.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

interface Seen {
  events: StoreEvent[];
  progress: number[];
  closed: EtcdError[];
}

function record(client: EtcdClient, prefix: string, start: number): Seen & { cancel(): void; requestProgress(): void } {
  const seen: Seen = { events: [], progress: [], closed: [] };
  const watch = client.watch(prefix, start, {
    events: (events) => seen.events.push(...events),
    progress: (revision) => seen.progress.push(revision),
    closed: (error) => seen.closed.push(error),
  });
  return { ...seen, cancel: () => watch.cancel(), requestProgress: () => watch.requestProgress() };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (condition()) return;
    await sleep(25);
  }
  throw new Error(`in vain: ${what}`);
}

/** What every EtcdClient must do. */
function conformance(name: string, connect: () => Promise<{ client: EtcdClient; stop: () => Promise<void> }>): void {
  void t.test(name, async (t) => {
    const { client, stop } = await connect();
    t.teardown(async () => {
      await client.close();
      await stop();
    });
    const put = (key: string, value: string, modRevision?: number) =>
      client.write({
        guards: modRevision === undefined ? [] : [{ key, modRevision }],
        operations: [{ put: { key, value: bytes(value) } }],
      });

    await t.test('a guarded write happens once, and shows the current value where it does not', async (t) => {
      const first = await put('/w/a', '1', 0);
      t.ok(first.succeeded);
      const second = await put('/w/a', '2', 0);
      t.notOk(second.succeeded);
      t.equal(text(second.current[0]?.value), '1');
      t.equal(second.current[0]?.modRevision, first.revision);
      t.ok((await put('/w/a', '3', first.revision)).succeeded);
      const { kvs } = await client.range({ key: '/w/a' });
      t.equal(kvs[0]?.version, 2);
      t.equal(kvs[0]?.createRevision, first.revision);
    });

    await t.test('operations of one write share one revision', async (t) => {
      const { revision } = await client.write({
        guards: [],
        operations: [
          { put: { key: '/m/a', value: bytes('a') } },
          { put: { key: '/m/b', value: bytes('b') } },
          { delete: { key: '/m/c' } },
        ],
      });
      const { kvs } = await client.range({ key: '/m/', rangeEnd: prefixEnd('/m/') });
      t.same(
        kvs.map((kv) => [kv.key, kv.modRevision]),
        [
          ['/m/a', revision],
          ['/m/b', revision],
        ],
      );
    });

    await t.test('range: limit, count, more, keys only, an older revision', async (t) => {
      for (const key of ['/r/1', '/r/2', '/r/3']) await put(key, key);
      const all = { key: '/r/', rangeEnd: prefixEnd('/r/') };
      const page = await client.range({ ...all, limit: 2 });
      t.match({ count: page.count, more: page.more, length: page.kvs.length }, { count: 3, more: true, length: 2 });
      await put('/r/4', 'x');
      t.equal((await client.range({ ...all, countOnly: true })).count, 4);
      t.equal((await client.range({ ...all, revision: page.revision })).kvs.length, 3);
      t.equal((await client.range({ ...all, keysOnly: true })).kvs[0]?.value.length, 0);
      const future = await client.range({ ...all, revision: page.revision + 1000 }).catch((e: unknown) => e);
      t.equal((future as EtcdError).kind, 'future-revision');
    });

    await t.test('watch: events of the prefix from the start revision on, in order', async (t) => {
      const { revision } = await put('/v/a', '1');
      await put('/other', 'x');
      await client.write({ guards: [], operations: [{ delete: { key: '/v/a' } }] });
      const seen = record(client, '/v/', revision);
      await until(() => seen.events.length === 2, 'two past events');
      await put('/v/b', '2');
      await until(() => seen.events.length === 3, 'a new event');
      t.same(
        seen.events.map((e) => [e.type, e.kv.key, text(e.kv.value)]),
        [
          ['put', '/v/a', '1'],
          ['delete', '/v/a', ''],
          ['put', '/v/b', '2'],
        ],
      );
      if (await client.progressIsOrdered()) {
        const now = (await put('/elsewhere', 'x')).revision;
        seen.requestProgress();
        await until(() => (seen.progress.at(-1) ?? 0) >= now, 'progress');
      }
      seen.cancel();
    });

    await t.test('leases: keys vanish with them', async (t) => {
      const lease = await client.leaseGrant(60);
      await client.write({ guards: [], operations: [{ put: { key: '/l/a', value: bytes('a'), lease } }] });
      t.equal((await client.range({ key: '/l/a' })).kvs[0]?.lease, lease);
      t.ok((await client.leaseKeepAlive(lease)) > 0);
      await client.leaseRevoke(lease);
      t.equal((await client.range({ key: '/l/a' })).count, 0);
      t.equal(await client.leaseKeepAlive(lease), 0);
      const refused = client.write({ guards: [], operations: [{ put: { key: '/l/b', value: bytes('b'), lease } }] });
      const error = await refused.catch((e: unknown) => e);
      t.equal((error as EtcdError).kind, 'lease-not-found');
    });
  });
}

conformance('memory etcd', async () => ({ client: new MemoryEtcd().client(), stop: async () => {} }));

if (debianEtcdIsPresent) {
  conformance('gRPC client on a real etcd', async () => {
    const [member] = await startDebianEtcd();
    if (member === undefined) throw new Error('no member');
    return { client: new GrpcEtcdClient({ servers: [member.url] }), stop: () => member.stop() };
  });

  void t.test('gRPC client leaves a paused member within seconds, and its watch goes on', async (t) => {
    const members = await startDebianEtcd(3);
    const client = new GrpcEtcdClient({ servers: members.map((m) => m.url) });
    t.teardown(async () => {
      await client.close();
      await Promise.all(members.map((m) => m.stop()));
    });
    const before = await client.write({ guards: [], operations: [{ put: { key: '/p/a', value: bytes('1') } }] });
    const seen = record(client, '/p/', before.revision);
    await until(() => seen.events.length === 1, 'first event');
    members[0]?.kill('SIGSTOP');
    const started = performance.now();
    let revision = 0;
    while (revision === 0) {
      const current = (await client.range({ key: '/p/b' })).kvs[0];
      if (current !== undefined) revision = current.modRevision;
      else {
        const guards = [{ key: '/p/b', modRevision: 0 }];
        await client
          .write({ guards, operations: [{ put: { key: '/p/b', value: bytes('2') } }] })
          .catch((error: unknown) => t.match((error as EtcdError).kind, /unknown-outcome|unavailable/));
      }
    }
    const tookMs = performance.now() - started;
    t.comment(`moved on after ${Math.round(tookMs)} ms`);
    t.ok(tookMs < 8_000);
    await until(() => seen.events.length === 2, 'event after the pause');
    t.same(
      seen.events.map((e) => e.kv.key),
      ['/p/a', '/p/b'],
    );
    members[0]?.kill('SIGCONT');
  });
}
