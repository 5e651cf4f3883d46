import { sleep } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { StatusResponse } from '../../proto/etcd-types.ts';
import type { ChaosCluster } from '../cluster/chaos-cluster.ts';
import { Activity } from './activity.ts';
import { prefix } from './draw-request.ts';
import { EtcdLoadClient } from './etcd-load.ts';
import { collection, configMap, KubeRecorder, namespace, viewOf } from './kube-recorder.ts';
import { KubeRest } from './kube-rest.ts';
import { KubeWatcher } from './kube-watcher.ts';
import { CounterClient, Lister, ObjectWriter } from './kube-writers.ts';
import type { KubeLoadClient, KubeLoadContext } from './kube-writers.ts';
import { Recorder } from './recorder.ts';
import { StoreClient } from './store-client.ts';
import { TruthWatch } from './truth-watch.ts';
import { WatchLoadClient } from './watch-load.ts';

export interface LoadOptions {
  readonly cluster: ChaosCluster;
  readonly random: Random;
  /** of the etcd API; the Kubernetes API has five clients and two watchers */
  readonly clients: number;
  /** mean pause between two calls of one client */
  readonly periodMs: number;
}

const etcdWatchers = 3;
const counters = ['counter-1', 'counter-2'];
const settleMs = 30_000;
const prepareTimeoutMs = 10_000;

interface Running {
  readonly client: { stop(): void };
  readonly ended: Promise<void>;
}

/** All clients of a run, and what they saw. */
export class Load {
  readonly activity = new Activity();
  readonly recorder = new Recorder();
  readonly kube = new KubeRecorder(this.activity);
  readonly truth: TruthWatch;
  readonly #options: LoadOptions;
  readonly #names = new Set<string>();
  readonly #running: Running[] = [];
  readonly #truthEnded: Promise<void>;
  #watchers: KubeWatcher[] = [];
  #watchersEnded: Promise<unknown> = Promise.resolve();

  private constructor(options: LoadOptions, fromRevision: number) {
    this.#options = options;
    this.truth = new TruthWatch(options.cluster, fromRevision, () => this.recorder.now());
    this.#truthEnded = this.truth.run();
  }

  static async start(options: LoadOptions): Promise<Load> {
    const { cluster } = options;
    const store = new StoreClient(cluster.layout, cluster.layout.replicas[0]!);
    const status = await store.call<StatusResponse>('Maintenance/Status', {}, 5000);
    store.close();
    const load = new Load(options, (status.header?.revision ?? 0) + 1);
    const version = await load.#prepareKube();
    load.activity.begin();
    load.#startEtcd();
    load.#startKube(version);
    return load;
  }

