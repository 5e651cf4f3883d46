import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { checkLinearizability } from './linearizability.ts';
import type { Model, Timed } from './linearizability.ts';
import { joined } from './partition.ts';

type Key = string;
interface RegisterOp {
  readonly key: Key;
  readonly write?: number;
  readonly read?: number;
}
/** Registers that start at 0; several in one state, so that partitioning makes a difference. */
const registers: Model<ReadonlyMap<Key, number>, RegisterOp> = {
  init: () => new Map(),
  step: (state, { key, write, read }) => {
    if (write !== undefined) return new Map(state).set(key, write);
    return (state.get(key) ?? 0) === read ? state : undefined;
  },
  hash: (state) =>
    [...state]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .reduce((sum, [key, value]) => sum * 31 + value * 7 + key.charCodeAt(0), 7) %
    2 ** 40,
};
const parted: typeof registers = {
  ...registers,
  partition: (operations) => joined(operations, ({ op }) => ({ keys: [op.key] })),
};

const w = (key: Key, write: number, call: number, end?: number): Timed<RegisterOp> => ({
  op: { key, write },
  call,
  return: end,
});
const r = (key: Key, read: number, call: number, end?: number): Timed<RegisterOp> => ({
  op: { key, read },
  call,
  return: end,
});

const cases: Readonly<Record<string, { operations: Timed<RegisterOp>[]; verdict: 'ok' | 'violation' }>> = {
  'nothing at all': { operations: [], verdict: 'ok' },
  'a read during a write may see either': {
    operations: [w('x', 1, 0, 10), r('x', 0, 2, 4), r('x', 1, 5, 7)],
    verdict: 'ok',
  },
  'a read may not go back': { operations: [w('x', 1, 0, 10), r('x', 1, 2, 4), r('x', 0, 5, 7)], verdict: 'violation' },
  'stale read': { operations: [w('x', 1, 0, 1), w('x', 2, 2, 3), r('x', 1, 4, 5)], verdict: 'violation' },
  'operations that touch in time are concurrent': { operations: [w('x', 1, 0, 5), r('x', 0, 5, 6)], verdict: 'ok' },
  'an unanswered write may take effect late': {
    operations: [w('x', 1, 0), r('x', 0, 5, 6), r('x', 1, 7, 8)],
    verdict: 'ok',
  },
  'an unanswered write may never take effect': { operations: [w('x', 1, 0), r('x', 0, 5, 6)], verdict: 'ok' },
  'an unanswered write takes effect once': {
    operations: [w('x', 1, 0), r('x', 1, 1, 2), w('x', 2, 3, 4), r('x', 2, 5, 6), r('x', 1, 7, 8)],
    verdict: 'violation',
  },
  'an unanswered write takes no effect before its call': {
    operations: [r('x', 1, 1, 2), w('x', 1, 3)],
    verdict: 'violation',
  },
  'two registers that swap (Herlihy and Wing)': {
    operations: [w('x', 1, 0, 3), w('y', 1, 1, 2), r('y', 1, 4, 5), r('x', 0, 4, 5)],
    verdict: 'violation',
  },
};

void t.test('checkLinearizability on histories of registers', (t) => {
  for (const [name, { operations, verdict }] of Object.entries(cases)) {
    t.equal(checkLinearizability(registers, operations).verdict, verdict, name);
    t.equal(checkLinearizability(parted, operations).verdict, verdict, `${name}, partitioned`);
  }
  t.end();
});

/** Every order is tried, without any cleverness. */
function bruteForce(operations: readonly Timed<RegisterOp>[]): boolean {
  const search = (state: ReadonlyMap<Key, number>, left: readonly Timed<RegisterOp>[]): boolean => {
    if (left.every((operation) => operation.return === undefined)) return true;
    return left.some((operation) => {
      if (left.some((other) => other.return !== undefined && other.return < operation.call)) return false;
      const next = registers.step(state, operation.op);
      return (
        next !== undefined &&
        search(
          next,
          left.filter((other) => other !== operation),
        )
      );
    });
  };
  return search(registers.init(), operations);
}

void t.test('checkLinearizability agrees with trying every order on 3000 random histories', (t) => {
  const counts = { ok: 0, violation: 0, unknown: 0 };
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seededRandom(seed);
    const operations = Array.from({ length: 6 }, () => {
      const [key, call] = [random.below(2) === 0 ? 'x' : 'y', random.below(12)];
      const end = random.below(6) === 0 ? undefined : call + random.below(8);
      return random.below(2) === 0 ? w(key, 1 + random.below(2), call, end) : r(key, random.below(3), call, end);
    });
    const should = bruteForce(operations) ? 'ok' : 'violation';
    const { verdict } = checkLinearizability(registers, operations);
    counts[verdict]++;
    if (verdict !== should) t.equal(verdict, should, `seed ${seed}: ${JSON.stringify(operations)}`);
    const apart = checkLinearizability(parted, operations).verdict;
    if (apart !== should) t.equal(apart, should, `seed ${seed}, partitioned: ${JSON.stringify(operations)}`);
  }
  t.ok(counts.ok > 300 && counts.violation > 300, JSON.stringify(counts));
  t.end();
});

void t.test('checkLinearizability names the longest order and what cannot follow it', (t) => {
  const verdict = checkLinearizability(registers, cases['stale read']!.operations);
  if (verdict.verdict !== 'violation') throw new Error(verdict.verdict);
  t.same(verdict.linearized, [
    { key: 'x', write: 1 },
    { key: 'x', write: 2 },
  ]);
  t.same(verdict.stuck, [{ key: 'x', read: 1 }]);
  t.end();
});

void t.test('checkLinearizability gives up beyond its budget and says so', (t) => {
  const operations = Array.from({ length: 14 }, (_, i) => w('x', i + 1, 0, 100));
  operations.push(r('x', 99, 101, 102));
  t.equal(checkLinearizability(registers, operations, { stepsMax: 500 }).verdict, 'unknown');
  t.end();
});

void t.test('joined puts operations together that share keys, through others too', (t) => {
  const groups = joined(
    [['a'], ['b'], ['c', 'b'], ['d'], ['a']].map((keys) => keys),
    (keys) => ({ keys }),
  );
  t.same(groups, [[['a'], ['a']], [['b'], ['c', 'b']], [['d']]]);
  const ranged = joined(
    [{ keys: ['a'] }, { keys: ['c'] }, { keys: [], ranges: [['b', 'd'] as const] }, { keys: ['x'] }],
    (x) => x,
  );
  t.equal(ranged.length, 3, 'a range joins the keys in it');
  t.end();
});
