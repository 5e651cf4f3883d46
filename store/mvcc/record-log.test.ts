import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { KeyEntry } from './key-entry.ts';
import { keyBytes, keyName } from './key-name.ts';
import { noPosition, RecordLog } from './record-log.ts';
import type { Position } from './record-log.ts';
import { RecordSegment } from './record-segment.ts';
import type { StoredValue } from './types.ts';

const pairs = { slotsMin: 2, slotsMax: 2, bytesMin: 64, bytesMax: 64 };

function record(modRevision: number, key: string, value: string, more: Partial<StoredValue> = {}): StoredValue {
  const fields = { createRevision: modRevision, version: 1, lease: 0n, sub: 0, hash: modRevision * 7, ...more };
  return { key: keyBytes(key), value: keyBytes(value), modRevision, ...fields };
}
const shown = ({ key, value, modRevision, version }: StoredValue): string =>
  `${modRevision}${keyName(key)}${version === 0 ? '†' : ''}${keyName(value)}`;

void t.test('the example of record-segment.ts: a key stands once, what is read is what was put', (t) => {
  const segment = new RecordSegment(0, 4, 100);
  const third = { ...record(4, 'x', 'c'), createRevision: 2, version: 2, lease: 9n, sub: 3, hash: 2 ** 32 - 1 };
  segment.append(record(2, 'x', 'a'), -1);
  segment.append(record(3, 'y', 'bb'), -1);
  t.equal(segment.append(third, 0), 2);
  t.equal(segment.usedBytes, 6);
  t.same(
    [0, 1, 2].map((slot) => shown(segment.read(slot))),
    ['2xa', '3ybb', '4xc'],
  );
  t.same(segment.read(2), third);
  t.same([segment.lease(0), segment.lease(2)], [0n, 9n]);
  const before = segment.read(2);
  segment.seal();
  t.same(
    [segment.read(2), segment.read(2).value.buffer.byteLength],
    [third, 6],
    'sealed, it takes no more than it needs',
  );
  t.same(before, third, 'and what was read before is still there');
  t.end();
});

/** The example of record-log.ts, as keys would have it. */
function example(): { log: RecordLog; x: KeyEntry; y: KeyEntry } {
  const log = new RecordLog(pairs);
  const x = new KeyEntry('x', log.append(record(2, 'x', ''), noPosition));
  const y = new KeyEntry('y', log.append(record(3, 'y', ''), noPosition));
  x.add(log.append(record(4, 'x', ''), x.last));
  y.add(log.append(record(5, 'y', '', { version: 0 }), y.last));
  x.add(log.append(record(6, 'x', ''), x.last));
  return { log, x, y };
}
function historyOf(log: RecordLog, from = 0): string {
  const found: string[] = [];
  log.visitFrom(from, (position) => found.push(shown(log.read(position))) > 0);
  return found.join(' ');
}
const layout = (log: RecordLog): string[] =>
  log.segments.map(({ count, live, settled }) => `${live}/${count}${settled ? ' settled' : ''}`);

void t.test(
  'the example of record-log.ts: what nobody needs goes at once, what settled keeps its live records',
  (t) => {
    const { log, x, y } = example();
    t.same([historyOf(log), layout(log)], ['2x 3y 4x 5y† 6x', ['2/2', '2/2', '1/1']]);
    for (const entry of [x, y]) log.drop(entry.dropOldest());
    log.settleBefore(5);
    t.same([historyOf(log, 5), layout(log)], ['5y† 6x', ['2/2', '1/1']]);
    const z = new KeyEntry('z', log.append(record(7, 'z', ''), noPosition));
    z.add(log.append(record(8, 'z', ''), z.last));
    for (const entry of [x, y, z]) log.drop(entry.dropOldest());
    log.settleBefore(8);
    t.same([historyOf(log, 8), layout(log).sort()], ['8z', ['1/1', '1/2 settled']]);
    t.equal(shown(log.read(x.last)), '6x');
    t.equal(log.repackPending, false, 'half of it is live');
    t.end();
  },
);

void t.test('an old record does not keep the memory of its neighbours: it moves', (t) => {
  const log = new RecordLog({ slotsMin: 8, slotsMax: 8, bytesMin: 64, bytesMax: 64 });
  const old = new KeyEntry('a', log.append(record(2, 'a', 'v'), noPosition));
  const hot = new KeyEntry('b', log.append(record(3, 'b', ''), noPosition));
  for (let revision = 4; revision < 12; revision++) hot.add(log.append(record(revision, 'b', ''), hot.last));
  while (hot.count > 1) log.drop(hot.dropOldest());
  const before = log.read(old.last);
  log.settleBefore(11);
  t.same([layout(log), log.repackPending], [['1/8 settled', '1/2'], true]);
  const holderOf = (position: Position): KeyEntry | undefined => (position === old.oldest ? old : undefined);
  t.equal(log.repack(0, holderOf), 0);
  t.equal(log.repack(10, holderOf), 1, 'it is the first that is looked at, and the last that is live');
  t.same([layout(log).sort(), log.repackPending], [['1/1', '1/2'], false]);
  t.same([shown(log.read(old.last)), shown(before)], ['2av', '2av'], 'what was read before the move is still there');
  t.end();
});

