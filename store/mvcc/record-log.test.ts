import t from 'tap';
import { seededRandom } from '../../base/random.ts';
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
  segment.append(record(2, 'x', 'a'), -1, -1);
  segment.append(record(3, 'y', 'bb'), -1, -1);
  t.equal(segment.append(third, 0, 0), 2);
  t.equal(segment.usedBytes, 6);
  t.same(
    [0, 1, 2].map((slot) => shown(segment.read(slot))),
    ['2xa', '3ybb', '4xc'],
  );
  t.same(segment.read(2), third);
  t.same(
    [0, 1, 2].map((slot) => [segment.first(slot), segment.previous(slot)]),
    [
      [0, -1],
      [1, -1],
      [0, 0],
    ],
  );
  t.ok(segment.compareKey(0, 'y') < 0 && segment.compareKey(2, 'x') === 0 && segment.compareKey(2, '') > 0);
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

/** A key, and where its records are, oldest first. */
class Held {
  readonly positions: Position[] = [];
  readonly #log: RecordLog;
  readonly #key: string;
  constructor(log: RecordLog, key: string) {
    this.#log = log;
    this.#key = key;
  }
  put(modRevision: number, value = '', more: Partial<StoredValue> = {}): void {
    const previous = this.positions.at(-1) ?? noPosition;
    this.positions.push(this.#log.append(record(modRevision, this.#key, value, more), previous));
  }
  dropOldest(): void {
    const next = this.positions[1];
    if (next !== undefined) this.#log.forgetPrevious(next);
    this.#log.drop(this.positions.shift()!);
  }
  moved(from: Position, to: Position): void {
    const place = this.positions.indexOf(from);
    if (place < 0) throw new Error('what nobody has is not moved');
    this.positions[place] = to;
    const next = this.positions[place + 1];
    if (next !== undefined) this.#log.setPrevious(next, to);
  }
  /** oldest first, as the log knows them */
  get chain(): Position[] {
    const chain: Position[] = [];
    for (let at = this.positions.at(-1) ?? noPosition; at !== noPosition; at = this.#log.previous(at)) chain.push(at);
    return chain.reverse();
  }
}

/** The example of record-log.ts. */
function example(): { log: RecordLog; x: Held; y: Held } {
  const log = new RecordLog(pairs);
  const [x, y] = [new Held(log, 'x'), new Held(log, 'y')];
  x.put(2);
  y.put(3);
  x.put(4);
  y.put(5, '', { version: 0 });
  x.put(6);
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
    for (const held of [x, y]) held.dropOldest();
    log.settleBefore(5);
    t.same([historyOf(log, 5), layout(log)], ['5y† 6x', ['2/2', '1/1']]);
    const z = new Held(log, 'z');
    z.put(7);
    z.put(8);
    for (const held of [x, y, z]) held.dropOldest();
    log.settleBefore(8);
    t.same([historyOf(log, 8), layout(log).sort()], ['8z', ['1/1', '1/2 settled']]);
    t.equal(shown(log.read(x.positions[0]!)), '6x');
    t.equal(log.repackPending, false, 'half of it is live');
    t.end();
  },
);

void t.test('an old record does not keep the memory of its neighbours: it moves', (t) => {
  const log = new RecordLog({ slotsMin: 8, slotsMax: 8, bytesMin: 64, bytesMax: 64 });
  const [old, hot] = [new Held(log, 'a'), new Held(log, 'b')];
  old.put(2, 'v');
  for (let revision = 3; revision < 12; revision++) hot.put(revision);
  while (hot.positions.length > 1) hot.dropOldest();
  const before = log.read(old.positions[0]!);
  log.settleBefore(11);
  t.same([layout(log), log.repackPending], [['1/8 settled', '1/2'], true]);
  t.equal(log.repack(0, old), 0);
  t.equal(log.repack(10, old), 1, 'it is the first that is looked at, and the last that is live');
  t.same([layout(log).sort(), log.repackPending], [['1/1', '1/2'], false]);
  t.same(
    [shown(log.read(old.positions[0]!)), shown(before)],
    ['2av', '2av'],
    'what was read before the move is still there',
  );
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
  readonly #keys = new Map<string, Held>();
  /** what each key has, oldest first */
  readonly #wanted = new Map<string, StoredValue[]>();
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
    else this.log.repack(this.#random.below(20), this);
  }

  moved(from: Position, to: Position): void {
    this.#keys.get(this.log.name(from))!.moved(from, to);
  }

  /** what is wrong; undefined: nothing */
  fault(): string | undefined {
    const wanted = this.#all
      .filter(({ modRevision }) => modRevision >= this.#first)
      .map(shown)
      .join(' ');
    if (historyOf(this.log, this.#first) !== wanted) return 'the history differs';
    for (const [name, records] of this.#wanted) {
      const found = this.#keys.get(name)!.chain.map((position) => shown(this.log.read(position)));
      if (found.join() !== records.map(shown).join())
        return `${name} has ${found.join()}, not ${records.map(shown).join()}`;
    }
    return undefined;
  }

  /** once all is repacked, settled segments but the one that takes what moves are at least a quarter live */
  settle(): { records: number; live: number } {
    while (this.log.repackPending) this.log.repack(7, this);
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
      if (!this.#keys.has(name)) this.#keys.set(name, new Held(this.log, name));
      this.#keys.get(name)!.put(this.#revision, value, { sub });
      this.#wanted.set(name, [...(this.#wanted.get(name) ?? []), added]);
    }
  }

  #compact(): void {
    this.#first = Math.min(this.#revision, this.#first + this.#random.below(30));
    for (const [name, records] of this.#wanted) {
      while (records[1] !== undefined && records[1].modRevision <= this.#first) {
        records.shift();
        this.#keys.get(name)!.dropOldest();
      }
    }
    this.log.settleBefore(this.#first);
    this.#all = this.#all.filter(({ modRevision }) => modRevision >= this.#first);
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
