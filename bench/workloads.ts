import * as calls from './calls.ts';
import type { UnaryCall } from './calls.ts';
import { loadByEtcdBenchmark } from './etcd-benchmark.ts';
import { loadByH2load, percentile } from './h2load.ts';
import type { Load } from './h2load.ts';

/** What one run of a workload measured, by the name of the figure. */
export type Figures = Readonly<Record<string, number>>;

export interface Workload {
  readonly name: string;
  /** operations of which the processor time is told */
  readonly operations: number;
  readonly needsEtcdBenchmark?: true;
  /** rates end in `/s`, times in ` ms`: see goals.ts */
  run(url: string, operations: number): Promise<Figures>;
}

function unary(name: string, call: UnaryCall, operations: number, load: Omit<Load, 'calls'>): Workload {
  return {
    name,
    operations,
    async run(url, count): Promise<Figures> {
      const { perSecond, latenciesUs } = await loadByH2load(url, call, { ...load, calls: count });
      if (load.rate === undefined) return { 'calls/s': perSecond };
      const ms = (share: number): number => percentile(latenciesUs, share) / 1000;
      return { 'p50 ms': ms(0.5), 'p99 ms': ms(0.99), 'p999 ms': ms(0.999) };
    },
  };
}

function byEtcdBenchmark(name: string, operations: number, args: (operations: number) => string[]): Workload {
  return {
    name,
    operations,
    needsEtcdBenchmark: true,
    run: async (url, count) => ({ 'calls/s': await loadByEtcdBenchmark(url, args(count)) }),
  };
}

const watchers = 1000;
const words = (text: string): string[] => text.split(' ');
const hundredClients = words('--clients 100 --conns 10');

/** A thousand watchers over ten streams; events that reached the client, a second. */
function watch(name: string, keys: number, putCount: number): Workload {
  const eventsPerPut = watchers / keys;
  return {
    name,
    operations: putCount * eventsPerPut,
    needsEtcdBenchmark: true,
    async run(url, operations) {
      const total = Math.ceil(operations / eventsPerPut);
      const watched = words(
        `--streams 10 --watch-per-stream ${watchers / 10} --watched-key-total ${keys} --sequential-keys`,
      );
      const puts = words(`--put-total ${total} --put-rate 100000 --key-size 32 --key-space-size ${keys}`);
      const perSecond = await loadByEtcdBenchmark(url, ['watch', ...watched, ...puts]);
      return { 'events/s': perSecond };
    },
  };
}

const one = { connections: 1, streamsPerConnection: 1 };
const some = { connections: 8, streamsPerConnection: 8 };
const many = { connections: 8, streamsPerConnection: 16 };
const thousand = { connections: 8, streamsPerConnection: 125 };

export const workloads: readonly Workload[] = [
  unary('put, 1 in flight', calls.put, 2_000, one),
  unary('put, 64 in flight', calls.put, 30_000, some),
  unary('put, 1,000 in flight', calls.put, 60_000, thousand),
  unary('put at 2,000/s', calls.put, 12_000, { ...many, rate: 2_000 }),
  unary('linearizable get, 128 in flight', calls.linearizableGet, 60_000, many),
  unary('linearizable get at 4,000/s', calls.linearizableGet, 24_000, { ...many, rate: 4_000 }),
  unary('serializable get, 128 in flight', calls.serializableGet, 60_000, many),
  unary('range of 100 keys, 32 in flight', calls.rangeOf100, 6_000, { connections: 4, streamsPerConnection: 8 }),
  unary('kube-apiserver txn, 64 in flight', calls.kubeTxn, 20_000, some),
  unary('lease grant, 64 in flight', calls.leaseGrant, 10_000, some),
  byEtcdBenchmark('put, 100,000 keys, 100 clients', 20_000, (total) => [
    'put',
    ...words(`--key-space-size 100000 --val-size ${calls.valueBytes} --key-size 16 --total ${total}`),
    ...hundredClients,
  ]),
  byEtcdBenchmark('lease keep-alive, 100 clients', 10_000, (total) => [
    'lease-keepalive',
    '--total',
    `${total}`,
    ...hundredClients,
  ]),
  watch('watch: 1,000 watchers of one key', 1, 300),
  watch('watch: 1,000 watchers of 1,000 keys', watchers, 20_000),
];
