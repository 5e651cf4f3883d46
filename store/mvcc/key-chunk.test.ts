import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { chunkSizeMax, KeyChunk } from './key-chunk.ts';
import { keyBytes } from './key-name.ts';
import { KeyTable } from './key-table.ts';
import { noPosition, RecordLog } from './record-log.ts';

class Filled {
  readonly log = new RecordLog();
  readonly table = new KeyTable(this.log);
  readonly chunk = new KeyChunk(this.log, this.table, '');
  add(name: string, chunk = this.chunk): void {
    const fields = { createRevision: 2, modRevision: 2, version: 1, lease: 0n, sub: 0, hash: 0 };
    const position = this.log.append({ key: keyBytes(name), value: new Uint8Array(0), ...fields }, noPosition);
    chunk.insert(name, this.table.add(name, position));
    chunk.live++;
  }
  names(chunk = this.chunk): string[] {
    return Array.from({ length: chunk.count }, (_, i) => this.log.name(this.table.newest(chunk.at(i))));
  }
}

void t.test('the example of key-chunk.ts: the same head, and names that end in it', (t) => {
  const filled = new Filled();
  const ends = ['7c4f9', '11', '1', '7c4f', '12', '7c4f8', '7c4', '7c4f\0'];
  for (const end of ends) filled.add(`/pods/a/nginx-${end}`);
  const wanted = ends.map((end) => `/pods/a/nginx-${end}`).sort();
  t.same(filled.names(), wanted);
  t.same(
    wanted.map((name) => filled.chunk.lowerBound(name)),
    wanted.map((_, i) => i),
  );
  filled.add('/pods/b/x');
  filled.add('');
  t.same(filled.names(), ['', ...wanted, '/pods/b/x'], 'what they have in common may get less');
  t.same([filled.chunk.lowerBound('/pods/a/nginx'), filled.chunk.lowerBound('/pods/c')], [1, 10]);
  t.end();
});

void t.test('any names are in order, before and after a split', (t) => {
  const letters = ['\0', '\x01', 'a', 'b', '\x7f', 'ÿ'];
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const filled = new Filled();
    const common = 'common/'.repeat(random.below(3));
    const some = (): string => Array.from({ length: random.below(8) }, () => letters[random.below(6)]).join('');
    const names = new Set<string>();
    while (names.size < chunkSizeMax - 10) names.add(random.below(9) === 0 ? some() : common + some());
    for (const name of names) filled.add(name);
    const sorted = [...names].sort();
    const bound = (name: string): number => sorted.filter((one) => one < name).length;
    const asked = [...Array.from({ length: 100 }, some), ...sorted];
    t.same(filled.names(), sorted, `seed ${seed}`);
    t.ok(
      asked.every((name) => filled.chunk.lowerBound(name) === bound(name)),
      `seed ${seed}: any name finds its place`,
    );
    const at = 1 + random.below(sorted.length - 1);
    const upper = filled.chunk.split(at);
    t.same([filled.names(), filled.names(upper)], [sorted.slice(0, at), sorted.slice(at)], `seed ${seed}: split`);
    t.same([filled.chunk.live, upper.live], [at, sorted.length - at]);
    t.equal(upper.start, sorted[at]);
    t.ok(
      asked.every((name) => upper.lowerBound(name) === Math.max(0, bound(name) - at)),
      `seed ${seed}: after it`,
    );
    filled.chunk.remove(0);
    t.same(filled.names(), sorted.slice(1, at));
  }
  t.end();
});
