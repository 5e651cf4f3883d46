/** Entry of test builds: whole clusters, as `npm run sim` runs them. */
import { drawConfig } from '../run/run-config.ts';
import { runSeed } from '../run/run-seed.ts';
import { runSeeds } from './seed-loop.ts';

runSeeds((seed, seconds) => {
  const { violations, simMs } = runSeed(drawConfig(seed, { seconds }));
  const [violation] = violations;
  return { simMs, ...(violation && { violation: { kind: violation.kind, text: violation.text } }) };
});
