import t from 'tap';
import { keyBytes } from '../mvcc/key-name.ts';
import { PermittedRanges } from './permitted-ranges.ts';

const noEnd = new Uint8Array(0);
/** `a` the key, `a-c` [a, c), `a-` all from a on */
function rangeOf(text: string): { key: Uint8Array; rangeEnd: Uint8Array } {
  const [from = '', to] = text.split('-');
  return { key: keyBytes(from), rangeEnd: to === undefined ? noEnd : keyBytes(to === '' ? '\0' : to) };
}

const cases: readonly { name: string; granted: string; covered: string; not: string }[] = [
  { name: 'nothing', granted: '', covered: '', not: 'a a-b a- \0-' },
  { name: 'one key', granted: 'b', covered: 'b b-b\0', not: 'a c b\0 b-c a-c b-' },
  { name: 'one range', granted: 'a-c', covered: 'a b b\0x a-b a-c b-c', not: 'c 0 a-d 0-b a- c-d c-c\0' },
  { name: 'two that touch', granted: 'b-c a-b', covered: 'a-c a b', not: 'c a-c\0' },
  { name: 'two that overlap', granted: 'a-d b-f', covered: 'a-f c-e', not: 'a-g' },
  { name: 'one inside another', granted: 'a-f b-c', covered: 'a-f d-e', not: 'a-g' },
  { name: 'a gap', granted: 'a-b c-d', covered: 'a-b c-d', not: 'a-d b a-c\0' },
  { name: 'a key and the range behind it', granted: 'a a\0-c', covered: 'a-c', not: 'a-d' },
  { name: 'open-ended', granted: 'm-', covered: 'm m- n-z z- x-\xff\xff', not: 'l- l-n a' },
  { name: 'up to where an open-ended one begins', granted: 'a-m m-', covered: 'a- b-z', not: '0-' },
  { name: 'everything', granted: '\0-', covered: '\0- a a- \0-z', not: '' },
  { name: 'a bound inside a byte sequence', granted: 'k/-k0', covered: 'k/ k/a k/-k0 k/a-k/b', not: 'k k0 k-k0 k/-k1' },
];

for (const { name, granted, covered, not } of cases) {
  void t.test(`the union of ranges: ${name}`, (t) => {
    const ranges = new PermittedRanges(granted.split(' ').filter(Boolean).map(rangeOf));
    for (const text of covered.split(' ').filter(Boolean)) {
      const { key, rangeEnd } = rangeOf(text);
      t.ok(ranges.cover(key, rangeEnd), `${JSON.stringify(text)} is covered`);
    }
    for (const text of not.split(' ').filter(Boolean)) {
      const { key, rangeEnd } = rangeOf(text);
      t.notOk(ranges.cover(key, rangeEnd), `${JSON.stringify(text)} is not`);
    }
    t.end();
  });
}

void t.test('the union of ranges agrees with looking at each key', (t) => {
  const letters = ['a', 'b', 'c', 'd', 'e', 'f'];
  const all: string[] = [];
  for (const from of letters) for (const to of [...letters, 'g']) if (from < to) all.push(`${from}-${to}`);
  for (const [i, first] of all.entries()) {
    for (const second of all.slice(i)) {
      const ranges = new PermittedRanges([rangeOf(first), rangeOf(second)]);
      const holds = (key: string): boolean =>
        [first, second].some((range) => key >= range.slice(0, 1) && key < range.slice(2));
      for (const asked of all) {
        const keys = [...letters].filter((key) => key >= asked.slice(0, 1) && key < asked.slice(2));
        const { key, rangeEnd } = rangeOf(asked);
        const wanted = keys.every(holds);
        if (ranges.cover(key, rangeEnd) !== wanted) t.fail(`${first} and ${second}: ${asked} should be ${wanted}`);
      }
    }
  }
  t.end();
});
