import t from 'tap';
import { judge } from './verdict.ts';
import type { Verdict } from './verdict.ts';

const at = (id: string, hash: number, revision = 5, compactRevision = 2) => ({ id, hash, revision, compactRevision });

const cases: readonly [string, ReturnType<typeof at>[], number, Verdict][] = [
  ['all the same', [at('a', 7), at('b', 7), at('c', 7)], 3, { kind: 'same', checked: 3 }],
  ['one is silent', [at('a', 7), at('b', 7)], 3, { kind: 'same', checked: 2 }],
  ['nobody answers', [at('a', 7)], 3, { kind: 'same', checked: 1 }],
  ['one of three differs', [at('a', 7), at('b', 7), at('c', 9)], 3, { kind: 'odd', members: ['c'] }],
  ['the one that asks differs', [at('a', 9), at('b', 7), at('c', 7)], 3, { kind: 'odd', members: ['a'] }],
  [
    'two of five differ',
    [at('a', 7), at('b', 8), at('c', 7), at('d', 9), at('e', 7)],
    5,
    { kind: 'odd', members: ['b', 'd'] },
  ],
  ['three ways', [at('a', 7), at('b', 8), at('c', 9)], 3, { kind: 'split', groups: [['a'], ['b'], ['c']] }],
  ['one differs, one is silent', [at('a', 7), at('b', 9)], 3, { kind: 'split', groups: [['a'], ['b']] }],
  ['two members', [at('a', 7), at('b', 9)], 2, { kind: 'split', groups: [['a'], ['b']] }],
  ['one has compacted further', [at('a', 7), at('b', 7), at('c', 9, 5, 4)], 3, { kind: 'same', checked: 2 }],
  ['one is of another revision', [at('a', 7), at('b', 7), at('c', 9, 4)], 3, { kind: 'same', checked: 2 }],
];

void t.test('judge: a majority tells who is odd, and answers that cannot be compared do not count', (t) => {
  for (const [name, [own, ...answers], count, expected] of cases) t.same(judge(own!, answers, count), expected, name);
  t.end();
});
