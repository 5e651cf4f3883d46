import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfChange, ConfState, LogIndex, SnapshotMeta } from '../../core/types.ts';
import type { AppliedEntry, StateMachine } from '../types.ts';

interface State {
  index: LogIndex;
  /** what was applied, in order */
  values: string[];
}

/** Remembers every proposal it was given. For tests: its durable state is one file, written on `flush`. */
export class ToyMachine implements StateMachine {
  readonly #file: string;
  #state: State = { index: 0, values: [] };
  #durable: LogIndex = 0;
  #known = new Set<string>();
  restores = 0;
  /** set: called in the middle of a restore, before anything is replaced */
  duringRestore: (() => Promise<void>) | undefined;
  confStates: ConfState[] = [];
  /** told after each batch */
  onApply: (index: LogIndex) => void = () => {};

  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true });
    this.#file = join(dataDir, 'toy.json');
    try {
      this.#state = JSON.parse(readFileSync(this.#file, 'utf8')) as State;
      this.#durable = this.#state.index;
      this.#known = new Set(this.#state.values);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  get values(): readonly string[] {
    return this.#state.values;
  }

  get index(): LogIndex {
    return this.#state.index;
  }

  get durableIndex(): LogIndex {
    return this.#durable;
  }

  flush(): LogIndex {
    writeFileSync(`${this.#file}.tmp`, JSON.stringify(this.#state));
    renameSync(`${this.#file}.tmp`, this.#file);
    this.#durable = this.#state.index;
    return this.#durable;
  }

  apply(entries: readonly AppliedEntry[]): void {
    for (const { index, data } of entries) {
      if (index <= this.#state.index) throw new Error(`entry ${index} again, after ${this.#state.index}`);
      this.#state.index = index;
      const value = Buffer.from(data).toString();
      // A client that is not sure asks again; the value is its request's identity.
      if (!this.#known.has(value)) this.#state.values.push(value);
      this.#known.add(value);
    }
    this.onApply(this.#state.index);
  }

  applyConfChange(index: LogIndex, _change: ConfChange, confState: ConfState): void {
    this.#state.index = index;
    this.confStates.push(confState);
  }

  openSnapshot(): Promise<{ index: LogIndex; chunks: AsyncIterable<Uint8Array> }> {
    const bytes = Buffer.from(JSON.stringify(this.#state));
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    }
    return Promise.resolve({ index: this.#state.index, chunks: chunks() });
  }

  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    await this.duringRestore?.();
    this.#state = JSON.parse(Buffer.concat(parts).toString()) as State;
    this.#state.index = meta.index;
    this.#known = new Set(this.#state.values);
    this.restores++;
    this.flush();
  }
}
