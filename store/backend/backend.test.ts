import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { BackendError } from './backend.ts';
import type { Backend, BackendEntry } from './backend.ts';
import { decodeImage, encodeImage, imageChunkBytesMax } from './image.ts';
import { LevelBackend } from './level-backend.ts';
import { MemoryBackend } from './memory-backend.ts';
import { b, dump, from, holdToConformance, put } from './testing/conformance.ts';

const implementations: Record<string, (directory: string) => Promise<Backend>> = {
  level: (directory) => LevelBackend.open(join(directory, 'store')),
  memory: () => Promise.resolve(new MemoryBackend()),
};

for (const [name, make] of Object.entries(implementations)) {
  void t.test(`${name}: the conformance suite`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'kuorum-backend-'));
    const backend = await make(directory);
    t.teardown(async () => {
      await backend.close();
      await rm(directory, { recursive: true, force: true });
    });
    await holdToConformance(t, backend);
  });
}

void t.test('level: what it refuses, and what is left after a crash in a replacement', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'kuorum-backend-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const store = join(directory, 'store');
  const backend = await LevelBackend.open(store);
  await t.rejects(LevelBackend.open(store), { kind: 'in-use', message: /in use by another process/ });
  await backend.write([put('a', '1')]);
  await backend.close();

  await mkdir(join(store, 'db-2'));
  await writeFile(join(store, 'db-2', 'CURRENT'), 'half a database');
  const again = await LevelBackend.open(store);
  t.equal(await dump(again), 'a=1');
  t.same((await readdir(store)).sort(), ['current', 'db-1']);
  await again.write([put('!format', '\x63')]);
  await again.close();
  await t.rejects(LevelBackend.open(store), { kind: 'newer-format', message: /has format 99/ });

  const damaged = join(directory, 'damaged');
  await (await LevelBackend.open(damaged)).close();
  await writeFile(join(damaged, 'db-1', 'CURRENT'), 'MANIFEST-999999\n');
  await t.rejects(LevelBackend.open(damaged), { kind: 'corrupt', message: /damaged/ });
});

void t.test('image: what goes in comes out, in chunks of at most 1 MiB', async (t) => {
  const big = { key: b('big'), value: new Uint8Array(2_500_000).fill(7) };
  const many = Array.from({ length: 5000 }, (_, i) => put(`key-${i}`, 'v'.repeat(i % 300)));
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeImage(from(many, [big, put('last', '')]))) chunks.push(chunk);
  t.ok(chunks.every((chunk) => chunk.length <= imageChunkBytesMax));
  const out: BackendEntry[] = [];
  async function* stream(list: Uint8Array[]): AsyncIterable<Uint8Array> {
    for (const chunk of list) yield await Promise.resolve(chunk);
  }
  for await (const batch of decodeImage(stream(chunks))) out.push(...batch);
  t.equal(out.length, many.length + 2);
  t.ok(Buffer.compare(out[5000]!.value, big.value) === 0);
  t.same(Buffer.from(out[4999]!.key).toString(), 'key-4999');
  const drain = async (list: Uint8Array[]): Promise<void> => {
    for await (const batch of decodeImage(stream(list))) if (batch.length === 0) return;
  };
  await t.rejects(drain(chunks.slice(0, -1)), BackendError, 'cut off');
  await t.rejects(drain([...chunks, b('x')]), BackendError, 'too long');
  await t.rejects(drain([b('something quite different')]), BackendError, 'of another kind');
  await t.rejects(drain([]), BackendError, 'empty');
});

void t.test(
  'level: a log is synced just before it is closed, so a power failure takes only what came last',
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'kuorum-backend-'));
    const backend = await LevelBackend.open(directory);
    t.teardown(async () => {
      await backend.close();
      await rm(directory, { recursive: true, force: true });
    });
    const logs = async (): Promise<string> =>
      (await readdir(join(directory, 'db-1'))).filter((file) => file.endsWith('.log')).join();
    const synced: { log: string; writes: number }[] = [];
    const sync = backend.sync.bind(backend);
    let writes = 0;
    backend.sync = async () => {
      synced.push({ log: await logs(), writes });
      await sync();
    };
    const value = new Uint8Array(1024 * 1024);
    const closed: { log: string; writes: number }[] = [];
    for (let log = await logs(); writes < 40; writes++) {
      await backend.write([{ key: b(String(writes)), value }]);
      const now = await logs();
      if (now !== log) closed.push({ log, writes });
      log = now;
    }
    t.ok(closed.length >= 3, `${closed.length} logs were closed`);
    t.same(synced, closed, 'with nothing written between the sync and the closing');
    t.equal((await dump(backend)).split(' ').length, 40);
  },
);
