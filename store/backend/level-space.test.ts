import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { LevelBackend } from './level-backend.ts';

t.setTimeout(120_000);

const kib = 1024;
const mib = kib * kib;
const keys = 60;
const rounds = 12;

/** does not compress, and is the same in each run */
function noise(length: number, seed: number): Buffer {
  const out = Buffer.allocUnsafe(length);
  let x = (seed + 1) * 2654435761;
  for (let i = 0; i < length; i += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out.writeInt32LE(x | 0, i);
  }
  return out;
}

/** keys rise with the revision, as those of a store do, and a compaction deletes the oldest */
const keyOf = (n: number): Buffer => Buffer.from(`r${String(n).padStart(12, '0')}`);

void t.test('space that is freed is used again, and compact gives it back, while others read and write', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kuorum-space-'));
  const backend = await LevelBackend.open(folder);
  t.teardown(async () => {
    await backend.close();
    await rm(folder, { recursive: true, force: true });
  });
  const sizes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round * keys;
    for (let n = first; n < first + keys; n++) await backend.write([{ key: keyOf(n), value: noise(256 * kib, n) }]);
    const old = Array.from({ length: round === 0 ? 0 : keys }, (_, i) => keyOf(first - keys + i));
    await backend.write(old.map((key) => ({ key, value: undefined })));
    await backend.sync();
    sizes.push(await backend.sizeBytes());
  }
  const shown = sizes.map((size) => (size / mib).toFixed(0)).join(' ');
  t.comment(`MiB on disk after each round of 15 MiB: ${shown}`);
  t.ok(Math.max(...sizes) < 120 * mib, 'never nearly as much as was written, 180 MiB');

  const compacting = backend.compact();
  const ended = { already: false };
  void compacting.then(() => (ended.already = true));
  let between = 0;
  const last = keyOf(rounds * keys - 1);
  for (let i = 0; !ended.already; i++) {
    await backend.write([{ key: Buffer.from('z'), value: Buffer.from(String(i)) }]);
    if ((await backend.get(last)) === undefined) throw new Error('a value is gone');
    between++;
  }
  await compacting;
  t.comment(`${between} writes and reads went on meanwhile`);
  t.ok((await backend.sizeBytes()) < 40 * mib, 'what is left is what is kept');
});
