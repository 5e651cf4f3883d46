import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { DurationHistogram } from '../../base/duration-histogram.ts';
import type { Backend, WriteOp } from './backend.ts';

export interface WriteBehindOptions {
  /** the record that says up to which index everything is applied; written with what it describes */
  readonly indexOp: (index: number) => WriteOp;
  /** everything up to `index` is on the disk */
  readonly onDurable: (index: number) => void;
  /** a write or sync failed: nothing more will be written */
  readonly onFailed: (error: Error) => void;
  readonly durableIndex: number;
  readonly clock?: Clock;
  /** back-pressure above; default 32 MiB */
  readonly bufferBytesMax?: number;
  /** default 5000 */
  readonly syncEveryMs?: number;
  /** default 10,000 */
  readonly syncEveryIndexes?: number;
}

interface Group {
  ops: WriteOp[];
  /** by name: of what is written again and again only the last */
  latest: Map<string, WriteOp>;
  bytes: number;
  index: number;
  /** number of the last commit in it */
  commit: number;
}

/** a batch of this size is written at a time */
const batchBytesMax = 4 * 1024 * 1024;
const opOverheadBytes = 32;
/** what comes within this time goes into one batch, unless it is so much, or somebody waits */
const gatherMs = 100;
const gatherBytes = 256 * 1024;

const emptyGroup = (): Group => ({ ops: [], latest: new Map(), bytes: 0, index: 0, commit: 0 });

/**
 * Changes are made in memory first and reach the backend behind, in order and in batches that end at whole indexes. A
 * crash loses what had not been written; the log gives it again from the durable index on.
 */
export class WriteBehind {
  readonly writeDurations = new DurationHistogram();
  readonly #backend: Backend;
  readonly #options: WriteBehindOptions;
  readonly #clock: Clock;
  readonly #bufferBytesMax: number;
  readonly #stopTimer: () => void;
  #staged = emptyGroup();
  #queue: Group[] = [];
  #queuedBytes = 0;
  #committed: number;
  /** commits so far; an index may be committed more than once, where a clean-up follows it */
  #commits = 0;
  #commitsWritten = 0;
  #written: number;
  #durable: number;
  #writing: Promise<void> | undefined;
  /** ends the time of gathering */
  #hurry: (() => void) | undefined;
  #syncing: Promise<void> | undefined;
  #failed: Error | undefined;
  #room: (() => void)[] = [];

  constructor(backend: Backend, options: WriteBehindOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#bufferBytesMax = options.bufferBytesMax ?? 32 * 1024 * 1024;
    this.#committed = options.durableIndex;
    this.#written = options.durableIndex;
    this.#durable = options.durableIndex;
    this.#clock = options.clock ?? systemClock;
    this.#stopTimer = this.#clock.every(options.syncEveryMs ?? 5000, () => {
      if (this.#written > this.#durable) this.#startSync();
    });
  }

  get durableIndex(): number {
    return this.#durable;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#staged.bytes;
  }

  /** A change that belongs to the index of the next `commit`; no other is of its key. */
  stage(op: WriteOp): void {
    this.#staged.ops.push(op);
    this.#staged.bytes += op.key.length + (op.value?.length ?? 0) + opOverheadBytes;
  }

  /** As `stage`, and takes the place of an earlier change of the same key that is not on its way yet. */
  stageLatest(op: WriteOp): void {
    const name = Buffer.from(op.key.buffer, op.key.byteOffset, op.key.length).toString('latin1');
    this.#staged.latest.set(name, op);
    this.#staged.bytes += op.key.length + (op.value?.length ?? 0) + opOverheadBytes;
  }

  /** What was staged belongs to `index`. Returns a promise when the buffer is full: wait for it before going on. */
  commit(index: number): void | Promise<void> {
    this.#committed = index;
    const staged = this.#staged;
    staged.index = index;
    staged.commit = ++this.#commits;
    this.#queuedBytes += staged.bytes;
    const last = this.#queue[this.#queue.length - 1];
    if (last !== undefined && last.bytes + staged.bytes <= batchBytesMax) {
      append(last, staged);
      staged.ops.length = 0;
      staged.latest.clear();
      staged.bytes = 0;
    } else {
      this.#queue.push(staged);
      this.#staged = emptyGroup();
    }
    this.#startWriting();
    if (this.#queuedBytes >= gatherBytes) this.#hurry?.();
    if (this.#queuedBytes > this.#bufferBytesMax && this.#failed === undefined) {
      return new Promise((resolve) => this.#room.push(resolve));
    }
  }

  /** All that was committed is written (not synced). */
  async flush(): Promise<void> {
    const until = this.#commits;
    while (this.#commitsWritten < until && this.#failed === undefined) {
      this.#startWriting();
      this.#hurry?.();
      await this.#writing;
    }
    if (this.#failed) throw this.#failed;
  }

  /** All that was committed is on the disk. */
  async sync(): Promise<void> {
    const until = this.#committed;
    await this.flush();
    while (this.#durable < until && this.#failed === undefined) {
      this.#startSync();
      await this.#syncing;
    }
    if (this.#failed) throw this.#failed;
  }

  /** Writes nothing more until `restart`; the backend is about to be replaced. */
  async pause(): Promise<void> {
    await this.flush();
    await this.#syncing;
  }

  /** The backend holds everything up to `index`, durably. */
  restart(index: number): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#staged = emptyGroup();
    this.#committed = index;
    this.#commitsWritten = this.#commits;
    this.#written = index;
    this.#durable = index;
  }

  /** Writes and syncs what is there. */
  async stop(): Promise<void> {
    this.#stopTimer();
    if (this.#failed === undefined) await this.sync();
  }

  #startWriting(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    await this.#gather();
    while (this.#queue.length > 0 && this.#failed === undefined) {
      const group = this.#queue.shift()!;
      for (const op of group.latest.values()) group.ops.push(op);
      group.ops.push(this.#options.indexOp(group.index));
      const startMs = this.#clock.monotonicMs();
      try {
        await this.#backend.write(group.ops);
        this.writeDurations.observe(this.#clock.monotonicMs() - startMs);
      } catch (error) {
        this.#fail(error);
        return;
      }
      this.#written = group.index;
      this.#commitsWritten = group.commit;
      this.#queuedBytes -= group.bytes;
      if (this.#queuedBytes <= this.#bufferBytesMax / 2) this.#giveRoom();
      if (this.#written - this.#durable >= (this.#options.syncEveryIndexes ?? 10_000)) this.#startSync();
    }
  }

  /** The cost of a batch is more than that of a change in it: so there are few of them, and each is large. */
  async #gather(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(gatherMs, resolve);
      this.#hurry = () => {
        cancel();
        resolve();
      };
    });
    this.#hurry = undefined;
  }

  #startSync(): void {
    this.#syncing ??= this.#syncOnce().finally(() => {
      this.#syncing = undefined;
    });
  }

  async #syncOnce(): Promise<void> {
    const until = this.#written;
    try {
      await this.#backend.sync();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (until <= this.#durable) return;
    this.#durable = until;
    this.#options.onDurable(until);
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = error instanceof Error ? error : new Error(String(error));
    this.#giveRoom();
    this.#options.onFailed(this.#failed);
  }

  #giveRoom(): void {
    const waiting = this.#room;
    this.#room = [];
    for (const resolve of waiting) resolve();
  }
}

function append(group: Group, more: Group): void {
  for (const op of more.ops) group.ops.push(op);
  for (const [name, op] of more.latest) group.latest.set(name, op);
  group.bytes += more.bytes;
  group.index = more.index;
  group.commit = more.commit;
}
