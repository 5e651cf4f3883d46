/**
 * The same as failover.ts, for a whole cluster: three replicas as `kuorum up` starts them, two clients that write
 * ConfigMaps through the front, the replica whose store member leads is killed or paused. Run:
 * npm run bench:failover-api -- [--kills 20] [--mode kill|pause]
 *
 * Prints a line a try and a summary, and writes bench/results/failover-api-<mode>-<date>.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '../base/clock.ts';
import { startCluster } from '../e2e/testing/local-cluster.ts';
import { converged, strikeLeader } from '../e2e/testing/outage.ts';
import { countingWriter, creatingWriter } from '../e2e/testing/writers.ts';
import { scheduling, summaryOf } from './summary.ts';

const { values: flags } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, mode: { type: 'string', default: 'kill' } },
});
const { mode } = flags;
if (mode !== 'kill' && mode !== 'pause') throw new Error('--mode kill|pause');

const started = systemClock.nowMs();
const cluster = await startCluster({ nodes: 0 });
const counting = countingWriter(cluster.kubeconfig, 'counter');
const creating = creatingWriter(cluster.kubeconfig, 'created');
const writers = [counting, creating];
const tries: { first: number; all: readonly number[]; reason: string | undefined }[] = [];
try {
  for (let number = 1; number <= Number(flags.kills); number++) {
    const outage = await strikeLeader(cluster, mode, writers);
    const status = await cluster.until('another leads', ({ replicas }) =>
      replicas.some((replica) => replica.role === 'leader' && replica.name !== outage.replica),
    );
    const all = outage.outagesMs.map((ms) => Math.round(ms));
    const reason = status.lastLeaderChange?.reason;
    tries.push({ first: Math.min(...all), all, reason });
    console.log(`${mode} ${number} of ${outage.replica}: ${all.join(', ')} ms (${reason})`);
    await cluster.run(mode === 'kill' ? 'start' : 'resume', outage.replica);
    await cluster.until('all replicas hold the same', converged);
  }
  const faults = [...(await counting.faults()), ...(await creating.faults())];
  if (faults.length > 0) throw new Error(faults.join('\n'));
} finally {
  await Promise.allSettled(writers.map((writer) => writer.stop()));
  await cluster.destroy();
}
const outage = {
  'first write': summaryOf(tries.map(({ first }) => first)),
  'each writer': summaryOf(tries.flatMap(({ all }) => all)),
};
console.table(outage);
const result = {
  date: new Date(started).toISOString(),
  command: `npm run bench:failover-api -- --kills ${flags.kills} --mode ${mode}`,
  machine: `${cpus().length} x ${cpus()[0]?.model ?? ''}`,
  load: loadavg().map((load) => Math.round(load * 10) / 10),
  scheduling: scheduling(),
  node: process.version,
  unit: 'ms from the signal to the end of the first write begun after it, through the front, three replicas, defaults',
  outage,
  tries,
};
mkdirSync('bench/results', { recursive: true });
const file = `bench/results/failover-api-${mode}-${result.date.slice(0, 10)}.json`;
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
console.log(`written to ${file}`);
