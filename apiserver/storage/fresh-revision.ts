import type { EtcdClient } from './etcd-client.ts';

/**
 * The store's revision, proven by a quorum. Callers that come while one read is under way share the next one: the one
 * under way may have been answered before they came.
 */
export class FreshRevision {
  readonly #client: EtcdClient;
  readonly #key: string;
  #running: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  constructor(client: EtcdClient, key: string) {
    this.#client = client;
    this.#key = key;
  }

  get(): Promise<number> {
    if (this.#running === undefined) return this.#run();
    this.#next ??= this.#running.then(
      () => this.#startNext(),
      () => this.#startNext(),
    );
    return this.#next;
  }

  #startNext(): Promise<number> {
    this.#next = undefined;
    return this.#run();
  }

  #run(): Promise<number> {
    const read = this.#client.range({ key: this.#key, limit: 1, keysOnly: true }).then(({ revision }) => revision);
    this.#running = read;
    const ended = (): void => {
      if (this.#running === read) this.#running = undefined;
    };
    read.then(ended, ended);
    return read;
  }
}