void t.test('a record larger than a segment has one alone', (t) => {
  const log = new RecordLog(pairs);
  const large = 'v'.repeat(1000);
  const at = ['a', large, 'b'].map((value, i) => log.append(record(i + 2, 'k', value), noPosition));
  t.same(
    at.map((position) => keyName(log.read(position).value)),
    ['a', large, 'b'],
  );
  t.same(layout(log), ['1/1', '1/1', '1/1']);
  t.end();
});

/** Keys that change at random and are compacted, on a log of small segments, beside plain lists of the same. */
class LogModel {
  readonly log = new RecordLog({ slotsMin: 2, slotsMax: 16, bytesMin: 32, bytesMax: 256 });
  readonly #random;
  readonly #entries = new Map<string, KeyEntry>();
  readonly #held = new Map<string, StoredValue[]>();
  #all: StoredValue[] = [];
  #revision = 1;
  #first = 2;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  step(): void {
    const kind = this.#random.below(12);
    if (kind < 9) this.#append();
    else if (kind === 9) this.#compact();
    else this.log.repack(this.#random.below(20), (position) => this.#holderOf(position));
  }

  /** what is wrong; undefined: nothing */
  fault(): string | undefined {
    const wanted = this.#all
      .filter(({ modRevision }) => modRevision >= this.#first)
      .map(shown)
      .join(' ');
    if (historyOf(this.log, this.#first) !== wanted) return 'the history differs';
    for (const [name, held] of this.#held) {
      const entry = this.#entries.get(name)!;
      const found = Array.from({ length: entry.count }, (_, i) => shown(this.log.read(entry.at(i))));
      if (found.join() !== held.map(shown).join())
        return `${name} holds ${found.join()}, not ${held.map(shown).join()}`;
    }
    return undefined;
  }

  /** once all is repacked, settled segments but the one that takes what moves are at least a quarter live */
  settle(): { records: number; live: number } {
    while (this.log.repackPending) this.log.repack(7, (position) => this.#holderOf(position));
    const settled = this.log.segments.filter((segment) => segment.settled);
    const sum = (of: 'count' | 'live'): number => settled.reduce((all, segment) => all + segment[of], 0);
    return { records: sum('count'), live: sum('live') };
  }

  #append(): void {
    this.#revision++;
    for (let sub = 0; sub <= this.#random.below(3); sub++) {
      // most changes are of few keys
      const name = `k${this.#random.below(this.#random.below(2) === 0 ? 3 : 60)}`;
      const value = 'v'.repeat(this.#random.below(20) === 0 ? 400 : this.#random.below(30));
      const added = record(this.#revision, name, value, { sub });
      this.#all.push(added);
      const entry = this.#entries.get(name);
      const position = this.log.append(added, entry?.last ?? noPosition);
      if (entry === undefined) this.#entries.set(name, new KeyEntry(name, position));
      else entry.add(position);
      this.#held.set(name, [...(this.#held.get(name) ?? []), added]);
    }
  }

  #compact(): void {
    this.#first = Math.min(this.#revision, this.#first + this.#random.below(30));
    for (const [name, held] of this.#held) {
      while (held[1] !== undefined && held[1].modRevision <= this.#first) {
        held.shift();
        this.log.drop(this.#entries.get(name)!.dropOldest());
      }
    }
    this.log.settleBefore(this.#first);
    this.#all = this.#all.filter(({ modRevision }) => modRevision >= this.#first);
  }

  #holderOf(position: Position): KeyEntry | undefined {
    const entry = this.#entries.get(keyName(this.log.key(position)));
    return entry?.oldest === position ? entry : undefined;
  }
}

void t.test('history and keys read what was put, however it is compacted and repacked', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const model = new LogModel(seed);
    for (let i = 0; i < 600; i++) {
      model.step();
      const fault = i % 7 === 0 ? model.fault() : undefined;
      if (fault !== undefined) t.fail(`seed ${seed}, step ${i}: ${fault}`);
    }
    const { records, live } = model.settle();
    t.ok(live > 0 && live * 4 >= records, `seed ${seed}: ${live} of ${records} settled records are live`);
    t.equal(model.fault(), undefined, `seed ${seed}`);
  }
  t.end();
});
