import { ApiException, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import type { ConfigMap } from '../../api/types/core-v1.ts';
import { pause } from './local-cluster.ts';
import { Rest } from './rest.ts';
import type { Answer } from './rest.ts';

/** A write that was acknowledged: when it was begun and when its answer came, by performance.now(). */
export interface Acknowledged {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Goes on writing until stopped, and can tell afterwards whether the store kept its word. */
export interface Writer {
  readonly acknowledged: readonly Acknowledged[];
  /** ends the loop after the write under way; throws what no writer should ever be told */
  stop(): Promise<void>;
  /** what is wrong with what the cluster holds now; empty when all is well */
  faults(): Promise<string[]>;
}

const attemptTimeoutMs = 2_000;
const namespace = 'default';
const collection = `/api/v1/namespaces/${namespace}/configmaps`;

/** Runs `step` again and again; each step is one acknowledged write, however many attempts it takes. */
class Loop {
  readonly acknowledged: Acknowledged[] = [];
  readonly #ended: Promise<void>;
  #stopped = false;

  constructor(periodMs: number, step: (number: number) => Promise<void>) {
    this.#ended = this.#run(periodMs, step);
    this.#ended.catch(() => {}); // told by stop()
  }

  async #run(periodMs: number, step: (number: number) => Promise<void>): Promise<void> {
    for (let number = 0; !this.#stopped; number++) {
      const startedMs = performance.now();
      await step(number);
      this.acknowledged.push({ startedMs, endedMs: performance.now() });
      await pause(periodMs);
    }
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#ended;
  }
}

/** An answer, or undefined where none came or the server said that it cannot serve now: the outcome is not known. */
async function attempt(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    const answer = await ask();
    if (answer.status < 500 && answer.status !== 429) return answer;
  } catch {
    // the connection broke, or no answer came in time
  }
  await pause(5);
  return undefined;
}

/**
 * Counts in one object by optimistic concurrency, and keeps in it a mark of each increment. An increment whose outcome
 * is not known is looked for by its mark before it is tried again, so the count must be exact at the end.
 */
export function countingWriter(kubeconfig: string, name: string, periodMs = 20): Writer {
  const rest = Rest.of(kubeconfig, { connections: 1 });
  const path = `${collection}/${name}`;
  const read = async (): Promise<ConfigMap> => {
    for (;;) {
      const answer = await attempt(() => rest.request('GET', path, { timeoutMs: attemptTimeoutMs }));
      if (answer?.status === 200) return answer.json;
      if (answer?.status === 404) return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
      if (answer !== undefined) throw new Error(`reading ${name}: ${answer.text}`);
    }
  };
  const marksOf = (object: ConfigMap): string[] => (object.data?.['marks'] ?? '').split(' ').filter((m) => m !== '');
  const acknowledgedMarks: string[] = [];
  let latest: ConfigMap | undefined;
  const increment = async (number: number): Promise<void> => {
    const mark = number.toString(36);
    for (;;) {
      latest ??= await read();
      if (marksOf(latest).includes(mark)) break; // an attempt whose answer got lost
      const count = Number(latest.data?.['count'] ?? 0) + 1;
      const data = { count: `${count}`, marks: [...marksOf(latest), mark].join(' ') };
      const exists = latest.metadata?.resourceVersion !== undefined;
      const body = { ...latest, data };
      const answer = await attempt(() =>
        rest.request(exists ? 'PUT' : 'POST', exists ? path : collection, { body, timeoutMs: attemptTimeoutMs }),
      );
      if (answer?.status === 200 || answer?.status === 201) {
        latest = answer.json;
        break;
      }
      latest = undefined; // read what is there: another attempt of ours may have arrived
      if (answer !== undefined && answer.status !== 409) throw new Error(`writing ${name}: ${answer.text}`);
    }
    acknowledgedMarks.push(mark);
  };
  const loop = new Loop(periodMs, increment);
  return {
    acknowledged: loop.acknowledged,
    stop: () => loop.stop(),
    async faults() {
      const object = await read();
      const marks = marksOf(object);
      rest.close();
      const lost = acknowledgedMarks.filter((mark) => !marks.includes(mark));
      return [
        ...lost.map((mark) => `${name}: increment ${mark} was acknowledged and is gone`),
        ...(new Set(marks).size === marks.length ? [] : [`${name}: an increment happened twice: ${marks.join(' ')}`]),
        ...(Number(object.data?.['count']) === marks.length
          ? []
          : [`${name}: counts ${object.data?.['count']}, has ${marks.length} marks`]),
      ];
    },
  };
}

/** Creates objects through @kubernetes/client-node, each once: an answer that got lost is followed by AlreadyExists. */
export function creatingWriter(kubeconfig: string, prefix: string, periodMs = 30): Writer {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const uids = new Map<string, string>();
  const create = async (number: number): Promise<void> => {
    const name = `${prefix}-${number}`;
    const body = { metadata: { name, labels: { writer: prefix } }, data: { number: `${number}` } };
    for (let doubtful = false; ; doubtful = true) {
      try {
        const created = await within(attemptTimeoutMs, api.createNamespacedConfigMap({ namespace, body }));
        uids.set(name, created.metadata?.uid ?? '');
        return;
      } catch (error) {
        const code = error instanceof ApiException ? error.code : 500;
        if (code === 409 && doubtful) return;
        if (code < 500 && code !== 429) throw error;
        await pause(5);
      }
    }
  };
  const loop = new Loop(periodMs, create);
  return {
    acknowledged: loop.acknowledged,
    stop: () => loop.stop(),
    async faults() {
      const { items } = await api.listNamespacedConfigMap({ namespace, labelSelector: `writer=${prefix}` });
      const found = new Map(items.map((item) => [item.metadata?.name ?? '', item]));
      const faults = found.size === items.length ? [] : [`${prefix}: a list names an object twice`];
      for (let number = 0; number < loop.acknowledged.length; number++) {
        const name = `${prefix}-${number}`;
        const item = found.get(name);
        const uid = uids.get(name);
        if (item === undefined) faults.push(`${name} was acknowledged and is gone`);
        else if (item.data?.['number'] !== `${number}`) faults.push(`${name} holds ${item.data?.['number']}`);
        else if (uid !== undefined && item.metadata?.uid !== uid) faults.push(`${name} was created twice`);
      }
      if (found.size > loop.acknowledged.length + 1) faults.push(`${prefix}: ${found.size} objects, more than created`);
      return faults;
    },
  };
}

/** client-node has no timeout of its own; a paused server would hold the writer for ever. */
function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  promise.catch(() => {});
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
