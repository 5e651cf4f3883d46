import { request } from 'node:https';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from '../../api/types/core-v1.ts';
import type { Lease } from '../../api/types/coordination-v1.ts';
import { createKubeClient } from '../../client/kube-client.ts';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { leases, nodes } from '../../client/resources.ts';
import type { KubeClient } from '../../client/types.ts';
import type { MemberDescription } from '../../store/etcd/describe.ts';
import { describeMember } from './describe.ts';
import type { Layout, ReplicaPlace } from './layout.ts';
import { residentBytesOf } from './process-table.ts';
import { stateOf } from './processes.ts';
import type { RunState } from './processes.ts';

/** `kuorum status -o json`; documented in docs/cli.md, fields are only ever added. Sizes in bytes, times RFC 3339. */
export interface ClusterStatus {
  readonly name: string;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly server: string;
  readonly front: ProcessStatus;
  readonly replicas: readonly ReplicaStatus[];
  readonly nodes: readonly NodeStatus[];
  /** holder of each controller's Lease, '' where nobody holds it, null where it could not be asked */
  readonly leaders: Readonly<Record<string, string>> | null;
  readonly lastLeaderChange: LeaderChange | null;
}

export interface ProcessStatus {
  readonly name: string;
  readonly state: RunState;
  readonly pid: number | null;
  readonly residentBytes: number;
}

export interface LeaderChange {
  readonly at: string;
  readonly term: number;
  /** '' where the leader was lost */
  readonly leader: string;
  readonly reason: string;
  /** how long nobody led before it, as the replica saw it */
  readonly withoutLeaderMs: number;
}

export interface ReplicaStatus extends ProcessStatus {
  /** healthy: member and API server answer and are ready */
  readonly health: 'healthy' | 'degraded' | 'unreachable' | 'stopped' | 'paused';
  readonly problems: readonly string[];
  readonly apiReady: boolean;
  /** the rest is null where the member does not answer */
  readonly role: string | null;
  readonly term: number | null;
  readonly revision: number | null;
  readonly appliedIndex: number | null;
  readonly dbSizeBytes: number | null;
  readonly hash: number | null;
  readonly lastLeaderChange: LeaderChange | null;
  /** the last few it has seen, oldest first; null where the member does not answer */
  readonly recentLeaderChanges: readonly LeaderChange[] | null;
}

export interface NodeStatus extends ProcessStatus {
  /** the Ready condition: True, False, Unknown; null where the API could not be asked or has no such node */
  readonly ready: string | null;
  readonly runtime: string | null;
}

const askTimeoutMs = 1000;

