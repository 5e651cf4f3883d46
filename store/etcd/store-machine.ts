import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { DurationHistogram } from '../../base/duration-histogram.ts';
import type { Log } from '../../base/log.ts';
import type { ConfChange, ConfState, SnapshotMeta } from '../../raft/core/types.ts';
import type { AppliedEntry, StateMachine } from '../../raft/runtime/types.ts';
import type { Backend, BackendEntry, BackendSnapshot } from '../backend/backend.ts';
import { decodeImage, encodeImage } from '../backend/image.ts';
import { WriteBehind } from '../backend/write-behind.ts';
import type { Lease, StoreSink } from '../mvcc/types.ts';
import { applyCommand } from './apply.ts';
import type { ApplyObserver } from './apply.ts';
import type { AuthEvent } from './auth/apply-auth.ts';
import { authRecord } from './auth/auth-records.ts';
import { commandCodec, entryCodec } from './command.ts';
import { idToHex } from './identity.ts';
import { applyChange, changeFault, fromConfChange } from './member-change.ts';
import type { ProposedChange } from './member-change.ts';
import { memberDefaults } from './member-options.ts';
import {
  indexKey,
  jsonValue,
  leaseKey,
  leaseValue,
  localRange,
  metaKey,
  namedKey,
  parseJson,
  recordKey,
  recordValue,
  replicatedRange,
} from './records.ts';
import { loadState } from './store-state.ts';
import type { MemberRecord, StoreState } from './store-state.ts';

/** what became of one command */
export type Outcome = { readonly result: object } | { readonly error: unknown };

/** Whoever wants to know what was applied; called in log order. */
export interface MachineListener {
  /** an entry of `session` was applied; one outcome a command */
  applied(session: bigint, sequence: number, outcomes: readonly Outcome[]): void;
  /** a batch of entries is done: new revisions may be read */
  batchDone(): void;
  leaseStarted(lease: Lease): void;
  leaseEnded(id: bigint): void;
  /** what is known of the members changed, by `change` or by what a member tells of itself */
  membersChanged(change?: ProposedChange): void;
  /** tokens were given or taken away */
  auth?(event: AuthEvent): void;
  /** everything was replaced by a snapshot */
  restored(): void;
  durable(index: number): void;
  /** nothing can be made durable any more */
  failed(error: Error): void;
}

export interface StoreMachineOptions {
  readonly backend: Backend;
  readonly listener: MachineListener;
  readonly clock: Clock;
  readonly log: Log;
  /** of a new cluster; ignored where the backend knows members already */
  readonly initialMembers: ReadonlyMap<string, MemberRecord>;
  /** default 1 */
  readonly maxLearners?: number;
  /** a warning where applying what was committed together takes longer; 0 (the default): none */
  readonly slowApplyMs?: number;
}

/** changes that a compaction cleans up at a time between other work */
const compactStepChanges = 2000;

const indexOp = (index: number) => ({ key: indexKey, value: jsonValue(index) });

/**
 * An image that takes the place of the log up to `index`. Its own applied index may be lower, where the last entries
 * were none for the store (a new leader's empty one), but never higher. Throws before the end where it is, so that
 * nothing gets replaced.
 */
async function* imageAsOf(
  index: number,
  image: AsyncIterable<readonly BackendEntry[]>,
): AsyncIterable<readonly BackendEntry[]> {
  for await (const batch of image) {
    const own = batch.find(({ key }) => Buffer.compare(key, indexKey) === 0);
    const applied = own === undefined ? 0 : parseJson<number>(own.value);
    if (applied > index) throw new Error(`the snapshot of index ${index} holds a store applied up to ${applied}`);
    yield own === undefined ? batch : batch.filter((entry) => entry !== own);
  }
  yield [{ key: indexKey, value: jsonValue(index) }];
}

