import t from 'tap';
import { EventQueue, Life } from './event-queue.ts';

const runAll = (queue: EventQueue): void => {
  while (queue.step(Infinity)) continue;
};

void t.test('events happen in the order of their times, and of their planning where those are equal', (t) => {
  const queue = new EventQueue();
  const seen: string[] = [];
  const note = (name: string) => (): void => void seen.push(`${name}@${queue.timeUs}`);
  queue.plan(30, undefined, note('late'));
  queue.plan(10, undefined, () => {
    note('first')();
    queue.plan(0, undefined, note('now'));
    queue.plan(20, undefined, note('late too'));
  });
  queue.plan(10, undefined, note('second'));
  queue.plan(0.2, undefined, note('rounded up'));
  queue.plan(10, undefined, note('cancelled')).action = undefined;
  runAll(queue);
  t.same(seen, ['rounded up@1', 'first@10', 'second@10', 'now@10', 'late@30', 'late too@30']);
  t.equal(queue.eventsRun, 6);
  t.end();
});

void t.test('step: stops before the first event that is too late, and it is that time then', (t) => {
  const queue = new EventQueue();
  queue.plan(100, undefined, () => {});
  t.notOk(queue.step(99));
  t.equal(queue.timeUs, 99);
  t.ok(queue.step(100));
  t.notOk(queue.step(500));
  t.equal(queue.timeUs, 500);
  t.end();
});

void t.test('many events come out sorted', (t) => {
  const queue = new EventQueue();
  const times: number[] = [];
  for (let i = 0; i < 2000; i++) queue.plan((i * 7919) % 1009, undefined, () => void times.push(queue.timeUs));
  runAll(queue);
  t.same(
    times,
    [...times].sort((a, b) => a - b),
  );
  t.equal(times.length, 2000);
  t.end();
});

void t.test('life: what is bound to it waits while it is paused, and is gone when it has ended', (t) => {
  const queue = new EventQueue();
  const life = new Life(queue);
  const seen: string[] = [];
  const note = (name: string) => (): void => void seen.push(`${name}@${queue.timeUs}`);
  queue.plan(10, life, note('a'));
  const cancelled = queue.plan(15, life, note('cancelled while it waited'));
  queue.plan(20, life, note('b'));
  queue.plan(20, undefined, note('another'));
  queue.plan(60, life, note('c'));
  life.pause();
  while (queue.step(50)) continue;
  t.same(seen, ['another@20']);
  cancelled.action = undefined;
  life.resume();
  while (queue.step(55)) continue;
  t.same(seen, ['another@20', 'a@50', 'b@50'], 'all at once, in order');
  life.end();
  runAll(queue);
  t.equal(seen.length, 3);
  t.end();
});