  #start(client: { run(): Promise<void>; stop(): void }): void {
    this.#running.push({ client, ended: client.run() });
  }

  #startEtcd(): void {
    const { cluster, random, clients, periodMs } = this.#options;
    const context = { cluster, recorder: this.recorder, activity: this.activity, random };
    for (let n = 1; n <= clients; n++) this.#start(new EtcdLoadClient(context, n, periodMs));
    for (let n = 1; n <= etcdWatchers; n++) this.#start(new WatchLoadClient(context, clients + n));
  }

  /** Returns the version to watch from. */
  async #prepareKube(): Promise<number> {
    const rest = new KubeRest(this.#options.cluster.layout.kubeconfig);
    const deadline = performance.now() + settleMs;
    const must = async (path: string, body: object): Promise<unknown> => {
      for (;;) {
        try {
          const { status, json } = await rest.request('POST', path, body, prepareTimeoutMs);
          if (status === 201 || status === 409) return json;
          throw new Error(`${path}: ${status} ${JSON.stringify(json)}`);
        } catch (error) {
          if (performance.now() > deadline) throw error;
          await sleep(500);
        }
      }
    };
    await must('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (const counter of counters) await must(collection, configMap(counter, 0));
    const { json } = await rest.request('GET', collection, undefined, prepareTimeoutMs);
    await rest.close();
    return Number((json as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion ?? 0);
  }

  #startKube(version: number): void {
    const { cluster, random, periodMs } = this.#options;
    const { kubeconfig } = cluster.layout;
    const context: KubeLoadContext = {
      recorder: this.kube,
      kubeconfig,
      random,
      periodMs: 2 * periodMs,
      names: this.#names,
    };
    const clients: KubeLoadClient[] = [
      new ObjectWriter(context, 1),
      new ObjectWriter(context, 2),
      new CounterClient(context, counters),
      new CounterClient(context, counters),
      new Lister(context),
    ];
    for (const client of clients) this.#start(client);
    this.#watchers = ['watcher 1', 'watcher 2'].map((name) => new KubeWatcher(context, name, version));
    this.#watchersEnded = Promise.all(this.#watchers.map((watcher) => watcher.run()));
  }

  /**
   * Ends all clients when the cluster is whole again: the last reads of all objects, and watches that have come to the
   * end. Returns what did not work within half a minute.
   */
  async finish(): Promise<string[]> {
    for (const { client } of this.#running) client.stop();
    await Promise.all(this.#running.map(({ ended }) => ended));
    const problems = [...(await this.#finishEtcd()), ...(await this.#finishKube())];
    this.truth.stop();
    for (const watcher of this.#watchers) watcher.stop();
    await Promise.all([this.#truthEnded, this.#watchersEnded]);
    return problems;
  }

  /** Ends all at once, where the run is given up. */
  async abandon(): Promise<void> {
    for (const { client } of this.#running) client.stop();
    this.truth.stop();
    for (const watcher of this.#watchers) watcher.stop();
    await Promise.all([...this.#running.map(({ ended }) => ended), this.#truthEnded, this.#watchersEnded]);
  }

  async #finishEtcd(): Promise<string[]> {
    const { cluster, random } = this.#options;
    const context = { cluster, recorder: this.recorder, activity: this.activity, random };
    const last = new EtcdLoadClient(context, 0, 0);
    const deadline = performance.now() + settleMs;
    const isOver = (): boolean => performance.now() > deadline;
    const put = { kind: 'put', key: `${prefix}end`, value: 'end' } as const;
    const written = await KubeRecorder.until(async () => ((await last.once(put)) ? true : undefined), isOver);
    last.stop();
    await last.run();
    if (written !== true) return ['no write to the etcd API was answered at the end'];
    const end = this.recorder.operations.at(-1)!.outcome;
    const revision = end.status === 'ok' ? end.response.revision : 0;
    while (this.truth.lastRevision < revision && !isOver()) await sleep(20);
    if (this.truth.lastRevision >= revision) return [];
    return [`the watch on all keys came to revision ${this.truth.lastRevision} only, of ${revision}`];
  }

  async #finishKube(): Promise<string[]> {
    const rest = new KubeRest(this.#options.cluster.layout.kubeconfig);
    const deadline = performance.now() + settleMs;
    const isOver = (): boolean => performance.now() > deadline;
    const problems: string[] = [];
    for (const counter of counters) {
      const view = await KubeRecorder.until(async () => {
        const answer = await this.kube.ask(rest, 'GET', `${collection}/${counter}`);
        return answer?.status === 200 ? viewOf(answer.json) : undefined;
      }, isOver);
      if (view === undefined) problems.push(`${counter} could not be read at the end`);
      else this.kube.counters[counter] = view.number;
    }
    const listed = async (): Promise<true | undefined> =>
      (await this.kube.list(rest, this.#names)) ? true : undefined;
    if ((await KubeRecorder.until(listed, isOver)) === undefined) problems.push('no list was answered at the end');
    const marked = await KubeRecorder.until(async () => {
      const answer = await this.kube.ask(rest, 'POST', collection, {
        ...configMap('', 1),
        metadata: { generateName: 'end-' },
      });
      return answer?.status === 201 ? viewOf(answer.json).resourceVersion : undefined;
    }, isOver);
    await rest.close();
    if (marked === undefined) return [...problems, 'no write to the Kubernetes API was answered at the end'];
    while (this.#watchers.some((watcher) => watcher.version < marked) && !isOver()) await sleep(20);
    for (const watcher of this.#watchers) {
      if (watcher.version >= marked) continue;
      problems.push(`a watch of the Kubernetes API came to version ${watcher.version} only, of ${marked}`);
    }
    return problems;
  }
}
