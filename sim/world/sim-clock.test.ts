import t from 'tap';
import { EventQueue, Life } from './event-queue.ts';
import { MachineClock } from './sim-clock.ts';
import { randomStream } from './sim-random.ts';

function machine(turnUsMax = 0) {
  const queue = new EventQueue();
  const life = new Life(queue);
  const control = new MachineClock(queue, randomStream(1, 'clock'), turnUsMax);
  const runTo = (ms: number): void => {
    while (queue.step(ms * 1000)) continue;
  };
  return { queue, life, control, clock: control.of(life), runTo };
}

void t.test('a clock that drifts: its timers come earlier, and it measures more', (t) => {
  const { queue, control, clock, runTo } = machine();
  control.setDrift(100_000);
  const startMs = clock.monotonicMs();
  let firedMs = 0;
  clock.after(1100, () => (firedMs = queue.timeUs / 1000));
  runTo(2000);
  t.equal(Math.round(firedMs), 1000);
  t.equal(Math.round(clock.monotonicMs() - startMs), 2200);
  control.setDrift(0);
  const nowMs = clock.monotonicMs();
  runTo(2500);
  t.equal(Math.round(clock.monotonicMs() - nowMs), 500, 'a new rate counts from when it is set');
  t.end();
});

void t.test('a jump moves the wall clock and nothing else', (t) => {
  const { control, clock } = machine();
  const [wall, monotonic] = [clock.nowMs(), clock.monotonicMs()];
  control.jump(-60_000);
  t.equal(clock.nowMs() - wall, -60_000);
  t.equal(clock.monotonicMs(), monotonic);
  t.end();
});

void t.test('every: once after a pause, however long; never after it was cancelled', (t) => {
  const { life, clock, runTo } = machine();
  let count = 0;
  const cancel = clock.every(10, () => count++);
  runTo(35);
  t.equal(count, 3);
  life.pause();
  runTo(1000);
  t.equal(count, 3);
  life.resume();
  runTo(1001);
  t.equal(count, 4);
  runTo(1012);
  t.equal(count, 5);
  cancel();
  runTo(2000);
  t.equal(count, 5);
  t.end();
});

void t.test('soon: in order, also where turns take a while', (t) => {
  const { queue, clock, runTo } = machine(1000);
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) clock.soon(() => void seen.push(i));
  queue.plan(1, undefined, () => clock.soon(() => void seen.push(5)));
  runTo(10);
  t.same(seen, [0, 1, 2, 3, 4, 5]);
  t.end();
});
