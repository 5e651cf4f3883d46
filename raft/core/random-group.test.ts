import t from 'tap';
import { randomGroupNames, runRandomGroup } from './testing/random-group.ts';

// One seed again: KUORUM_SEED=17 node --import tsx raft/core/random-group.test.ts
const onlySeed = process.env['KUORUM_SEED'];
const seedsPerCase = Number(process.env['KUORUM_SEEDS'] ?? 15);

for (const name of randomGroupNames) {
  void t.test(
    `${name} under random faults keep election safety, log matching, leader completeness and one history`,
    (t) => {
      const seeds = onlySeed === undefined ? Array.from({ length: seedsPerCase }, (_, i) => i + 1) : [Number(onlySeed)];
      for (const seed of seeds) {
        try {
          runRandomGroup(name, seed);
        } catch (error) {
          t.fail(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
            stack: (error as Error).stack,
          });
        }
      }
      t.pass(`${seeds.length} seeds`);
      t.end();
    },
  );
}
