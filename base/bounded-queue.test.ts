import t from 'tap';
import { BoundedQueue } from './bounded-queue.ts';

void t.test('push refuses what is over the capacity; shift keeps the order', (t) => {
  const queue = new BoundedQueue<number>(2);
  t.ok(queue.push(1));
  t.ok(queue.push(2));
  t.notOk(queue.push(3));
  t.equal(queue.shift(), 1);
  t.ok(queue.push(4));
  t.same([queue.shift(), queue.shift(), queue.shift()], [2, 4, undefined]);
  t.end();
});
