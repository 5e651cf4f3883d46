import { processStateOf } from '../../cli/cluster/process-table.ts';
import type { ClusterStatus, ReplicaStatus } from '../../cli/cluster/cluster-status.ts';
import { pause } from './local-cluster.ts';
import type { LocalCluster } from './local-cluster.ts';
import type { Writer } from './writers.ts';

export interface Outage {
  readonly replica: string;
  /** from the signal to the end of the first write that was begun after it and acknowledged; one a writer */
  readonly outagesMs: readonly number[];
}

const pollMs = 2;
const recoveryTimeoutMs = 30_000;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Every replica healthy, with the same revision and the same hash of the whole store. */
export function converged(status: ClusterStatus): boolean {
  const [first, ...others] = status.replicas;
  return (
    status.replicas.every((replica) => replica.health === 'healthy') &&
    status.replicas.filter((replica) => replica.role === 'leader').length === 1 &&
    others.every((other) => other.revision === first?.revision && other.hash === first?.hash)
  );
}

async function nextAcknowledged(writer: Writer, sinceMs: number): Promise<number> {
  for (let from = 0; performance.now() < sinceMs + recoveryTimeoutMs; await pause(pollMs)) {
    const found = writer.acknowledged.slice(from).find((write) => write.startedMs >= sinceMs);
    if (found) return found.endedMs - sinceMs;
    from = Math.max(0, writer.acknowledged.length - 1);
  }
  throw new Error(`no write acknowledged within ${recoveryTimeoutMs} ms`);
}

/** `kuorum kill leader` or `kuorum pause leader`, and how long each writer had to wait for it. */
export async function strikeLeader(
  cluster: LocalCluster,
  command: 'kill' | 'pause',
  writers: readonly Writer[],
): Promise<Outage> {
  const status = await cluster.until('one leader', (s) => s.replicas.filter((r) => r.role === 'leader').length === 1);
  // on a busy machine another may lead by the time that the command has started
  const running = status.replicas.filter(({ pid }) => processStateOf(pid ?? 0) === 'running');
  const reached = (): ReplicaStatus | undefined => running.find(({ pid }) => processStateOf(pid ?? 0) !== 'running');
  const struck = cluster.run(command, 'leader');
  struck.catch(() => {}); // told below
  const deadline = performance.now() + recoveryTimeoutMs;
  for (; reached() === undefined; await pause(pollMs)) {
    if (performance.now() > deadline) throw new Error(`kuorum ${command} leader reached nobody`);
  }
  const replica = reached()?.name ?? '';
  const sinceMs = performance.now();
  const outagesMs = await Promise.all(writers.map((writer) => nextAcknowledged(writer, sinceMs)));
  await struck;
  return { replica, outagesMs };
}
