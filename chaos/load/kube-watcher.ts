import { sleep } from '../../base/clock.ts';
import type { KubeEvent } from '../check/kube-history.ts';
import { collection, viewOf } from './kube-recorder.ts';
import { KubeRest, KubeStatusError } from './kube-rest.ts';
import type { KubeLoadClient, KubeLoadContext } from './kube-writers.ts';

interface WireEvent {
  readonly type: string;
  readonly object: { code?: number; message?: string; metadata?: { resourceVersion?: string } };
}

const reopenAfterMs = 100;
const goneStatus = 410;
/** a watch is left and taken up again now and then, as clients do, and because a paused server never says goodbye */
const connectionSeconds = 4;

/** Watches all ConfigMaps, and goes on where it was whenever its connection ends. */
export class KubeWatcher implements KubeLoadClient {
  readonly #context: KubeLoadContext;
  readonly #rest: KubeRest;
  readonly #name: string;
  readonly #events: KubeEvent[] = [];
  readonly #gaps: [number, number][] = [];
  readonly #startVersion: number;
  #version: number;
  #stopped = false;
  #abort = new AbortController();

  constructor(context: KubeLoadContext, name: string, startVersion: number) {
    this.#context = context;
    this.#name = name;
    this.#rest = new KubeRest(context.kubeconfig);
    this.#startVersion = startVersion;
    this.#version = startVersion;
  }

  /** how far it has come */
  get version(): number {
    return this.#version;
  }

  async run(): Promise<void> {
    const { recorder } = this.#context;
    while (!this.#stopped) {
      try {
        await this.#connection();
      } catch (error) {
        if (error instanceof KubeStatusError && error.status === goneStatus) await this.#relist();
        else if (!this.#stopped) await sleep(reopenAfterMs);
      }
    }
    await this.#rest.close();
    const { name, startVersion } = { name: this.#name, startVersion: this.#startVersion };
    const log = { name, startVersion, events: this.#events, gaps: this.#gaps, syncedVersion: this.#version };
    recorder.watches.push(log);
  }

  stop(): void {
    this.#stopped = true;
    this.#abort.abort();
  }

  async #connection(): Promise<void> {
    this.#abort = new AbortController();
    const timer = setTimeout(() => this.#abort.abort(), connectionSeconds * 1500);
    const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${connectionSeconds}&resourceVersion=${this.#version}`;
    try {
      for await (const event of this.#rest.watch(`${collection}?${query}`, this.#abort.signal)) {
        this.#take(event as WireEvent);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take({ type, object }: WireEvent): void {
    if (type === 'ERROR') throw new KubeStatusError(object.code ?? 0, object.message ?? '');
    const version = Number(object.metadata?.resourceVersion ?? 0);
    if (type === 'BOOKMARK') {
      this.#version = Math.max(this.#version, version);
      return;
    }
    const view = viewOf(object);
    this.#version = Math.max(this.#version, version);
    const kind = type as KubeEvent['type'];
    this.#events.push({ type: kind, object: view.name, number: view.number, resourceVersion: version });
  }

  /** As clients do when the history that they need is gone. */
  async #relist(): Promise<void> {
    const answer = await this.#context.recorder.ask(this.#rest, 'GET', collection);
    if (answer?.status !== 200) return;
    const { metadata } = answer.json as { metadata: { resourceVersion: string } };
    const version = Number(metadata.resourceVersion);
    this.#gaps.push([this.#version, version]);
    this.#version = Math.max(this.#version, version);
  }
}