/** /readyz of the API server at `port`, or of any behind the front's; the text of its answer where it is not ready. */
export function apiReadiness(layout: Layout, port: number, timeoutMs = askTimeoutMs): Promise<string | undefined> {
  const ca = readFileSync(join(layout.pkiDir, 'ca.crt'));
  return new Promise((resolve) => {
    const probe = request(
      { host: '127.0.0.1', port, path: '/readyz', ca, agent: false, timeout: timeoutMs },
      (answer) => {
        let body = '';
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
        answer.on('end', () =>
          resolve(answer.statusCode === 200 ? undefined : `API server: ${body.trim().slice(0, 300)}`),
        );
      },
    );
    probe.on('timeout', () => probe.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    probe.on('error', (error) => resolve(`API server: ${error.message}`));
    probe.end();
  });
}

function processStatus(layout: Layout, name: string): ProcessStatus {
  const { state, pid } = stateOf(layout, name);
  return { name, state, pid: pid ?? null, residentBytes: pid === undefined ? 0 : residentBytesOf(pid) };
}

function healthOf(state: RunState, member: MemberDescription | undefined, problems: string[]): ReplicaStatus['health'] {
  if (state !== 'running') return state;
  if (member === undefined) return 'unreachable';
  return problems.length === 0 ? 'healthy' : 'degraded';
}

async function replicaStatus(layout: Layout, replica: ReplicaPlace): Promise<ReplicaStatus> {
  const process = processStatus(layout, replica.name);
  const problems: string[] = [];
  let member: MemberDescription | undefined;
  if (process.state === 'running') {
    const [description, apiProblem] = await Promise.all([
      describeMember(layout, replica, askTimeoutMs).catch((error: Error) => error),
      apiReadiness(layout, replica.apiPort),
    ]);
    if (description instanceof Error) problems.push(`store member: ${description.message}`);
    else {
      member = description;
      problems.push(...description.errors);
    }
    if (apiProblem !== undefined) problems.push(apiProblem);
  }
  const nameOf = (id: string): string => member?.members.find((m) => m.id === id)?.name ?? id;
  const named = (change: LeaderChange): LeaderChange => ({ ...change, leader: nameOf(change.leader) });
  const change = member?.lastLeaderChange;
  return {
    ...process,
    health: healthOf(process.state, member, problems),
    problems,
    apiReady: process.state === 'running' && !problems.some((p) => p.startsWith('API server')),
    role: member?.role ?? null,
    term: member?.term ?? null,
    revision: member?.revision ?? null,
    appliedIndex: member?.appliedIndex ?? null,
    dbSizeBytes: member?.dbSizeBytes ?? null,
    hash: member?.hash ?? null,
    lastLeaderChange: change ? named(change) : null,
    recentLeaderChanges: member?.recentLeaderChanges.map(named) ?? null,
  };
}

const leaderElections = ['kube-controller-manager', 'kube-scheduler'];

interface ApiView {
  readonly nodes: readonly Node[];
  readonly leaders: Record<string, string>;
}

async function askApi(client: KubeClient): Promise<ApiView> {
  const signal = AbortSignal.timeout(askTimeoutMs);
  const [nodeList, leaseList] = await Promise.all([
    client.resource<Node>(nodes).list({ signal, resourceVersion: '0' }),
    client.resource<Lease>(leases).list({ namespace: 'kube-system', signal }),
  ]);
  const holderOf = (name: string): string =>
    leaseList.items.find((lease) => lease.metadata?.name === name)?.spec?.holderIdentity ?? '';
  return {
    nodes: nodeList.items,
    leaders: Object.fromEntries(leaderElections.map((name) => [name, holderOf(name)])),
  };
}

/** The API's view, or undefined where no API server answers in time. */
async function apiView(layout: Layout): Promise<ApiView | undefined> {
  const client = createKubeClient({ ...loadKubeconfig(layout.kubeconfig), userAgent: 'kuorum-status' });
  try {
    return await askApi(client);
  } catch {
    return undefined;
  } finally {
    await client.close();
  }
}

/** Of the highest term; the leader itself knows best why it campaigned, the others only heard of it. */
function lastChangeOf(replicas: readonly ReplicaStatus[]): LeaderChange | null {
  const changes = replicas.flatMap((replica) => {
    const change = replica.lastLeaderChange;
    return change ? [{ change, firstHand: change.leader === replica.name ? 1 : 0 }] : [];
  });
  return changes.sort((a, b) => b.change.term - a.change.term || b.firstHand - a.firstHand)[0]?.change ?? null;
}

export async function clusterStatus(layout: Layout): Promise<ClusterStatus> {
  const [replicas, view] = await Promise.all([
    Promise.all(layout.replicas.map((replica) => replicaStatus(layout, replica))),
    apiView(layout),
  ]);
  return {
    name: layout.config.name,
    dataDir: layout.dataDir,
    kubeconfig: layout.kubeconfig,
    server: layout.frontUrl,
    front: processStatus(layout, 'front'),
    replicas,
    nodes: layout.nodes.map((place) => {
      const node = view?.nodes.find((n) => n.metadata?.name === place.name);
      const ready = node?.status?.conditions?.find((condition) => condition.type === 'Ready');
      return {
        ...processStatus(layout, place.name),
        ready: ready?.status ?? null,
        runtime: node?.status?.nodeInfo?.containerRuntimeVersion ?? null,
      };
    }),
    leaders: view?.leaders ?? null,
    lastLeaderChange: lastChangeOf(replicas),
  };
}

/** The replica that leads; of several claims the one of the highest term. */
export async function findLeader(layout: Layout): Promise<string | undefined> {
  const answers = await Promise.all(
    layout.replicas.map(async (replica) => {
      if (stateOf(layout, replica.name).state !== 'running') return undefined;
      const member = await describeMember(layout, replica, askTimeoutMs).catch(() => undefined);
      return member?.role === 'leader' ? { name: replica.name, term: member.term } : undefined;
    }),
  );
  return answers.filter((a) => a !== undefined).sort((a, b) => b.term - a.term)[0]?.name;
}
