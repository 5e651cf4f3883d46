import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { KeyIndex } from './key-index.ts';
import { keyBytes } from './key-name.ts';
import { noKey, KeyTable } from './key-table.ts';
import { noPosition, RecordLog } from './record-log.ts';
import type { Position } from './record-log.ts';

const tiny = { slotsMin: 2, slotsMax: 4, bytesMin: 16, bytesMax: 64 };

/** The least that a store does with log and index. */
class Keys {
  readonly log = new RecordLog(tiny);
  readonly index = new KeyIndex(this.log);
  revision = 1;
  add(name: string, version = 1): void {
    const modRevision = ++this.revision;
    const id = this.index.find(name);
    const fields = { modRevision, createRevision: 2, version, value: new Uint8Array(0), lease: 0n, sub: 0, hash: 0 };
    const before = id === noKey ? noPosition : this.index.newest(id);
    this.index.append(name, id, this.log.append({ key: keyBytes(name), ...fields }, before));
  }
  range(start: string, end?: string): string[] {
    const names: string[] = [];
    this.index.visit(start, end, (id) => names.push(this.log.name(this.index.newest(id))) > 0);
    return names;
  }
}

void t.test('the example of key-index.ts: generations', (t) => {
  const keys = new Keys();
  for (const [name, version] of [
    ['x', 1],
    ['x', 2],
    ['y', 1],
    ['x', 0],
    ['y', 2],
    ['y', 3],
    ['x', 1],
  ] as const)
    keys.add(name, version);
  const { index, log } = keys;
  const id = index.find('x');
  const modAt = (revision: number): number | undefined => {
    const position = index.positionAt(id, revision);
    return position === noPosition ? undefined : log.modRevision(position);
  };
  t.same([1, 2, 3, 4, 5, 6, 7, 8, 9].map(modAt), [undefined, 2, 3, 3, undefined, undefined, undefined, 8, 8]);
  t.same([index.size, index.liveCount, index.find('z')], [2, 2, noKey]);
  t.end();
});

void t.test('a revision far back is found by leaps from segment to segment', (t) => {
  const log = new RecordLog();
  const index = new KeyIndex(log);
  const key = keyBytes('hot');
  const value = new Uint8Array(8);
  for (let modRevision = 2; modRevision <= 300_000; modRevision++) {
    const id = index.find('hot');
    const before = id === noKey ? noPosition : index.newest(id);
    const fields = { createRevision: 2, modRevision, version: modRevision - 1, lease: 0n, sub: 0, hash: 0 };
    index.append('hot', id, log.append({ key, value, ...fields }, before));
  }
  const start = performance.now();
  for (let revision = 2; revision < 300_000; revision += 997) {
    const found = index.newestUpTo(index.find('hot'), revision);
    if (log.modRevision(found) !== revision) t.fail(`at ${revision} there is ${log.modRevision(found)}`);
  }
  t.ok(performance.now() - start < 3000, '300 of them take some milliseconds, not seconds');
  t.end();
});

void t.test('keys are found, listed and counted as in a plain map, also when many come and go', (t) => {
  const random = seededRandom(7);
  const keys = new Keys();
  const model = new Map<string, boolean>();
  const name = (): string => `k${random.below(2000)}`;
  for (let i = 0; i < 30_000; i++) {
    const one = name();
    // phases of growth and of decline, down to almost nothing
    const grows = random.below(10) < (Math.floor(i / 6000) % 2 === 0 ? 7 : 2);
    const id = keys.index.find(one);
    if ((id !== noKey) !== model.has(one)) t.fail(`step ${i}: ${one} is ${id}`);
    if (grows) {
      keys.add(one);
      model.set(one, true);
    } else if (model.get(one) === true) {
      keys.add(one, 0);
      model.set(one, false);
    } else if (id !== noKey) {
      keys.index.remove(id);
      model.delete(one);
    }
    if (i % 300 !== 0) continue;
    const [start, end] = [name(), random.below(4) === 0 ? undefined : name()];
    const inside = [...model.keys()].filter((key) => key >= start && (end === undefined || key < end)).sort();
    const live = inside.filter((key) => model.get(key));
    if (keys.range(start, end).join() !== inside.join()) t.same(keys.range(start, end), inside, `step ${i}`);
    t.equal(keys.index.countLive(start, end), live.length, `step ${i}: keys from ${start} to ${end ?? 'the end'}`);
    t.equal(keys.index.size, model.size);
    t.equal(keys.index.liveCount, [...model.values()].filter(Boolean).length);
  }
  t.end();
});

void t.test('the example of key-table.ts: who gave way moves up when another goes', (t) => {
  const log = new RecordLog();
  const table = new KeyTable(log);
  const put = (name: string): Position => {
    const fields = { createRevision: 2, modRevision: 2, version: 1, lease: 0n, sub: 0, hash: 0 };
    return log.append({ key: keyBytes(name), value: new Uint8Array(0), ...fields }, noPosition);
  };
  const names = Array.from({ length: 5000 }, (_, i) => `a${i}`);
  for (const name of names) table.add(name, put(name));
  t.ok(names.every((name) => log.name(table.newest(table.find(name))) === name));
  for (const [i, name] of names.entries()) if (i % 3 !== 0) table.remove(table.find(name));
  t.ok(names.every((name, i) => (table.find(name) === noKey) === (i % 3 !== 0)));
  for (const [i, name] of names.entries()) if (i % 3 === 1) table.add(name, put(name));
  t.ok(names.every((name, i) => (table.find(name) === noKey) === (i % 3 === 2)));
  t.equal(table.size, names.filter((_, i) => i % 3 !== 2).length);
  t.end();
});
