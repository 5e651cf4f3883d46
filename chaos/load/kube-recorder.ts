import { sleep } from '../../base/clock.ts';
import type { KubeHistory, KubeIncrement, KubeRead, KubeWatchLog, KubeWrite } from '../check/kube-history.ts';
import type { Activity } from './activity.ts';
import type { KubeAnswer, KubeRest } from './kube-rest.ts';

export const namespace = 'chaos';
export const collection = `/api/v1/namespaces/${namespace}/configmaps`;
export const callTimeoutMs = 2500;

export interface ConfigMapView {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: number;
  readonly number: number;
}

interface ConfigMapJson {
  metadata?: { name?: string; uid?: string; resourceVersion?: string };
  data?: Record<string, string>;
}

export function viewOf(json: unknown): ConfigMapView {
  const { metadata, data } = json as ConfigMapJson;
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    resourceVersion: Number(metadata?.resourceVersion ?? 0),
    number: Number(data?.['number'] ?? 0),
  };
}

export const configMap = (name: string, number: number, resourceVersion?: number): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...(resourceVersion !== undefined && { resourceVersion: String(resourceVersion) }) },
  data: { number: String(number) },
});

export type KubeOutcome = 'ok' | 'unknown' | 'refused';

/** Everything that the clients of the Kubernetes API saw. */
export class KubeRecorder {
  readonly activity: Activity;
  readonly writes: KubeWrite[] = [];
  readonly reads: KubeRead[] = [];
  readonly increments: KubeIncrement[] = [];
  readonly watches: KubeWatchLog[] = [];
  readonly counters: Record<string, number> = {};

  constructor(activity: Activity) {
    this.activity = activity;
  }

  get history(): KubeHistory {
    const { writes, reads, increments, watches, counters } = this;
    return { writes, reads, increments, watches, counters };
  }

  /** undefined: no answer, or one that leaves open whether it was done (5xx). Tells the activity. */
  async ask(
    rest: KubeRest,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<KubeAnswer | undefined> {
    const startMs = this.activity.nowMs();
    let answer: KubeAnswer | undefined;
    let reason = '';
    try {
      answer = await rest.request(method, path, body, callTimeoutMs);
      if (answer.status >= 500 || answer.status === 429) {
        reason = `${answer.status} ${(answer.json as { message?: string }).message ?? ''}`;
        answer = undefined;
      }
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    this.activity.add('kubernetes', startMs, answer !== undefined, method !== 'GET');
    if (answer === undefined) this.activity.error('kubernetes', reason);
    return answer;
  }

  /** A consistent read of one object; undefined where there was no answer, null where there is no such object. */
  async get(rest: KubeRest, object: string): Promise<ConfigMapView | null | undefined> {
    const startMs = this.activity.nowMs();
    const answer = await this.ask(rest, 'GET', `${collection}/${object}`);
    if (answer === undefined || (answer.status !== 200 && answer.status !== 404)) return undefined;
    const endMs = this.activity.nowMs();
    const view = answer.status === 200 ? viewOf(answer.json) : null;
    const read = { object, startMs, endMs, resourceVersion: view?.resourceVersion ?? 0, listed: false };
    this.reads.push(view === null ? read : { ...read, number: view.number });
    return view;
  }

  /** A consistent list; a read of each of `names`. False: no answer. */
  async list(rest: KubeRest, names: Iterable<string>): Promise<boolean> {
    const wanted = [...names];
    const startMs = this.activity.nowMs();
    const answer = await this.ask(rest, 'GET', collection);
    if (answer?.status !== 200) return false;
    const endMs = this.activity.nowMs();
    const { metadata, items } = answer.json as { metadata: { resourceVersion: string }; items: unknown[] };
    const views = new Map(items.map(viewOf).map((view) => [view.name, view]));
    for (const object of wanted) {
      const number = views.get(object)?.number;
      const resourceVersion = Number(metadata.resourceVersion);
      const read = { object, startMs, endMs, resourceVersion, listed: true };
      this.reads.push(number === undefined ? read : { ...read, number });
    }
    return true;
  }

  /** Repeats `action` until it returns something, or `isOver`. */
  static async until<T>(action: () => Promise<T | undefined>, isOver: () => boolean): Promise<T | undefined> {
    while (!isOver()) {
      const result = await action();
      if (result !== undefined) return result;
      await sleep(50);
    }
    return undefined;
  }
}

export function outcomeOf(answer: KubeAnswer | undefined): KubeOutcome {
  if (answer === undefined) return 'unknown';
  return answer.status >= 200 && answer.status < 300 ? 'ok' : 'refused';
}
