import t from 'tap';
import { Sessions, sessionWindow } from './sessions.ts';

void t.test('admit takes each entry once, in whatever order they come', (t) => {
  const sessions = new Sessions();
  const taken = [1, 3, 2, 3, 1, 5, 4, 5].map((sequence) => sessions.admit('a', sequence, 10));
  t.same(taken, [true, true, true, false, false, true, true, false]);
  t.same(sessions.record('a'), { low: 5, above: [], last: 10 });
  t.ok(sessions.admit('b', 1, 11), 'each session for itself');
  t.end();
});

void t.test('what is overtaken by more than the window is never applied', (t) => {
  const sessions = new Sessions();
  t.ok(sessions.admit('a', sessionWindow + 10, 1));
  t.notOk(sessions.admit('a', 10, 2));
  t.ok(sessions.admit('a', 11, 3));
  t.end();
});

void t.test('a record loaded again decides as before; the sessions unused for longest are forgotten', (t) => {
  const sessions = new Sessions();
  for (const sequence of [1, 2, 7]) sessions.admit('a', sequence, sequence);
  const other = new Sessions();
  other.load('a', sessions.record('a')!);
  t.same(
    [2, 3, 7].map((sequence) => other.admit('a', sequence, 9)),
    [false, true, false],
  );
  for (let i = 0; i < 64; i++) other.admit(`s${i}`, 1, 100 + i);
  t.same(other.prune(), ['a']);
  t.end();
});
