import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { seededRandom } from '../../../base/random.ts';
import { LevelBackend } from '../level-backend.ts';
import { checkLevelFiles } from './check-level-files.ts';
import { unsnappy } from './snappy.ts';

/** A database with tables, some of them compressible, and a log. */
async function makeDatabase(t: Tap): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'kuorum-level-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const random = seededRandom(3);
  const backend = await LevelBackend.open(directory);
  const noise = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, () => random.below(256)));
  async function* entries() {
    await Promise.resolve();
    for (let i = 0; i < 300; i++)
      yield [{ key: Buffer.from(`r${String(i).padStart(6, '0')}`), value: i % 2 ? noise(500) : Buffer.alloc(2000, i) }];
  }
  await backend.replace(entries());
  for (let i = 0; i < 40; i++) await backend.write([{ key: Buffer.from(`s${i}`), value: noise(1500) }]);
  await backend.close();
  const current = readFileSync(join(directory, 'current'), 'utf8').trim();
  return join(directory, current);
}
type Tap = { teardown(action: () => void): void };

void t.test(
  'a sound database has no faults, and each flipped bit of a table or log is found with its place',
  async (t) => {
    const database = await makeDatabase(t);
    const names = readdirSync(database).filter((name) => /\.(ldb|log)$|^MANIFEST/.test(name));
    t.ok(names.some((name) => name.endsWith('.ldb')) && names.some((name) => name.endsWith('.log')), names.join());
    t.match(checkLevelFiles(database), { faults: [], torn: [], files: names.length });
    const random = seededRandom(5);
    for (const name of names) {
      const file = join(database, name);
      const sound = readFileSync(file);
      for (let i = 0; i < 40; i++) {
        const at = random.below(sound.length);
        // between the two handles and the magic of a table's end stand zeros that nobody reads
        if (name.endsWith('.ldb') && at >= sound.length - 48 && at < sound.length - 8) continue;
        const copy = Buffer.from(sound);
        copy[at]! ^= 1 << random.below(8);
        writeFileSync(file, copy);
        const { faults, torn } = checkLevelFiles(database);
        const [found] = [...faults, ...torn];
        if (found?.file !== file) t.fail(`${name}: byte ${at} was flipped unnoticed`);
        else if (found.offset > at + 48) t.fail(`${name}: byte ${at} was flipped, and ${found.offset} named`);
      }
      writeFileSync(file, sound);
    }
    t.match(checkLevelFiles(database), { faults: [], torn: [] });
  },
);

void t.test('a log that ends within a record is torn; one that is damaged before sound records is not', async (t) => {
  const database = await makeDatabase(t);
  const file = join(
    database,
    readdirSync(database).find((name) => name.endsWith('.log'))!,
  );
  const sound = readFileSync(file);
  writeFileSync(file, sound.subarray(0, sound.length - 10));
  t.match(checkLevelFiles(database), { faults: [], torn: [{ file, what: 'a record is cut off' }] });
  const middle = Buffer.from(sound);
  middle[100]! ^= 1;
  writeFileSync(file, middle);
  t.match(checkLevelFiles(database), {
    faults: [{ file, offset: 0, what: 'a record does not match its checksum' }],
    torn: [],
  });
});

void t.test('unsnappy: pieces that are there, and copies that overlap themselves', (t) => {
  t.equal(unsnappy(Buffer.from('0c086162631503', 'hex'))?.toString(), 'abcabcabcabc');
  for (const malformed of ['', '05', '0c086162', '0c086162631509', 'ffffffffff']) {
    t.equal(unsnappy(Buffer.from(malformed, 'hex')), undefined, malformed);
  }
  t.end();
});
