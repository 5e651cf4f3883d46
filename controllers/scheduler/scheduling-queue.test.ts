import t from 'tap';
import type { Pod, PodSpec } from '../../api/types/core-v1.ts';
import { Heap } from './heap.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

const pod = (name: string, spec: Partial<PodSpec> = {}): Pod => ({
  metadata: { name, uid: name, namespace: 'default' },
  spec: { containers: [], ...spec },
});
const popped = (queue: SchedulingQueue, nowMs: number): string | undefined => queue.pop(nowMs)?.metadata?.name;

void t.test('the heap gives its items in order', (t) => {
  const heap = new Heap<number>((a, b) => a < b);
  for (const n of [5, 3, 8, 1, 9, 2, 2]) heap.push(n);
  const out: (number | undefined)[] = [];
  while (heap.size > 0) out.push(heap.pop());
  t.same(out, [1, 2, 2, 3, 5, 8, 9]);
  t.equal(heap.pop(), undefined);
  t.end();
});

void t.test('pop takes the highest priority first, then the oldest', (t) => {
  const queue = new SchedulingQueue();
  queue.set(pod('old'), 1);
  queue.set(pod('new'), 2);
  queue.set(pod('urgent', { priority: 10 }), 3);
  t.same([popped(queue, 4), popped(queue, 4), popped(queue, 4), popped(queue, 4)], ['urgent', 'old', 'new', undefined]);
  t.end();
});

void t.test('a gated pod waits until its gates are gone', (t) => {
  const queue = new SchedulingQueue();
  queue.set(pod('a', { schedulingGates: [{ name: 'g' }] }), 0);
  t.equal(popped(queue, 1), undefined);
  queue.set(pod('a'), 2);
  t.equal(popped(queue, 2), 'a');
  t.end();
});

void t.test('an unschedulable pod is woken by a change that may help, after its backoff', (t) => {
  const queue = new SchedulingQueue();
  queue.set(pod('a'), 0);
  t.equal(popped(queue, 0), 'a');
  queue.unschedulable('a', new Set(['pod-removed']), 0);
  queue.changed('pod-added', 100);
  t.equal(queue.nextAtMs(), undefined, 'that change does not help');
  queue.changed('pod-removed', 200);
  t.equal(popped(queue, 999), undefined);
  t.equal(queue.nextAtMs(), 1000);
  t.equal(popped(queue, 1000), 'a');
  queue.unschedulable('a', new Set(['pod-removed']), 1000);
  queue.changed('pod-removed', 1001);
  t.equal(queue.nextAtMs(), 3000, 'the backoff doubles');
  t.end();
});

void t.test('a change during the attempt is not missed', (t) => {
  const queue = new SchedulingQueue();
  queue.set(pod('a'), 0);
  popped(queue, 0);
  queue.changed('node-added', 1);
  queue.unschedulable('a', new Set(['node-added']), 2);
  t.equal(queue.nextAtMs(), 1002);
  t.end();
});

void t.test('a removed pod is not given out any more', (t) => {
  const queue = new SchedulingQueue();
  queue.set(pod('a'), 0);
  queue.remove('a');
  t.equal(popped(queue, 0), undefined);
  queue.set(pod('a'), 1);
  t.equal(popped(queue, 1), 'a', 'and one of that uid that comes again is');
  queue.remove('a');
  queue.retry('a', 2);
  t.same(queue.counts(), { active: 0, backoff: 0, unschedulable: 0 });
  t.end();
});

void t.test('pods that nothing woke are tried again after five minutes', (t) => {
  const queue = new SchedulingQueue();
  queue.set(pod('a'), 0);
  popped(queue, 0);
  queue.unschedulable('a', new Set(), 0);
  queue.flushUnschedulable(300_000);
  t.equal(popped(queue, 300_000), undefined);
  queue.flushUnschedulable(300_001);
  t.equal(popped(queue, 300_001), 'a');
  t.end();
});
