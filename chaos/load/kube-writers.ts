import { sleep } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { KubeWrite } from '../check/kube-history.ts';
import { collection, configMap, outcomeOf, viewOf } from './kube-recorder.ts';
import type { ConfigMapView, KubeRecorder } from './kube-recorder.ts';
import { KubeRest } from './kube-rest.ts';

export interface KubeLoadContext {
  readonly recorder: KubeRecorder;
  readonly kubeconfig: string;
  readonly random: Random;
  /** mean pause between two calls of a client */
  readonly periodMs: number;
  /** all names that writers have used so far */
  readonly names: Set<string>;
}

export interface KubeLoadClient {
  run(): Promise<void>;
  stop(): void;
}

const objectsPerWriter = 4;

interface Owned {
  readonly name: string;
  number: number;
  /** what is there; null: nothing; undefined: not known, to be read first */
  view: ConfigMapView | null | undefined;
}

/** Creates, updates and deletes objects of its own, each write guarded by the version that it is based on. */
export class ObjectWriter implements KubeLoadClient {
  readonly #context: KubeLoadContext;
  readonly #rest: KubeRest;
  readonly #writer: number;
  readonly #objects: Owned[] = [];
  #names = 0;
  #stopped = false;

  constructor(context: KubeLoadContext, writer: number) {
    this.#context = context;
    this.#writer = writer;
    this.#rest = new KubeRest(context.kubeconfig);
    for (let i = 0; i < objectsPerWriter; i++) this.#objects.push(this.#newObject());
  }

  async run(): Promise<void> {
    const { random, periodMs } = this.#context;
    while (!this.#stopped) {
      const index = random.below(this.#objects.length);
      await this.#turn(index);
      await sleep(periodMs * 2 * random.next());
    }
    await this.#rest.close();
  }

  stop(): void {
    this.#stopped = true;
  }

  #newObject(): Owned {
    const name = `w${this.#writer}-${++this.#names}`;
    this.#context.names.add(name);
    return { name, number: 0, view: null };
  }

  async #turn(index: number): Promise<void> {
    const object = this.#objects[index]!;
    const { recorder, random } = this.#context;
    if (object.view === undefined) {
      object.view = await recorder.get(this.#rest, object.name);
      return;
    }
    const { view } = object;
    if (view === null) await this.#create(object, index);
    else if (random.below(6) === 0) await this.#delete(object, view);
    else if (random.below(3) === 0) await recorder.get(this.#rest, object.name);
    else await this.#update(object, view);
  }

  async #create(object: Owned, index: number): Promise<void> {
    const number = ++object.number;
    const made = await this.#write(object, 'create', number, 'POST', collection, configMap(object.name, number));
    // one that is still on its way could be done after a later deletion: the name is not used again
    if (made.outcome === 'unknown') this.#objects[index] = this.#newObject();
  }

  async #update(object: Owned, view: ConfigMapView): Promise<void> {
    const number = ++object.number;
    const body = configMap(object.name, number, view.resourceVersion);
    await this.#write(object, 'update', number, 'PUT', `${collection}/${object.name}`, body);
  }

  async #delete(object: Owned, { uid, resourceVersion }: ConfigMapView): Promise<void> {
    const preconditions = { uid, resourceVersion: String(resourceVersion) };
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
    await this.#write(object, 'delete', ++object.number, 'DELETE', `${collection}/${object.name}`, body);
  }

  async #write(
    object: Owned,
    kind: KubeWrite['kind'],
    number: number,
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body: object,
  ): Promise<KubeWrite> {
    const { recorder } = this.#context;
    const startMs = recorder.activity.nowMs();
    const answer = await recorder.ask(this.#rest, method, path, body);
    const outcome = outcomeOf(answer);
    const view = outcome === 'ok' && kind !== 'delete' ? viewOf(answer?.json) : undefined;
    const write: KubeWrite = {
      object: object.name,
      number,
      kind,
      startMs,
      outcome,
      ...(outcome === 'unknown' ? {} : { endMs: recorder.activity.nowMs() }),
      ...(view && { resourceVersion: view.resourceVersion }),
    };
    recorder.writes.push(write);
    if (outcome !== 'ok') object.view = undefined;
    else object.view = view ?? null;
    return write;
  }
}

/** Increments counters that it shares with others: read, add one, write under the version that was read. */
export class CounterClient implements KubeLoadClient {
  readonly #context: KubeLoadContext;
  readonly #rest: KubeRest;
  readonly #counters: readonly string[];
  #stopped = false;

  constructor(context: KubeLoadContext, counters: readonly string[]) {
    this.#context = context;
    this.#rest = new KubeRest(context.kubeconfig);
    this.#counters = counters;
  }

  async run(): Promise<void> {
    const { random, periodMs, recorder } = this.#context;
    while (!this.#stopped) {
      const counter = this.#counters[random.below(this.#counters.length)]!;
      const path = `${collection}/${counter}`;
      const read = await recorder.ask(this.#rest, 'GET', path);
      if (read?.status === 200) {
        const { number, resourceVersion } = viewOf(read.json);
        const to = number + 1;
        const answer = await recorder.ask(this.#rest, 'PUT', path, configMap(counter, to, resourceVersion));
        recorder.increments.push({ counter, to, outcome: outcomeOf(answer) });
      }
      await sleep(periodMs * 2 * random.next());
    }
    await this.#rest.close();
  }

  stop(): void {
    this.#stopped = true;
  }
}

/** Lists everything now and then. */
export class Lister implements KubeLoadClient {
  readonly #context: KubeLoadContext;
  readonly #rest: KubeRest;
  #stopped = false;

  constructor(context: KubeLoadContext) {
    this.#context = context;
    this.#rest = new KubeRest(context.kubeconfig);
  }

  async run(): Promise<void> {
    const { recorder, names, periodMs } = this.#context;
    while (!this.#stopped) {
      // names of objects that no longer change only take time
      await recorder.list(this.#rest, [...names].slice(-3 * objectsPerWriter));
      await sleep(periodMs * 8);
    }
    await this.#rest.close();
  }

  stop(): void {
    this.#stopped = true;
  }
}
