import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { CorruptFileError } from './disk-error.ts';
import { SnapshotStore } from './snapshot-store.ts';

const confState = { voters: ['a', 'b'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
const metaAt = (index: number) => ({ index, term: 2, confState });

async function openStore(t: { teardown(fn: () => unknown): unknown }): Promise<{ store: SnapshotStore; dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'kuorum-snap-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return { store: await SnapshotStore.open(dir, true, silentLog), dir };
}

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function contentOf(store: SnapshotStore, index: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of (await store.load(index)).chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

void t.test('a snapshot file gives back what was stored', async (t) => {
  const { store } = await openStore(t);
  await store.save(metaAt(7), chunksOf('one, ', '', 'two, ', 'three'));
  await store.save(metaAt(9), chunksOf());
  t.equal(await contentOf(store, 7), 'one, two, three');
  t.equal(await contentOf(store, 9), '');
  t.same((await store.load(7)).meta, metaAt(7));
});

void t.test('a stream that breaks off leaves nothing behind', async (t) => {
  const { store, dir } = await openStore(t);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one');
    throw new Error('connection closed');
  }
  await t.rejects(store.save(metaAt(7), broken()), { message: 'connection closed' });
  t.same(await readdir(dir), []);
});

void t.test('the last two files are kept, leftovers of a crash are not', async (t) => {
  const { store, dir } = await openStore(t);
  for (const index of [3, 11, 300, 20]) await store.save(metaAt(index), chunksOf('x'));
  await store.prune(11);
  t.same(await store.indexes(), [11, 20, 300], 'what the log may lead back to is kept, too');
  await store.prune(300);
  t.same(await store.indexes(), [20, 300]);
  await writeFile(join(dir, '0000000000000007.snap.1.tmp'), 'half');
  await SnapshotStore.open(dir, true, silentLog);
  t.equal((await readdir(dir)).length, 2);
});

void t.test('a flipped byte anywhere, and a cut at any length, is refused with file and offset', async (t) => {
  const { store } = await openStore(t);
  const file = await store.save(metaAt(7), chunksOf('first chunk', 'second chunk'));
  const whole = await readFile(file);
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x40;
    await writeFile(file, damaged);
    const error: unknown = await contentOf(store, 7).then(
      () => undefined,
      (e: unknown) => e,
    );
    if (!(error instanceof CorruptFileError) || error.file !== file) t.fail(`flipped byte ${at}: ${String(error)}`);
  }
  await writeFile(file, whole);
  for (let size = whole.length - 1; size >= 0; size--) {
    await truncate(file, size);
    await t.rejects(contentOf(store, 7), { name: 'CorruptFileError', file, offset: size });
  }
});
