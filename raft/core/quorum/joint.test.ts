import t from 'tap';
import { jointIndex, jointVote } from './joint.ts';
import { majorityIndex, majorityVote } from './majority.ts';

const set = (ids: string): ReadonlySet<string> => new Set(ids);

void t.test('majorityIndex is the largest index that a majority has', (t) => {
  const cases: [name: string, acked: number[], expected: number][] = [
    ['one', [7], 7],
    ['two: both', [7, 5], 5],
    ['three: two', [7, 5, 3], 5],
    ['four: three', [7, 5, 3, 1], 3],
    ['five: three', [9, 7, 4, 2, 0], 4],
    ['in any order', [0, 9, 4, 2, 7], 4],
  ];
  for (const [name, acked, expected] of cases) {
    const ids = new Set(acked.map((_, i) => String(i)));
    t.equal(
      majorityIndex(ids, (id) => acked[Number(id)]!),
      expected,
      name,
    );
  }
  t.equal(
    majorityIndex(new Set(), () => 0),
    Number.MAX_SAFE_INTEGER,
    'nobody: agrees to all',
  );
  t.end();
});

void t.test('a vote is won by a majority, lost when none can be reached, else pending', (t) => {
  const vote = (answer: string | undefined): boolean | undefined => (answer === '?' ? undefined : answer === 'y');
  const cases: [answers: string, expected: string][] = [
    ['y', 'won'],
    ['?', 'pending'],
    ['n', 'lost'],
    ['yy', 'won'],
    ['y?', 'pending'],
    ['yn', 'lost'],
    ['yy?', 'won'],
    ['yn?', 'pending'],
    ['nn?', 'lost'],
    ['yynn', 'lost'],
    ['yyn??', 'pending'],
    ['', 'won'],
  ];
  for (const [answers, expected] of cases) {
    const ids = new Set(Array.from(answers, (_, i) => String(i)));
    t.equal(
      majorityVote(ids, (id) => vote(answers[Number(id)])),
      expected,
      answers,
    );
  }
  t.end();
});

void t.test('a joint configuration needs both majorities', (t) => {
  const voters = { incoming: set('abc'), outgoing: set('cde') };
  const acked: Record<string, number> = { a: 9, b: 9, c: 4, d: 3, e: 1 };
  t.equal(
    jointIndex(voters, (id) => acked[id]!),
    3,
  );
  t.equal(
    jointIndex({ incoming: set('abc'), outgoing: set('') }, (id) => acked[id]!),
    9,
  );
  const result = (granted: string, refused: string): string =>
    jointVote(voters, (id) => (granted.includes(id) ? true : refused.includes(id) ? false : undefined));
  t.equal(result('ab', ''), 'pending');
  t.equal(result('abcd', ''), 'won');
  t.equal(result('ab', 'de'), 'lost');
  t.equal(result('ac', 'd'), 'pending');
  t.end();
});
