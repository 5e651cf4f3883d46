import type { Command } from 'commander';
import { scenarioNames, scenarioOf } from '../../chaos/scenario/scenarios.ts';
import type { ChaosFlags } from './chaos.ts';

const scenarioLines = scenarioNames.map((name) => `  ${name.padEnd(14)}${scenarioOf(name).text}`).join('\n');

/** `kuorum chaos`; its exit code tells: 0 clean, 1 violations, 2 it could not be run. */
export function registerChaosCommand(program: Command): void {
  program
    .command('chaos')
    .description('torment a cluster of real processes, and check that it kept every promise')
    .option('--scenario <name>', 'which faults come (see below)', 'mixed')
    .option('--duration <time>', 'such as 30s, 5m or 1h', '60s')
    .option('--seed <number>', 'the same seed draws the same faults (default: by chance)')
    .option('--replicas <n>', '3 or 5', '3')
    .option('--clients <n>', 'clients of the etcd API; five more use the Kubernetes API', '5')
    .option('--period <time>', 'mean pause of a client between two calls', '25ms')
    .option('--report <dir>', 'write report.html, report.json and timeline.svg there')
    .option('--data-dir <dir>', "an empty folder for the cluster's data, which is then kept (default: a temporary one)")
    .addHelpText(
      'after',
      `\nScenarios:\n${scenarioLines}\n\nExamples:\n  kuorum chaos\n  kuorum chaos --scenario kill-leader --duration 30s\n  kuorum chaos --duration 30m --seed 7 --replicas 5 --report chaos-report`,
    )
    .action(async (flags: ChaosFlags) => (await import('./chaos.ts')).chaos(flags));
}
