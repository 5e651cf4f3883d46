import t from 'tap';
import { durationBounds, DurationHistogram } from './duration-histogram.ts';

void t.test('DurationHistogram counts what is at a bound below it, and what is beyond all bounds apart', (t) => {
  const histogram = new DurationHistogram();
  for (const ms of [0, 1, 1.5, 2, 8192, 8193]) histogram.observe(ms);
  t.same(durationBounds.slice(0, 3), [0.001, 0.002, 0.004]);
  t.same([histogram.counts[0], histogram.counts[1], histogram.counts[13], histogram.counts[14]], [2, 2, 1, 1]);
  t.equal(histogram.count, 6);
  t.equal(histogram.sumMs, 16_389.5);
  t.end();
});
