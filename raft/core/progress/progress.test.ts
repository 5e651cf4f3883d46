import t from 'tap';
import { Inflights } from './inflights.ts';
import { Progress } from './progress.ts';

const progress = (next: number, maxMessages = 2): Progress => new Progress(next, new Inflights(maxMessages, 0), false);

void t.test('Inflights is full by count or by bytes, and freed up to the acknowledged index', (t) => {
  const window = new Inflights(3, 100);
  window.add(5, 60);
  t.notOk(window.full);
  window.add(7, 60);
  t.ok(window.full, 'by bytes: the message that reaches the bound still passes');
  window.freeTo(4);
  t.equal(window.count, 2);
  window.freeTo(6);
  t.equal(window.count, 1, '6 covers the message that ends at 5');
  window.add(8, 1);
  window.add(9, 1);
  t.ok(window.full, 'by count');
  window.freeTo(9);
  t.equal(window.count, 0);
  t.end();
});

void t.test('probe pauses after each append until an answer or a heartbeat', (t) => {
  const p = progress(5);
  p.sentEntries(1, 10);
  t.ok(p.isPaused);
  t.equal(p.next, 5, 'a probe is not optimistic');
  p.resume();
  t.notOk(p.isPaused);
  p.sentEntries(0, 0);
  t.ok(p.isPaused, 'an empty one too');
  t.ok(p.maybeUpdate(5));
  t.notOk(p.isPaused);
  t.same([p.match, p.next], [5, 6]);
  t.end();
});

void t.test('replicate runs ahead until the window is full', (t) => {
  const p = progress(5);
  p.becomeReplicate();
  p.next = 5;
  p.sentEntries(2, 10);
  t.equal(p.next, 7);
  t.notOk(p.isPaused);
  p.sentEntries(1, 10);
  t.ok(p.isPaused);
  t.end();
});

void t.test('maybeDecreaseTo follows the hint, and ignores answers that are out of date', (t) => {
  type Case = [
    name: string,
    state: 'probe' | 'replicate',
    match: number,
    next: number,
    rejected: number,
    hint: number,
    ok: boolean,
    next2: number,
  ];
  const cases: Case[] = [
    ['replicate, old answer', 'replicate', 5, 10, 5, 5, false, 10],
    ['replicate goes back to what is known', 'replicate', 5, 10, 9, 7, true, 6],
    ['probe, another append refused', 'probe', 0, 10, 8, 3, false, 10],
    ['probe to the hint', 'probe', 0, 10, 9, 3, true, 4],
    ['a hint beyond what was refused', 'probe', 0, 10, 9, 20, true, 9],
    ['never behind the match', 'probe', 5, 10, 9, 2, true, 6],
    ['to the beginning', 'probe', 0, 2, 1, 0, true, 1],
  ];
  for (const [name, state, match, next, rejected, hint, ok, next2] of cases) {
    const p = progress(next);
    if (state === 'replicate') p.becomeReplicate();
    p.match = match;
    p.next = next;
    t.equal(p.maybeDecreaseTo(rejected, hint), ok, name);
    t.equal(p.next, next2, name);
  }
  t.end();
});

void t.test('after a snapshot the probe starts behind it, after a failed one at the match', (t) => {
  for (const [outcome, next] of [
    ['finished', 21],
    ['failed', 4],
  ] as const) {
    const p = progress(5);
    p.match = 3;
    p.becomeSnapshot(20);
    t.ok(p.isPaused);
    p.snapshotReported(outcome);
    t.equal(p.state, 'probe');
    t.equal(p.next, next, outcome);
    t.ok(p.isPaused, 'until a sign of life');
  }
  t.end();
});
