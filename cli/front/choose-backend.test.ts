import t from 'tap';
import { chooseBackend } from './choose-backend.ts';

const order = (failures: number[], turn: number): number[] => {
  const backends = failures.map((count, index) => ({ failures: count, index }));
  return chooseBackend(backends, turn).map((backend) => backend.index);
};

void t.test('chooseBackend tries healthy ones first, spreads turns, and keeps the doubtful as a last resort', (t) => {
  t.same(order([0, 3, 0], 1), [2, 0, 1], 'the example of its comment');
  t.same(order([0, 0, 0], 0), [0, 1, 2]);
  t.same(order([0, 0, 0], 4), [1, 2, 0]);
  t.same(order([5, 2, 9], 7), [1, 0, 2], 'all doubtful: the least failures first');
  t.same(order([], 3), []);
  t.end();
});
