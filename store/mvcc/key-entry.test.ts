import t from 'tap';
import { KeyEntry } from './key-entry.ts';

const all = (entry: KeyEntry): number[] => Array.from({ length: entry.count }, (_, i) => entry.at(i));

void t.test('positions are a queue, whether few or many', (t) => {
  const entry = new KeyEntry('k', 0);
  const model = [0];
  t.same([entry.oldest, entry.last], [0, 0]);
  // grows to thousands, shrinks to one, grows again: two steps forward and one back, then the other way around
  for (let next = 1; next < 30_000; next++) {
    const growing = Math.floor(next / 6000) % 2 === 0;
    if (growing || next % 3 === 0) {
      entry.add(next);
      model.push(next);
    }
    if (model.length > 1 && next % (growing ? 3 : 1) === 0) {
      if (entry.dropOldest() !== model.shift()) t.fail(`at ${next}: another was dropped`);
    }
    if (next % 100 === 0) {
      entry.replaceOldest(next + 1_000_000);
      model[0] = next + 1_000_000;
    }
    if (entry.count !== model.length || entry.oldest !== model[0] || entry.last !== model.at(-1)) {
      t.fail(`at ${next}: ${entry.count} of ${model.length}`);
    }
    if (next % 1500 === 0) t.same(all(entry), model, `after ${next}: ${model.length}`);
  }
  while (entry.count > 0) entry.dropOldest();
  t.same([entry.oldest, all(entry)], [-1, []]);
  t.end();
});
