import type { Raft } from './raft.ts';
import type { Entry, LogIndex, NodeId, Role, Term } from './types.ts';

/**
 * A live look into a member, for checkers: costs nothing to keep, and shows the log as the member believes it to be, with
 * what is still on its way to the disk. Reads only.
 */
export class Inspection {
  readonly #raft: Raft;

  constructor(raft: Raft) {
    this.#raft = raft;
  }

  get id(): NodeId {
    return this.#raft.id;
  }

  get role(): Role {
    return this.#raft.role;
  }

  get term(): Term {
    return this.#raft.term;
  }

  get vote(): NodeId {
    return this.#raft.vote;
  }

  get leader(): NodeId {
    return this.#raft.leader;
  }

  get commit(): LogIndex {
    return this.#raft.log.committed;
  }

  get applied(): LogIndex {
    return this.#raft.log.applied;
  }

  get firstIndex(): LogIndex {
    return this.#raft.log.firstIndex;
  }

  get lastIndex(): LogIndex {
    return this.#raft.log.lastIndex;
  }

  /** all up to here was reported as durable by the driver; 0 while a snapshot is replacing the log */
  get durableIndex(): LogIndex {
    const { stableIndex, unstable } = this.#raft.log;
    return unstable.snapshot?.index === stableIndex ? 0 : stableIndex;
  }

  get voters(): ReadonlySet<NodeId> {
    return this.#raft.tracker.configuration.incoming;
  }

  get votersOutgoing(): ReadonlySet<NodeId> {
    return this.#raft.tracker.configuration.outgoing;
  }

  get learners(): ReadonlySet<NodeId> {
    return this.#raft.tracker.configuration.learners;
  }

  /** a leader's: how far it believes that member to hold its log; 0 where it knows nothing */
  matchOf(id: NodeId): LogIndex {
    return this.#raft.tracker.progress.get(id)?.match ?? 0;
  }

  /** also of the entry before the first; undefined where the log does not (or no longer) reach */
  termAt(index: LogIndex): Term | undefined {
    return this.#raft.log.termAt(index);
  }

  entryAt(index: LogIndex): Entry | undefined {
    return this.#raft.log.entriesFrom(index, 0, index + 1)?.[0];
  }
}
