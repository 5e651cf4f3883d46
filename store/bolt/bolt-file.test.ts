import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { BoltFile } from './bolt-file.ts';
import { planBolt, writeBolt } from './bolt-writer.ts';
import type { BoltBucket } from './bolt-writer.ts';
import { fnv1a64, pageBytes } from './format.ts';
import { BoltFileError } from './page-source.ts';

type Content = Readonly<Record<string, readonly (readonly [key: string, value: Buffer])[]>>;

const directory = mkdtempSync(join(tmpdir(), 'kuorum-bolt-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));

function bucketsOf(content: Content, batchEntries = 100): BoltBucket[] {
  return Object.entries(content).map(([name, entries]) => ({
    name,
    async *entries() {
      for (let at = 0; at < entries.length; at += batchEntries) {
        await Promise.resolve();
        yield entries.slice(at, at + batchEntries).map(([key, value]) => ({ key: Buffer.from(key, 'latin1'), value }));
      }
    },
  }));
}

let files = 0;
async function write(content: Content): Promise<string> {
  const plan = await planBolt(bucketsOf(content));
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeBolt(plan)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  t.equal(bytes.length, plan.bytes, 'the plan knew how long it would be');
  const file = join(directory, `${++files}.db`);
  writeFileSync(file, bytes);
  return file;
}

function readAll(file: string): Record<string, [string, Buffer][]> {
  const bolt = BoltFile.open(file);
  try {
    bolt.check();
    const entriesOf = (name: string): [string, Buffer][] =>
      [...bolt.entries(name)].map(({ key, value }) => [Buffer.from(key).toString('latin1'), Buffer.from(value)]);
    return Object.fromEntries(bolt.bucketNames().map((name) => [name, entriesOf(name)]));
  } finally {
    bolt.close();
  }
}

const big = Buffer.alloc(2000, 'x');

void t.test('the file drawn in format.ts: seven pages, a tree of two levels and a bucket in its entry', async (t) => {
  const content = {
    key: [['a', big] as const, ['b', big] as const, ['c', big] as const],
    meta: [['m', Buffer.from('abc')] as const],
  };
  const file = await write(content);
  const bytes = readFileSync(file);
  t.equal(bytes.length, 7 * pageBytes);
  const kinds = Array.from({ length: 7 }, (_, page) => bytes.readUInt16LE(page * pageBytes + 8));
  t.same(kinds, [0x04, 0x04, 0x10, 0x02, 0x02, 0x01, 0x02]);
  t.equal(bytes.readBigUInt64LE(16 + 16), 6n, 'page 0 names the root');
  t.equal(bytes.readUInt16LE(3 * pageBytes + 10), 2, 'page 3 has two entries');
  t.same(readAll(file), content);
});

void t.test('fnv1a64 gives what its authors give', (t) => {
  t.equal(fnv1a64(Buffer.from('')), 0xcbf29ce484222325n);
  t.equal(fnv1a64(Buffer.from('foobar')), 0x85944171f73967e8n);
  t.end();
});

void t.test(
  'what was written is read: no entries, many, long keys, values over many pages, several levels',
  async (t) => {
    const random = seededRandom(7);
    const names = new Set<string>();
    while (names.size < 4000)
      names.add(Array.from({ length: 1 + random.below(60) }, () => String.fromCharCode(random.below(256))).join(''));
    const sorted = (values: Iterable<string>): string[] => [...values].sort();
    const content: Content = {
      empty: [],
      deep: sorted(names)
        .map((name) => [`${name}${'-'.repeat(900)}`, Buffer.alloc(random.below(300), name.length)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      large: [1, 4060, 4096, 70_000, 3_000_000].map((size, i) => [`k${i}`, Buffer.alloc(size, i)] as const),
      one: [['k', Buffer.alloc(0)]],
    };
    t.same(readAll(await write(content)), content);
  },
);

void t.test('entries in the wrong order are refused, as are others than were planned', async (t) => {
  const value = Buffer.from('v');
  await t.rejects(
    write({
      key: [
        ['b', value],
        ['a', value],
      ],
    }),
    /rising order/,
  );
  const plan = await planBolt(bucketsOf({ key: [['a', big]] }));
  const other = {
    ...plan,
    buckets: bucketsOf({
      key: [
        ['a', big],
        ['b', big],
        ['c', big],
      ],
    }),
  };
  await t.rejects(async () => {
    for await (const chunk of writeBolt(other)) void chunk;
  }, /that the plan was made of/);
});

void t.test('damage anywhere is found or does no harm: never another content without an error', async (t) => {
  const content = {
    key: Array.from({ length: 200 }, (_, i) => [`k${String(i).padStart(4, '0')}`, Buffer.alloc(100, i)] as const),
    meta: [],
  };
  const file = await write(content);
  const sound = readFileSync(file);
  const random = seededRandom(11);
  const values = new Set(content.key.map(([key, value]) => `${key}=${value.toString('hex')}`));
  let found = 0;
  for (let i = 0; i < 400; i++) {
    const copy = Buffer.from(sound);
    const at = random.below(copy.length);
    copy[at] = copy[at]! ^ (1 << random.below(8));
    const damaged = join(directory, 'damaged.db');
    writeFileSync(damaged, copy);
    try {
      const entries = readAll(damaged)['key'] ?? [];
      // bbolt has no checksum over keys and values: what a flipped bit in one of those gives is for SHA-256 to find
      const changed = entries.filter(([key, value]) => !values.has(`${key}=${value.toString('hex')}`));
      if (entries.length !== content.key.length || changed.length > 1)
        t.fail(`byte ${at}: ${changed.length} entries are others`);
    } catch (error) {
      found++;
      if (!(error instanceof BoltFileError)) throw error;
      t.ok(error.offset >= 0 && error.offset <= copy.length);
      t.match(error.message, `${damaged} is damaged at byte ${error.offset}: `);
    }
  }
  t.ok(found > 20, `${found} were found`);
});

void t.test('a file that is cut off, or none of bbolt, is refused with the place', async (t) => {
  const file = await write({
    key: [
      ['a', big],
      ['b', big],
      ['c', big],
    ],
  });
  const sound = readFileSync(file);
  const cut = join(directory, 'cut.db');
  writeFileSync(cut, sound.subarray(0, sound.length - 100));
  t.throws(() => readAll(cut), { name: 'BoltFileError', offset: sound.length - 100, message: /cut off here/ });
  writeFileSync(cut, Buffer.alloc(20_000, 'no database'));
  t.throws(() => readAll(cut), { name: 'BoltFileError', message: /no bbolt database/ });
  writeFileSync(cut, '');
  t.throws(() => readAll(cut), { name: 'BoltFileError', message: /ends within its first page/ });
});

void t.test('the second head counts where the first is damaged', async (t) => {
  const content = { key: [['a', big] as const] };
  const file = await write(content);
  const bytes = readFileSync(file);
  bytes.fill(0, 16, 40);
  writeFileSync(file, bytes);
  t.same(readAll(file), content);
});
