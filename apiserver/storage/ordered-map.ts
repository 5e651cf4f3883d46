import { prefixEnd } from './etcd-client.ts';

/** A map whose keys are also kept in order, for lists by prefix. */
export class OrderedMap<V> {
  readonly #values = new Map<string, V>();
  #keys: string[] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) {
      const last = this.#keys.at(-1);
      if (last === undefined || last < key) this.#keys.push(key);
      else this.#keys.splice(this.#firstAtOrAfter(key), 0, key);
    }
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    this.#keys.splice(this.#firstAtOrAfter(key), 1);
    return true;
  }

  /** Values of the keys that begin with `prefix` and are not before `from`, in order of keys. */
  *range(prefix: string, from = prefix): Generator<V> {
    for (let i = this.#firstAtOrAfter(from > prefix ? from : prefix); i < this.#keys.length; i++) {
      const key = this.#keys[i] as string;
      if (!key.startsWith(prefix)) return;
      yield this.#values.get(key) as V;
    }
  }

  /** How many keys begin with `prefix`, which ends in '/': no key is visited. */
  count(prefix: string): number {
    return this.#firstAtOrAfter(prefixEnd(prefix)) - this.#firstAtOrAfter(prefix);
  }

  #firstAtOrAfter(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
