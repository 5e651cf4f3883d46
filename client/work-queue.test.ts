import t from 'tap';
import { sleep } from '../base/clock.ts';
import { eventually } from './testing/eventually.ts';
import { WorkQueue } from './work-queue.ts';

void t.test('work queue hands out a key once however often it was added', async (test) => {
  const queue = new WorkQueue({ name: 'test' });
  const seen: string[] = [];
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
  test.equal(queue.depth, 2);
  queue.start(async (key) => void seen.push(key));
  await eventually('idle', () => queue.isIdle);
  test.same(seen, ['a', 'b']);
  await queue.stop();
});

void t.test(
  'work queue looks again at a key that was added while a worker had it, never twice at once',
  async (test) => {
    const queue = new WorkQueue({ name: 'test', workers: 4 });
    let running = 0;
    let most = 0;
    let runs = 0;
    queue.start(async () => {
      most = Math.max(most, ++running);
      if (runs++ === 0) {
        queue.add('a');
        queue.add('a');
      }
      await sleep(10);
      running--;
    });
    queue.add('a');
    await eventually('idle', () => queue.isIdle);
    test.equal(runs, 2);
    test.equal(most, 1);
    await queue.stop();
  },
);

void t.test('work queue runs no more than its workers at once', async (test) => {
  const queue = new WorkQueue({ name: 'test', workers: 3 });
  let running = 0;
  let most = 0;
  queue.start(async () => {
    most = Math.max(most, ++running);
    await sleep(2);
    running--;
  });
  for (let i = 0; i < 20; i++) queue.add(String(i));
  await eventually('idle', () => queue.isIdle);
  test.equal(most, 3);
  await queue.stop();
});

void t.test('work queue retries a failed key with growing delays and forgets after success', async (test) => {
  const retried: string[] = [];
  const queue = new WorkQueue({ name: 'q', baseDelayMs: 1, metrics: { retried: (name) => retried.push(name) } });
  let runs = 0;
  queue.start(async () => {
    if (++runs < 4) throw new Error('not yet');
  });
  queue.add('a');
  await eventually('success', () => runs === 4 && queue.isIdle);
  test.equal(queue.failuresOf('a'), 0);
  test.same(retried, ['q', 'q', 'q']);
  await queue.stop();
});

void t.test('work queue lets the earliest of several delays count', async (test) => {
  const queue = new WorkQueue({ name: 'test' });
  const seen: string[] = [];
  queue.start(async (key) => void seen.push(key));
  queue.addAfter('a', 60_000);
  queue.addAfter('a', 5);
  queue.addAfter('a', 60_000);
  await eventually('a', () => seen.length === 1);
  test.ok(queue.isIdle);
  await queue.stop();
});

void t.test('stop waits for workers, drops what waits and takes nothing more', async (test) => {
  const queue = new WorkQueue({ name: 'test', workers: 1 });
  const done: string[] = [];
  queue.start(async (key) => {
    await sleep(20);
    done.push(key);
  });
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 1);
  await queue.stop();
  queue.add('d');
  test.same(done, ['a']);
  test.ok(queue.isIdle);
});
