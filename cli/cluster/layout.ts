import { join } from 'node:path';
import type { ClusterConfig } from '../config/config-schema.ts';

export interface ReplicaPlace {
  /** `replica-1` */
  readonly name: string;
  readonly dir: string;
  readonly apiPort: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly apiUrl: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

export interface NodePlace {
  /** `node-1` */
  readonly name: string;
  readonly dir: string;
  readonly podCidr: string;
}

/** Where everything of a cluster is: a pure function of its configuration. */
export interface Layout {
  readonly config: ClusterConfig;
  readonly dataDir: string;
  /** the running configuration, as written by `kuorum up` */
  readonly stateFile: string;
  readonly kubeconfig: string;
  readonly pkiDir: string;
  readonly logDir: string;
  readonly runDir: string;
  readonly frontUrl: string;
  readonly replicas: readonly ReplicaPlace[];
  readonly nodes: readonly NodePlace[];
  /** more environment by component, for fault injection; not kept with the cluster */
  readonly environment?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const host = '127.0.0.1';

function replicaPlace(config: ClusterConfig, number: number): ReplicaPlace {
  const apiPort = config.port + 10 * number;
  return {
    name: `replica-${number}`,
    dir: join(config.dataDir, `replica-${number}`),
    apiPort,
    clientPort: apiPort + 1,
    peerPort: apiPort + 2,
    apiUrl: `https://${host}:${apiPort}`,
    clientUrl: `https://${host}:${apiPort + 1}`,
    peerUrl: `https://${host}:${apiPort + 2}`,
  };
}

/** The n-th /24 of the pod range: 10.244.0.0/16, 2 → 10.244.2.0/24. */
export function podCidrOf(range: string, number: number): string {
  const [address = '', bits = '16'] = range.split('/');
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  if (Number(bits) > 24 || number >= 2 ** (24 - Number(bits))) return range;
  const first = Math.floor(base / 256) + number;
  return `${Math.floor(first / 65536) % 256}.${Math.floor(first / 256) % 256}.${first % 256}.0/24`;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

export function layoutOf(config: ClusterConfig): Layout {
  const { dataDir } = config;
  return {
    config,
    dataDir,
    stateFile: join(dataDir, 'cluster.json'),
    kubeconfig: join(dataDir, 'kubeconfig'),
    pkiDir: join(dataDir, 'pki'),
    logDir: join(dataDir, 'logs'),
    runDir: join(dataDir, 'run'),
    frontUrl: `https://${host}:${config.port}`,
    replicas: numbers(config.replicas).map((n) => replicaPlace(config, n)),
    nodes: numbers(config.nodes.count).map((n) => ({
      name: `node-${n}`,
      dir: join(dataDir, `node-${n}`),
      podCidr: podCidrOf(config.network.podCidr, n),
    })),
  };
}

/** All processes of a cluster, in the order they start: the replicas and the nodes, then the front. */
export const componentsOf = (layout: Layout): string[] => [
  ...layout.replicas.map((r) => r.name),
  'front',
  ...layout.nodes.map((n) => n.name),
];
