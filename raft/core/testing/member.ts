import { assert } from '../../../base/assert.ts';
import { decodeConfChange, RawNode, type MemoryStorage } from '../index.ts';
import type { ConfState, Entry, LogIndex, Message, NodeId, RaftConfig, ReadState, Ready } from '../types.ts';

export type MemberConfig = Omit<RaftConfig, 'id' | 'storage' | 'applied'>;

export const defaultMemberConfig: MemberConfig = {
  electionTicks: 10,
  heartbeatTicks: 1,
  random: () => 0,
  preVote: true,
  checkQuorum: true,
  readOnly: 'safe',
  maxSizePerMessageBytes: 1 << 20,
  maxInflightMessages: 64,
  maxInflightBytes: 0,
  maxUncommittedBytes: 1 << 30,
  maxCommittedBytesPerReady: 1 << 20,
  disableProposalForwarding: false,
  stepDownOnRemoval: true,
};

export interface MemberOptions {
  /** entries are applied when `completeApply` is called, not as soon as they are handed out */
  readonly asyncApply?: boolean;
  readonly onApply?: (entry: Entry) => void;
}

/**
 * A member of a group under test: the core, a disk whose writes take effect when told, and a state machine that is the
 * list of what it applied. Only what is on its disk survives `restart`.
 */
export class TestMember {
  readonly id: NodeId;
  readonly storage: MemoryStorage;
  readonly readStates: ReadState[] = [];
  /** taken Readys whose writes have not reached the disk, oldest first */
  writes: Ready[] = [];
  /** what was handed out and waits to be applied, oldest first */
  applies: (readonly Entry[])[] = [];
  appliedIndex: LogIndex;
  confState: ConfState;
  node: RawNode;
  config: MemberConfig;
  readonly #options: MemberOptions;

  constructor(id: NodeId, storage: MemoryStorage, config: MemberConfig, options: MemberOptions = {}) {
    this.id = id;
    this.storage = storage;
    this.config = config;
    this.#options = options;
    this.appliedIndex = storage.firstIndex() - 1;
    this.confState = storage.initialState().confState;
    this.node = this.#open();
  }

  /** Takes a Ready: applies what is committed (or queues it), queues its write, returns what is to be sent at once. */
  takeReady(): Ready {
    const ready = this.node.ready();
    this.writes.push(ready);
    this.readStates.push(...ready.readStates);
    // What waited is part of the snapshot; its configuration is in force in the core already.
    if (ready.snapshot) this.applies = [];
    if (ready.committed.length > 0) this.applies.push(ready.committed);
    if (!this.#options.asyncApply) this.completeApply();
    return ready;
  }

  /** The oldest batch that was handed out is applied. False where there is none. */
  completeApply(): boolean {
    const batch = this.applies.shift();
    if (!batch) return false;
    for (const entry of batch) this.#apply(entry);
    this.node.applied(this.appliedIndex);
    return true;
  }

  /** The oldest write reaches the disk; returns what may leave now. */
  completeWrite(): readonly Message[] {
    const write = this.writes.shift();
    if (!write) return [];
    if (write.snapshot) {
      this.storage.applySnapshot(write.snapshot);
      this.appliedIndex = write.snapshot.index;
      this.confState = write.snapshot.confState;
    }
    this.storage.append(write.entries);
    if (write.hardState) this.storage.setHardState(write.hardState);
    const last = write.entries.at(-1);
    if (last) this.node.appended(last.index, last.term);
    if (write.snapshot) this.node.snapshotRestored(write.snapshot.index);
    for (const message of write.afterAppend) if (message.to === this.id) this.node.step(message);
    return write.afterAppend.filter((message) => message.to !== this.id);
  }

  /** Power off and on: writes that had not finished are gone. */
  restart(): void {
    this.writes = [];
    this.applies = [];
    this.readStates.length = 0;
    this.node = this.#open();
  }

  /** Takes a snapshot of the state and cuts the log, but for the last `keep` entries. */
  compact(keep = 0): void {
    const index = this.appliedIndex;
    if (index < this.storage.firstIndex()) return;
    this.storage.setSnapshot({ index, term: this.storage.term(index), confState: this.confState });
    this.storage.compact(index - keep);
  }

  /** The log as the core has handed it out: what is stored, overlaid by the writes under way. */
  logTerms(): Map<LogIndex, number> {
    const terms = new Map<LogIndex, number>();
    const { storage } = this;
    for (let i = storage.firstIndex() - 1; i <= storage.lastIndex(); i++) terms.set(i, storage.term(i));
    for (const { entries, snapshot } of this.writes) {
      if (snapshot) {
        terms.clear();
        terms.set(snapshot.index, snapshot.term);
      }
      const first = entries[0]?.index;
      if (first === undefined) continue;
      for (let i = first; terms.has(i); i++) terms.delete(i);
      for (const { index, term } of entries) terms.set(index, term);
    }
    return terms;
  }

  #apply(entry: Entry): void {
    assert(entry.index === this.appliedIndex + 1, `${this.id} applies ${entry.index} after ${this.appliedIndex}`);
    assert(entry.index <= this.storage.lastIndex(), `${this.id} applies ${entry.index}, which is not on its disk`);
    this.appliedIndex = entry.index;
    if (entry.type === 'conf-change') {
      this.confState = this.node.applyConfChange(decodeConfChange(entry.data));
    }
    this.storage.setConfState(this.confState);
    this.#options.onApply?.(entry);
  }

  #open(): RawNode {
    return new RawNode({ ...this.config, id: this.id, storage: this.storage, applied: this.appliedIndex });
  }
}
