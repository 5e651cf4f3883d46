import t from 'tap';
import { seededRandom } from '../../base/random.ts';
import { checkHistory } from './index.ts';
import { EtcdModel, timedOperations } from './etcd-model.ts';
import { checkLinearizability } from './linearizability.ts';
import type { History } from './history.ts';
import { corruptPerhaps } from './testing/corrupt.ts';
import { randomHistory } from './testing/random-history.ts';
import type { Shape } from './testing/random-history.ts';

const shapes: Readonly<Record<string, Shape>> = {
  'keys only': { operations: 14, clients: 4, keys: 3 },
  'unanswered operations': { operations: 16, clients: 4, keys: 3, unknownPercent: 25 },
  'leases and compaction': { operations: 30, clients: 4, keys: 3, unknownPercent: 10, leases: true, compaction: true },
};

for (const [name, shape] of Object.entries(shapes)) {
  void t.test(`checkHistory and the search find nothing wrong with valid histories: ${name}`, (t) => {
    let wrong = 0;
    for (let seed = 1; seed <= 150 && wrong < 3; seed++) {
      const history = randomHistory(seededRandom(seed), { ...shape, watches: 2 });
      for (const candidate of [history, { ...history, revisions: undefined }] satisfies History[]) {
        const report = checkHistory(candidate);
        const verdict = checkLinearizability(new EtcdModel(candidate), timedOperations(candidate)).verdict;
        if (report.violations.length === 0 && verdict === 'ok') continue;
        wrong++;
        t.same([verdict, report.violations], ['ok', []], `seed ${seed}`);
      }
    }
    t.equal(wrong, 0);
    t.end();
  });
}

const isOrderChecker = (checker: string): boolean => ['Linearizable', 'Durable', 'Lease'].includes(checker);

for (const [name, shape] of Object.entries(shapes)) {
  void t.test(`the check by revisions agrees with the search on corrupted histories: ${name}`, (t) => {
    const counts = { valid: 0, invalid: 0, onlySearch: 0 };
    let wrong = 0;
    for (let seed = 1; seed <= 1000 && wrong < 3; seed++) {
      const random = seededRandom(seed);
      let history = randomHistory(random, shape);
      // the search does not know when revisions were applied
      history = { ...history, revisions: history.revisions?.map(({ revision, events }) => ({ revision, events })) };
      for (let n = 1 + random.below(2); n > 0; n--) history = corruptPerhaps(random, history);
      const found = checkHistory(history, { searchOperationsMax: 0 }).violations;
      const fast = found.some(({ checker }) => isOrderChecker(checker)) ? 'violation' : 'ok';
      const slow = checkLinearizability(new EtcdModel(history), timedOperations(history)).verdict;
      counts[slow === 'ok' ? 'valid' : 'invalid']++;
      if (fast === slow) continue;
      // what leases and compaction allow is known to the search alone
      const isAllowed = shape.leases === true && fast === 'ok';
      if (isAllowed) counts.onlySearch++;
      else {
        wrong++;
        t.same({ fast, found }, slow, `seed ${seed}`);
      }
    }
    t.equal(wrong, 0);
    t.ok(counts.valid > 200 && counts.invalid > 200, JSON.stringify(counts));
    t.comment(JSON.stringify(counts));
    t.end();
  });
}
