import t from 'tap';
import { allBugs } from './all-bugs.ts';
import { huntBug } from './hunt-bug.ts';

/** Found within the first seeds, whatever the workload; the whole table takes an hour: `npm run sim:bugs`. */
const quick: Readonly<Record<string, RegExp>> = {
  'ack-before-fsync': /invariant/,
  'leader-acks-before-fsync': /invariant/,
  'vote-twice': /invariant: one vote a term/,
  'heartbeat-commit-uncapped': /member-failed|invariant/,
  'joint-commit-one-half': /invariant: committed is never lost/,
  'tombstone-not-stored': /member-failed|check/,
  'repeated-under-a-new-number': /Linearizable/,
  'revision-split': /Atomic/,
};
const limits = { maxSeeds: 12, seconds: 30 };

void t.test('the simulator finds deliberate bugs, each by the check that is there for it', async (t) => {
  for (const [name, checker] of Object.entries(quick)) {
    const bug = allBugs.find((one) => one.name === name);
    if (bug === undefined) {
      t.fail(`there is no bug ${name}`);
      continue;
    }
    const { foundBy, seeds } = await huntBug(bug, limits);
    t.match(foundBy ?? 'nobody', checker, `${name}: ${foundBy ?? 'not found'} after ${seeds} seeds`);
  }
});

void t.test('a test build without a bug finds nothing', async (t) => {
  const { foundBy, seeds, text } = await huntBug(undefined, { maxSeeds: 2, seconds: 20 });
  t.equal(foundBy, undefined, text ?? 'nothing is found');
  t.equal(seeds, 2);
});
