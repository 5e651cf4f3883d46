import { sleep } from '../../base/clock.ts';
import type { StatusResponse } from '../../proto/etcd-types.ts';
import { stateOf } from '../../cli/cluster/processes.ts';
import { StoreClient } from '../load/store-client.ts';
import type { ChaosCluster } from './chaos-cluster.ts';

export type Role = 'leader' | 'follower' | 'no leader' | 'silent' | 'paused' | 'down';

/** What one replica was for a while. */
export interface Span {
  readonly fromMs: number;
  toMs: number;
  readonly role: Role;
  readonly term: number;
}

const periodMs = 150;
const askTimeoutMs = 600;

/** Asks every replica for its role and term, all the time. */
export class Sampler {
  readonly spans = new Map<string, Span[]>();
  readonly #cluster: ChaosCluster;
  readonly #nowMs: () => number;
  readonly #onEnd: (replica: string) => void;
  #stopped = false;
  #ended: Promise<unknown> = Promise.resolve();

  /** `onEnd`: a process is gone that no fault has ended */
  constructor(cluster: ChaosCluster, nowMs: () => number, onEnd: (replica: string) => void) {
    this.#cluster = cluster;
    this.#nowMs = nowMs;
    this.#onEnd = onEnd;
  }

  start(): void {
    this.#ended = Promise.all(this.#cluster.names.map((name) => this.#follow(name)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  roleOf(name: string): Role {
    return this.spans.get(name)?.at(-1)?.role ?? 'silent';
  }

  /** of the highest term that anybody claims to lead */
  get leader(): string | undefined {
    let found: { name: string; term: number } | undefined;
    for (const name of this.#cluster.names) {
      const span = this.spans.get(name)?.at(-1);
      if (span?.role === 'leader' && span.term > (found?.term ?? -1)) found = { name, term: span.term };
    }
    return found?.name;
  }

  async #follow(name: string): Promise<void> {
    const { layout } = this.#cluster;
    const client = new StoreClient(layout, this.#cluster.place(name));
    while (!this.#stopped) {
      const state = stateOf(layout, name).state;
      if (state === 'running') await this.#ask(name, client);
      else this.#note(name, state === 'paused' ? 'paused' : 'down', 0);
      if (state === 'stopped' && !this.#cluster.isExpectedDown(name)) this.#onEnd(name);
      await sleep(periodMs);
    }
    client.close();
  }

  async #ask(name: string, client: StoreClient): Promise<void> {
    try {
      const { header, leader } = await client.call<StatusResponse>('Maintenance/Status', {}, askTimeoutMs);
      const term = header?.raftTerm ?? 0;
      if (leader === 0n) this.#note(name, 'no leader', term);
      else this.#note(name, leader === header?.memberId ? 'leader' : 'follower', term);
    } catch {
      const { state } = stateOf(this.#cluster.layout, name);
      this.#note(name, state === 'running' ? 'silent' : state === 'paused' ? 'paused' : 'down', 0);
    }
  }

  #note(name: string, role: Role, term: number): void {
    const nowMs = this.#nowMs();
    let spans = this.spans.get(name);
    if (spans === undefined) this.spans.set(name, (spans = []));
    const last = spans.at(-1);
    if (last !== undefined) last.toMs = nowMs;
    if (last?.role !== role || last.term !== term) spans.push({ fromMs: nowMs, toMs: nowMs, role, term });
  }
}
