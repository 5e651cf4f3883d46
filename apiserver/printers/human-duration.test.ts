import t from 'tap';
import { humanDuration, since } from './human-duration.ts';

const s = 1000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;

// The boundaries of k8s.io/apimachinery/pkg/util/duration.
const cases: [number, string][] = [
  [-2 * s, '<invalid>'],
  [-1 * s, '0s'],
  [-0.5 * s, '0s'],
  [0, '0s'],
  [1.9 * s, '1s'],
  [119 * s, '119s'],
  [120 * s, '2m'],
  [125 * s, '2m5s'],
  [10 * m - s, '9m59s'],
  [10 * m + 7 * s, '10m'],
  [3 * h - s, '179m'],
  [3 * h, '3h'],
  [4 * h + 20 * m, '4h20m'],
  [8 * h - s, '7h59m'],
  [8 * h + 30 * m, '8h'],
  [48 * h - s, '47h'],
  [48 * h, '2d'],
  [3 * d + 5 * h, '3d5h'],
  [8 * d - s, '7d23h'],
  [9 * d + 5 * h, '9d'],
  [730 * d - s, '729d'],
  [730 * d, '2y'],
  [3 * 365 * d + 4 * d, '3y4d'],
  [9 * 365 * d + 40 * d, '9y'],
];

void t.test('humanDuration is precise while young and coarse when old', async (t) => {
  for (const [ms, text] of cases) t.equal(humanDuration(ms), text, `${ms} ms`);
});

void t.test('since says <unknown> where there is no time', async (t) => {
  const now = Date.parse('2026-01-01T00:00:10Z');
  t.equal(since('2026-01-01T00:00:05Z', now), '5s');
  t.equal(since(undefined, now), '<unknown>');
  t.equal(since('not a time', now), '<unknown>');
});
