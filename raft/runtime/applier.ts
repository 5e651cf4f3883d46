import { decodeConfChange } from '../core/conf-change-codec.ts';
import type { ConfState, Entry, LogIndex, RawNodeApi, SnapshotMeta } from '../core/types.ts';
import type { AppliedEntry, StateMachine } from './types.ts';

/** One call of the machine gets at most so much. */
const batchEntriesMax = 1024;
const batchBytesMax = 4 * 1024 * 1024;

export interface ApplierHost {
  readonly raw: Pick<RawNodeApi, 'applied' | 'applyConfChange'>;
  readonly machine: StateMachine;
  /** after each batch */
  onApplied(): void;
  onFailed(error: Error): void;
}

/** Why the member cannot go on: its state machine threw. */
export class StateMachineError extends Error {
  override name = 'StateMachineError';
}

/**
 * Feeds committed entries to the state machine, in order and one batch at a time; waits while the machine's own buffer
 * is full, or its state is being replaced. What queues here is bounded by the core, which hands out only so much
 * beyond what it was told is applied.
 */
export class Applier {
  readonly #host: ApplierHost;
  #queue: Entry[] = [];
  #applied: LogIndex;
  /** index of the last entry the machine was given (others, such as a new leader's empty one, change no state) */
  #lastGiven: LogIndex;
  #busy: Promise<void> | undefined;
  #stopped = false;
  /** configurations by the index from which they are in force, oldest first */
  #configurations: { index: LogIndex; confState: ConfState }[];

  constructor(host: ApplierHost, applied: LogIndex, confState: ConfState) {
    this.#host = host;
    this.#applied = applied;
    this.#lastGiven = applied;
    this.#configurations = [{ index: 0, confState }];
  }

  get applied(): LogIndex {
    return this.#applied;
  }

  get lastGiven(): LogIndex {
    return this.#lastGiven;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** The configuration in force once all up to `index` was applied. */
  confStateAt(index: LogIndex): ConfState {
    return this.#configurations.findLast((c) => c.index <= index)?.confState ?? this.#configurations[0]!.confState;
  }

  /** Configurations that were replaced at or before `index` are not asked for any more. */
  forgetBefore(index: LogIndex): void {
    const current = this.#configurations.findLastIndex((c) => c.index <= index);
    if (current > 0) this.#configurations.splice(0, current);
  }

  enqueue(entries: readonly Entry[]): void {
    for (const entry of entries) this.#queue.push(entry);
    this.#pump();
  }

  /** Replaces the machine's state; entries wait meanwhile, those that the snapshot covers are dropped. */
  async restore(meta: SnapshotMeta, image: () => Promise<AsyncIterable<Uint8Array>>): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
    if (this.#stopped) return;
    const restoring = this.#restore(meta, image);
    this.#busy = restoring.catch(() => {});
    try {
      await restoring;
    } finally {
      this.#busy = undefined;
    }
    this.#pump();
  }

  async #restore(meta: SnapshotMeta, image: () => Promise<AsyncIterable<Uint8Array>>): Promise<void> {
    await this.#host.machine.restore(meta, await image());
    this.#queue = this.#queue.filter((entry) => entry.index > meta.index);
    this.#applied = Math.max(this.#applied, meta.index);
    this.#lastGiven = Math.max(this.#lastGiven, meta.index);
    this.#configurations = [{ index: meta.index, confState: meta.confState }];
  }

  /** Nothing is applied any more; resolves when the machine is at rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue = [];
    while (this.#busy !== undefined) await this.#busy;
  }

  #pump(): void {
    try {
      while (!this.#stopped && this.#busy === undefined && this.#queue.length > 0) {
        if (this.#queue[0]!.type === 'conf-change') this.#applyConfChange(this.#queue.shift()!);
        else this.#applyBatch(this.#takeBatch());
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #takeBatch(): Entry[] {
    let count = 0;
    let bytes = 0;
    for (const entry of this.#queue) {
      bytes += entry.data.length;
      if (entry.type !== 'normal' || count >= batchEntriesMax || (count > 0 && bytes > batchBytesMax)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #applyBatch(entries: readonly Entry[]): void {
    const batch: AppliedEntry[] = [];
    for (const { index, term, data } of entries) if (data.length > 0) batch.push({ index, term, data });
    const last = entries.at(-1)!.index;
    const pressure = batch.length > 0 ? this.#host.machine.apply(batch) : undefined;
    this.#lastGiven = batch.at(-1)?.index ?? this.#lastGiven;
    this.#advance(last);
    if (!(pressure instanceof Promise)) return;
    this.#busy = this.#waitFor(pressure);
  }

  async #waitFor(pressure: Promise<void>): Promise<void> {
    try {
      await pressure;
    } catch (error) {
      this.#fail(error);
    }
    this.#busy = undefined;
    this.#pump();
  }

  #applyConfChange(entry: Entry): void {
    const change = decodeConfChange(entry.data);
    const confState = this.#host.raw.applyConfChange(change);
    this.#configurations.push({ index: entry.index, confState });
    this.#host.machine.applyConfChange(entry.index, change, confState);
    this.#lastGiven = entry.index;
    this.#advance(entry.index);
  }

  #advance(index: LogIndex): void {
    this.#applied = index;
    this.#host.raw.applied(index);
    this.#host.onApplied();
  }

  #fail(error: unknown): void {
    this.#stopped = true;
    const text = error instanceof Error ? error.message : String(error);
    const message = `the state machine failed after entry ${this.#applied}: ${text}`;
    this.#host.onFailed(new StateMachineError(message, { cause: error }));
  }
}
