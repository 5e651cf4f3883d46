import { colors as pc } from '../colors.ts';
import type { ClusterStatus, LeaderChange, ReplicaStatus } from './cluster-status.ts';

const mebibytes = (bytes: number): string => `${(bytes / 1048576).toFixed(bytes < 10_485_760 ? 1 : 0)} MiB`;
const orDash = (value: string | number | null): string => (value === null || value === '' ? '-' : String(value));

/** Columns as wide as their widest cell, two spaces apart. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

const healthColors: Readonly<Record<string, (text: string) => string>> = {
  healthy: pc.green,
  degraded: pc.yellow,
  paused: pc.yellow,
  unreachable: pc.red,
  stopped: pc.red,
};

function replicaRow(replica: ReplicaStatus): string[] {
  return [
    replica.name,
    replica.health,
    orDash(replica.role),
    orDash(replica.term),
    orDash(replica.revision),
    orDash(replica.appliedIndex),
    replica.dbSizeBytes === null ? '-' : mebibytes(replica.dbSizeBytes),
    replica.hash === null ? '-' : replica.hash.toString(16).padStart(8, '0'),
    replica.pid === null ? '-' : String(replica.pid),
    replica.residentBytes === 0 ? '-' : mebibytes(replica.residentBytes),
  ];
}

function changeText({ at, leader, term, reason, withoutLeaderMs }: LeaderChange): string {
  if (leader === '') return `${at}, nobody leads since term ${term}: ${reason}`;
  const gap = withoutLeaderMs > 0 ? ` after ${withoutLeaderMs} ms without leader` : '';
  return `${at}, ${leader} leads term ${term}${gap}: ${reason}`;
}

/** What `kuorum status` prints for people. */
export function statusText(status: ClusterStatus): string {
  const replicaLines = alignColumns([
    ['REPLICA', 'HEALTH', 'ROLE', 'TERM', 'REVISION', 'APPLIED', 'DB SIZE', 'HASH', 'PID', 'MEMORY'],
    ...status.replicas.map(replicaRow),
  ]).map((line, i) => {
    const health = status.replicas[i - 1]?.health ?? '';
    return line.replace(` ${health} `, () => ` ${(healthColors[health] ?? String)(health)} `);
  });
  const nodeLines = alignColumns([
    ['NODE', 'READY', 'RUNTIME', 'PROCESS', 'PID', 'MEMORY'],
    ...status.nodes.map((node) => [
      node.name,
      orDash(node.ready),
      orDash(node.runtime),
      node.state,
      orDash(node.pid),
      node.residentBytes === 0 ? '-' : mebibytes(node.residentBytes),
    ]),
  ]);
  const change = status.lastLeaderChange;
  const leaders = Object.entries(status.leaders ?? {}).map(([name, holder]) => `  ${name}: ${holder || 'nobody'}`);
  return [
    `${pc.bold(status.name)}  ${status.server}  (front ${status.front.state})`,
    '',
    ...replicaLines,
    ...status.replicas.flatMap((r) => r.problems.map((problem) => pc.yellow(`  ${r.name}: ${problem}`))),
    '',
    ...(status.nodes.length > 0 ? [...nodeLines, ''] : []),
    'Leaders of the controllers:',
    ...(status.leaders === null ? ['  unknown: no API server answers'] : leaders),
    `Last leader change: ${change ? changeText(change) : 'unknown'}`,
  ].join('\n');
}

/** One quiet line for the foreground of `kuorum up`. */
export function statusLine(status: ClusterStatus): string {
  const healthy = status.replicas.filter((r) => r.health === 'healthy').length;
  const leader = status.replicas.find((r) => r.role === 'leader');
  const ready = status.nodes.filter((n) => n.ready === 'True').length;
  const all = healthy === status.replicas.length && ready === status.nodes.length;
  const revision = Math.max(0, ...status.replicas.map((r) => r.revision ?? 0));
  return [
    (all ? pc.green : pc.yellow)('●'),
    `replicas ${healthy}/${status.replicas.length}`,
    leader ? `leader ${leader.name} (term ${leader.term})` : 'no leader',
    `revision ${revision}`,
    `nodes ${ready}/${status.nodes.length} ready`,
  ].join('  ');
}
