import { deepEqual } from '../../api/meta/deep-equal.ts';
import type { KubeObject } from '../pipeline.ts';

/**
 * When policies or webhooks have changed an object, all of mutating admission runs once more; of them, those that ask
 * for it (`IfNeeded`) and have not seen the change.
 */
export class Reinvocation {
  #again = false;
  #wanted = false;
  /** by plugin: what may run again if somebody after it changes the object */
  readonly #invoked = new Map<string, Set<string>>();
  readonly #due = new Set<string>();
  readonly #outputs = new Map<string, unknown>();

  /** Is the second round to be run? Begins it. */
  beginsAgain(): boolean {
    if (!this.#wanted || this.#again) return false;
    this.#again = true;
    return true;
  }

  get round(): number {
    return this.#again ? 1 : 0;
  }

  begins(plugin: string, object: KubeObject | undefined): void {
    if (this.#again && !deepEqual(this.#outputs.get(plugin), object)) this.#require(plugin);
  }

  ends(plugin: string, object: KubeObject | undefined): void {
    this.#outputs.set(plugin, structuredClone(object));
  }

  /** in the second round: whoever has nothing new to see */
  skips(key: string): boolean {
    return this.#again && !this.#due.has(key);
  }

  changed(plugin: string): void {
    this.#require(plugin);
    this.#wanted = true;
  }

  mayRunAgain(plugin: string, key: string): void {
    const invoked = this.#invoked.get(plugin) ?? new Set();
    this.#invoked.set(plugin, invoked.add(key));
  }

  #require(plugin: string): void {
    for (const key of this.#invoked.get(plugin) ?? []) this.#due.add(key);
    this.#invoked.delete(plugin);
  }
}
