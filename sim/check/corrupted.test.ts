import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { checkHistory } from './index.ts';
import type { Event, Watch, WatchResponse } from './history.ts';
import { corruptSurely, wrongAnswers } from './testing/corrupt.ts';
import { randomHistory } from './testing/random-history.ts';

const shape = { operations: 40, clients: 5, keys: 4, unknownPercent: 8, leases: true, compaction: true };

for (const [name, change] of Object.entries(wrongAnswers)) {
  void t.test(`checkHistory finds one wrong answer in a random history: ${name}`, (t) => {
    let [corrupted, missed, named] = [0, 0, 0];
    for (let seed = 1; seed <= 150 && missed < 3; seed++) {
      const random = seededRandom(seed);
      const spoiled = corruptSurely(random, randomHistory(random, shape), change);
      if (spoiled === undefined) continue;
      corrupted++;
      const { violations } = checkHistory(spoiled.history, { searchOperationsMax: 0 });
      if (violations.some(({ operations }) => operations.includes(spoiled.id))) named++;
      if (violations.length > 0) continue;
      missed++;
      t.fail(`seed ${seed}: operation ${spoiled.id} was changed, nothing was found`);
    }
    t.ok(corrupted > 20, `${corrupted} histories were changed`);
    t.equal(named, corrupted, 'the changed operation is named');
    t.end();
  });
}

const withEvents = (watch: Watch): number[] => watch.responses.flatMap(({ kind }, i) => (kind === 'events' ? [i] : []));
const changedAt = (watch: Watch, i: number, response: Partial<WatchResponse>): Watch => ({
  ...watch,
  responses: watch.responses.map((other, j) => (i === j ? { ...other, ...response } : other)),
});

/** Of a watch that gets several responses; the last one stays, so that what was left out is missing between others. */
const watchChanges: Readonly<Record<string, (watch: Watch, place: number) => Watch>> = {
  'a response left out': (watch, place) => ({ ...watch, responses: watch.responses.filter((_, i) => i !== place) }),
  'a response twice': (watch, place) => ({
    ...watch,
    responses: watch.responses.flatMap((one, i) => (i === place ? [one, one] : [one])),
  }),
  'another value': (watch, place) => {
    const [first, ...rest] = watch.responses[place]!.events as [Event, ...Event[]];
    return changedAt(watch, place, {
      events: [{ ...first, kv: { ...first.kv, value: 'other', version: first.kv.version + 1 } }, ...rest],
    });
  },
  'two responses exchanged': (watch, place) => {
    const next = withEvents(watch).find((i) => i > place)!;
    return changedAt(changedAt(watch, place, watch.responses[next]!), next, watch.responses[place]!);
  },
};

for (const [name, change] of Object.entries(watchChanges)) {
  void t.test(`checkHistory finds one wrong watch in a random history: ${name}`, (t) => {
    let [corrupted, missed] = [0, 0];
    for (let seed = 1; seed <= 120; seed++) {
      const random = seededRandom(seed);
      const history = randomHistory(random, { ...shape, watches: 3 });
      const i = history.watches.findIndex((watch) => withEvents(watch).length > 2);
      const watch = history.watches[i];
      if (watch === undefined) continue;
      corrupted++;
      const places = withEvents(watch);
      const wrong = change(watch, places[random.below(places.length - 1)]!);
      const { violations } = checkHistory({ ...history, watches: [wrong] }, { searchOperationsMax: 0 });
      if (violations.some(({ watches = [] }) => watches.includes(watch.id))) continue;
      missed++;
      t.fail(`seed ${seed}: ${name} in watch ${watch.id}, nothing was found`);
    }
    t.ok(corrupted > 60, `${corrupted} watches were changed`);
    t.equal(missed, 0);
    t.end();
  });
}

void t.test('checkHistory takes 10,000 operations of 10 clients quickly', (t) => {
  const big = { operations: 10_000, clients: 10, keys: 50, unknownPercent: 5, leases: true, compaction: true };
  const history = randomHistory(seededRandom(1), { ...big, watches: 10 });
  const started = performance.now();
  const { violations, stats } = checkHistory(history);
  const ms = performance.now() - started;
  t.same(violations, []);
  t.equal(stats.operations, 10_000);
  t.comment(`${ms.toFixed(0)} ms: ${JSON.stringify(stats)}`);
  t.ok(ms < 10_000, 'far from a hang, even on a busy machine');
  t.end();
});
