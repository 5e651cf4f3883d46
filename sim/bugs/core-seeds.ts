/**
 * Entry of test builds: groups of cores without the rest of a member, under random events (raft/core/testing). They go
 * where the store never leads: joint configurations, Raft without pre-vote, slow state machines. A seed is a run of each
 * kind of group; there is no clock, so no simulated time.
 */
import { InvariantViolation } from '../../raft/core/testing/invariants.ts';
import { randomGroupNames, runRandomGroup } from '../../raft/core/testing/random-group.ts';
import { runSeeds } from './seed-loop.ts';

runSeeds((seed) => {
  for (const name of randomGroupNames) {
    try {
      runRandomGroup(name, seed);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const kind = error instanceof InvariantViolation ? 'invariant' : 'member-failed';
      const liveness = error.message.startsWith('no progress');
      const text = `${name}: ${error.stack ?? error.message}`;
      return { simMs: 0, violation: { kind: liveness ? 'liveness' : kind, text } };
    }
  }
  return { simMs: 0 };
});
