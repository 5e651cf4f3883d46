import type { RunResult } from './run-result.ts';

const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(0)} s`);
const percent = (share: number): string => `${(share * 100).toFixed(share > 0.995 ? 2 : 1)} %`;

const apiNames = { etcd: 'etcd API', kubernetes: 'Kubernetes API' } as const;

function apiLine(result: RunResult, api: 'etcd' | 'kubernetes'): string {
  const { calls, answered, writes, available, longestMs, outages } = result[api];
  return (
    `  ${apiNames[api].padEnd(16)}${String(calls).padStart(8)} calls, ${percent(answered / Math.max(1, calls))} answered; ` +
    `${writes} writes acknowledged; writes got through ${percent(available)} of the time, ` +
    `${outages.length} outages, the longest ${seconds(longestMs)}`
  );
}

/** For a terminal: what was done, what it cost, and whether anything was wrong. */
export function textReport(result: RunResult): string {
  const { checked, violations, faultSummary } = result;
  const lines = [
    '',
    `${result.scenario}, seed ${result.seed}: ${result.replicas} replicas, ${seconds(result.durationMs)}, ` +
      `${result.faults.length} faults, ${result.leaderChanges} leader changes`,
    '',
    apiLine(result, 'etcd'),
    apiLine(result, 'kubernetes'),
    '',
    `  ${'fault'.padEnd(18)}${'times'.padStart(6)}${'at leader'.padStart(11)}${'median outage'.padStart(15)}${'longest'.padStart(10)}`,
    ...faultSummary.map(
      ({ fault, count, leaderHits, medianMs, longestMs }) =>
        `  ${fault.padEnd(18)}${String(count).padStart(6)}${String(leaderHits).padStart(11)}` +
        `${seconds(medianMs).padStart(15)}${seconds(longestMs).padStart(10)}`,
    ),
    '',
    `  checked in ${seconds(checked.checkMs)}: ${checked.operations} etcd operations (${checked.unknown} of unknown outcome), ` +
      `${checked.revisions} revisions, ${checked.watches} watches with ${checked.watchEvents} events;`,
    `  ${checked.kubeWrites} writes, ${checked.kubeReads} reads, ${checked.kubeIncrements} increments and ` +
      `${checked.kubeEvents} watch events of the Kubernetes API (${checked.kubeGaps} watches had to list again)`,
    '',
    violations.length === 0 ? '  No violations.' : `  ${violations.length} VIOLATIONS:`,
    ...violations.map(({ checker, text }) => `  - ${checker}: ${text.replaceAll('\n', '\n    ')}`),
    '',
  ];
  return lines.join('\n');
}