/** Calls `close` at the end, and also where the reader stops before it has begun: a generator's `finally` would not run then. */
function closingAfter(image: AsyncIterable<Uint8Array>, close: () => Promise<void>): AsyncIterable<Uint8Array> {
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* image;
    } finally {
      await close();
    }
  }
  const inner = chunks();
  const iterator: AsyncIterator<Uint8Array, void> = {
    next: () => inner.next(),
    return: async () => {
      await inner.return();
      await close();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** The store as Raft sees it: memory first, the backend behind it. */
export class StoreMachine implements StateMachine {
  readonly #backend: Backend;
  readonly #listener: MachineListener;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #writer: WriteBehind;
  readonly #sink: StoreSink;
  readonly #observer: ApplyObserver;
  readonly #maxLearners: number;
  readonly #slowApplyMs: number;
  #state: StoreState;
  #stagedMeta = '';
  readonly #sessionsChanged = new Set<string>();
  #compacting = false;
  /** while the backend is being replaced nothing of the old state may reach it */
  #restoring = false;
  #stopped = false;

  private constructor(options: StoreMachineOptions, state: StoreState, sink: StoreSink) {
    this.#backend = options.backend;
    this.#listener = options.listener;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#maxLearners = options.maxLearners ?? memberDefaults.maxLearners;
    this.#slowApplyMs = options.slowApplyMs ?? 0;
    this.#state = state;
    this.#sink = sink;
    this.#writer = new WriteBehind(options.backend, {
      indexOp,
      durableIndex: state.appliedIndex,
      clock: options.clock,
      onDurable: (index) => this.#listener.durable(index),
      onFailed: (error) => this.#listener.failed(error),
    });
    this.#observer = {
      leaseStarted: (lease) => this.#listener.leaseStarted(lease),
      leaseEnded: (id) => this.#listener.leaseEnded(id),
      alarmChanged: (name, active) => this.#stage(namedKey('a', name), active ? jsonValue(true) : undefined),
      memberChanged: (id) => {
        this.#stageMember(id);
        this.#listener.membersChanged();
      },
      auth: (event) => {
        if (event.kind !== 'records') this.#listener.auth?.(event);
        else for (const change of this.#state.auth.takeChanges()) this.#writer.stage(authRecord(change));
      },
    };
  }

  static async open(options: StoreMachineOptions): Promise<StoreMachine> {
    // loading stages nothing but what an interrupted compaction left, and by then the machine is there
    const early: { key: Uint8Array; value: undefined }[] = [];
    let machine: StoreMachine | undefined;
    const stage = (key: Uint8Array, value: Uint8Array | undefined): void => {
      if (machine) machine.#writer.stage({ key, value });
      else early.push({ key, value: undefined });
    };
    const sink: StoreSink = {
      putRecord: (record) => stage(recordKey(record), recordValue(record)),
      dropRecord: (record) => stage(recordKey(record), undefined),
      putLease: (lease) => machine!.#stage(leaseKey(lease.id), leaseValue(lease)),
      dropLease: (id) => machine!.#stage(leaseKey(id), undefined),
    };
    const state = await loadState(options.backend, sink);
    machine = new StoreMachine(options, state, sink);
    for (const { key } of early) machine.#writer.stage({ key, value: undefined });
    if (state.members.size === 0) {
      for (const [id, member] of options.initialMembers) {
        state.members.set(id, member);
        machine.#stageMember(id);
      }
    }
    return machine;
  }

  get state(): StoreState {
    return this.#state;
  }

  /** of the batches of changes that went to the backend */
  get writeDurations(): DurationHistogram {
    return this.#writer.writeDurations;
  }

  get durableIndex(): number {
    return this.#writer.durableIndex;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  apply(entries: readonly AppliedEntry[]): void | Promise<void> {
    const { state } = this;
    const startMs = this.#slowApplyMs > 0 ? this.#clock.monotonicMs() : 0;
    for (const entry of entries) {
      // the log is replayed from the durable index on; what memory has is not applied again (etcd 14685)
      if (entry.index <= state.appliedIndex) continue;
      this.#applyEntry(entry);
      state.appliedIndex = entry.index;
    }
    this.#stageSessions();
    this.#stageMeta();
    const full = this.#writer.commit(state.appliedIndex);
    this.#listener.batchDone();
    this.#scheduleCompaction();
    if (this.#slowApplyMs > 0) this.#maybeWarn(entries, this.#clock.monotonicMs() - startMs);
    return full;
  }

  #maybeWarn(entries: readonly AppliedEntry[], tookMs: number): void {
    if (tookMs < this.#slowApplyMs) return;
    const fields = { tookMs: Math.round(tookMs), entries: entries.length, index: this.#state.appliedIndex };
    this.#log.warn({ ...fields, expectedMs: this.#slowApplyMs }, 'applying took too long');
  }

  admitsConfChange(confChange: ConfChange): boolean {
    const change = fromConfChange(confChange);
    if (change === undefined || this.#state.sessions.seen(change.session, change.sequence)) return false;
    return changeFault(this.#state, change, this.#maxLearners) === undefined;
  }

  applyConfChange(index: number, confChange: ConfChange, _confState: ConfState): void {
    const { state } = this;
    if (index <= state.appliedIndex) return;
    const change = fromConfChange(confChange);
    if (change !== undefined) this.#applyChange(index, change);
    state.appliedIndex = index;
    void this.#writer.commit(index);
    if (change !== undefined) this.#listener.membersChanged(change);
  }

  #applyChange(index: number, change: ProposedChange): void {
    const { state } = this;
    this.#admit(change.session, change.sequence, index);
    applyChange(state, change);
    this.#stageMember(change.id);
    if (state.removed.has(change.id)) this.#stage(namedKey('g', change.id), jsonValue(true));
    this.#stageSessions();
  }

  /** False where it was applied before. */
  #admit(session: string, sequence: number, index: number): boolean {
    const { sessions } = this.#state;
    if (!sessions.admit(session, sequence, index)) return false;
    this.#sessionsChanged.add(session);
    for (const old of sessions.prune()) this.#sessionsChanged.add(old);
    return true;
  }

  async openSnapshot(): Promise<{ index: number; chunks: AsyncIterable<Uint8Array> }> {
    await this.#writer.flush();
    const snapshot = this.#backend.snapshot();
    try {
      const value = await snapshot.get(indexKey);
      const index = value === undefined ? 0 : parseJson<number>(value);
      const image = encodeImage(snapshot.entries(replicatedRange));
      return { index, chunks: closingAfter(image, () => snapshot.close()) };
    } catch (error) {
      await snapshot.close();
      throw error;
    }
  }

  /** As of an index ≥ the last `apply`'s; must be closed. `swept`: no compaction is left to be cleaned up in it. */
  async openBackup(): Promise<{ snapshot: BackendSnapshot; swept: boolean }> {
    await this.#writer.flush();
    const swept = !this.#state.mvcc.compactPending && this.#writer.bufferedBytes === 0;
    return { snapshot: this.#backend.snapshot(), swept };
  }

  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.#restoring = true;
    try {
      await this.#restore(meta, chunks);
    } finally {
      this.#restoring = false;
    }
    this.#listener.restored();
    this.#scheduleCompaction();
  }

  async #restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#writer.pause();
    const local: BackendEntry[] = [];
    for await (const batch of this.#backend.entries(localRange)) local.push(...batch);
    async function* content(): AsyncIterable<readonly BackendEntry[]> {
      yield local;
      yield* imageAsOf(meta.index, decodeImage(chunks));
    }
    await this.#backend.replace(content());
    // first: what loading finds to be cleaned up is staged, and must reach the backend
    this.#writer.restart(meta.index);
    const state = await loadState(this.#backend, this.#sink);
    assert(state.appliedIndex === meta.index, 'an image is of the index that it is said to be of');
    this.#state = state;
    this.#stagedMeta = '';
    this.#log.info({ index: meta.index, revision: state.mvcc.revision }, 'restored the store from a snapshot');
  }

  /** Gives space that was freed back to the file system, in the background; resolves when it is done. */
  async compactBackend(): Promise<void> {
    await this.#writer.flush();
    await this.#backend.compact?.();
  }

  /** Everything applied is on the disk. */
  sync(): Promise<void> {
    return this.#writer.sync();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writer.stop();
  }

  #applyEntry({ index, term, data }: AppliedEntry): void {
    if (data.length === 0) return;
    const entry = entryCodec.decode(data);
    const name = idToHex(entry.session);
    const { state } = this;
    if (!this.#admit(name, entry.sequence, index)) return;
    const context = { state, observer: this.#observer, term, index };
    const outcomes = entry.commands.map((bytes): Outcome => {
      try {
        return { result: applyCommand(context, commandCodec.decode(bytes)) };
      } catch (error) {
        return { error };
      }
    });
    this.#listener.applied(entry.session, entry.sequence, outcomes);
  }

  #stage(key: Uint8Array, value: Uint8Array | undefined): void {
    this.#writer.stageLatest({ key, value });
  }

  #stageMember(id: string): void {
    const member = this.#state.members.get(id);
    this.#stage(namedKey('m', id), member && jsonValue(member));
  }

  /** Once a batch: behind an entry that is missing a session remembers thousands of others. */
  #stageSessions(): void {
    for (const name of this.#sessionsChanged) {
      const record = this.#state.sessions.record(name);
      this.#stage(namedKey('s', name), record && jsonValue(record));
    }
    this.#sessionsChanged.clear();
  }

  #stageMeta(): void {
    const { revision, compactRevision } = this.#state.mvcc;
    const meta = JSON.stringify({ revision, compactRevision });
    if (meta === this.#stagedMeta) return;
    this.#stagedMeta = meta;
    this.#stage(metaKey, new Uint8Array(Buffer.from(meta)));
  }

  /** Cleans up after a compaction in steps, so that nothing waits for it. */
  #scheduleCompaction(): void {
    if (this.#compacting || this.#restoring || !this.#state.mvcc.compactPending) return;
    this.#compacting = true;
    this.#clock.soon(() => {
      this.#compacting = false;
      if (this.#stopped || this.#restoring) return;
      this.#state.mvcc.compactStep(compactStepChanges);
      const full = this.#writer.commit(this.#state.appliedIndex);
      if (full) void full.then(() => this.#scheduleCompaction());
      else this.#scheduleCompaction();
    });
  }
}
