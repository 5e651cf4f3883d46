import type { Entry, LogIndex, NodeId, Role, Term } from '../types.ts';
import type { MemberView } from './invariants.ts';

/** One entry, named by index and term. */
export interface EntryRecord {
  readonly term: Term;
  readonly hash: number;
  readonly previousTerm: Term;
}

/** Terms kept of what a member has compacted, before they are dropped. */
const compactedMax = 4096;

/**
 * What a member looked like when it was seen last: enough to find what is new since.
 *
 *     base       base + terms.length
 *       | t1 t1 t2 t2 |
 */
export class MemberShadow {
  view: MemberView;
  role: Role = 'follower';
  term: Term = 0;
  vote: NodeId = '';
  commit: LogIndex = 0;
  applied: LogIndex = 0;
  durable: LogIndex = 0;
  /** a leader's: what each member had acknowledged when that was looked at */
  readonly matches = new Map<NodeId, LogIndex>();
  /** until it is seen again after a restart: what it must still have */
  durableBeforeRestart: LogIndex = 0;
  /** the entry its state machine applied last, where that is told */
  appliedEntry: LogIndex | undefined;
  base: LogIndex;
  #baseTerm: Term;
  #terms: Term[] = [];

  constructor(view: MemberView) {
    this.view = view;
    this.base = view.firstIndex - 1;
    this.#baseTerm = view.termAt(this.base) ?? 0;
  }

  get lastIndex(): LogIndex {
    return this.base + this.#terms.length;
  }

  get lastTerm(): Term {
    return this.#terms.at(-1) ?? this.#baseTerm;
  }

  /** The last index up to which the log is as it was. */
  agreesTo(view: MemberView): LogIndex {
    let index = Math.min(this.lastIndex, view.lastIndex);
    while (index > this.base && view.termAt(index) !== this.#terms[index - this.base - 1]) index--;
    return index;
  }

  /** Drops all behind `index`, and what the member has compacted long ago. */
  keepTo(index: LogIndex, view: MemberView): void {
    const viewBase = view.firstIndex - 1;
    // A snapshot replaced the log, or was lost by a crash before it had.
    if (viewBase > index || index < this.base) {
      this.base = viewBase;
      this.#baseTerm = view.termAt(viewBase) ?? 0;
      this.#terms = [];
      return;
    }
    this.#terms.length = index - this.base;
    const compacted = viewBase - this.base;
    if (compacted < compactedMax) return;
    this.#baseTerm = this.#terms[compacted - 1]!;
    this.#terms.splice(0, compacted);
    this.base = viewBase;
  }

  push(term: Term): void {
    this.#terms.push(term);
  }

  remember(view: MemberView): void {
    this.role = view.role;
    this.term = view.term;
    this.vote = view.vote;
    this.commit = view.commit;
    this.applied = view.applied;
    this.durable = view.durableIndex;
    this.durableBeforeRestart = 0;
  }

  /** All that was not on the disk may be gone. */
  restarted(): void {
    this.durableBeforeRestart = Math.min(this.durable, this.lastIndex);
    this.role = 'follower';
    this.term = 0;
    this.vote = '';
    this.commit = 0;
    this.applied = 0;
    this.appliedEntry = undefined;
  }
}

const hashes = new WeakMap<Uint8Array, number>();

/** FNV-1a over the payload; members that share the payload share the work. */
export function entryHash({ data, type }: Entry): number {
  let hash = hashes.get(data);
  if (hash === undefined) {
    hash = 0x811c9dc5;
    for (let i = 0; i < data.length; i++) hash = Math.imul(hash ^ data[i]!, 0x01000193);
    hashes.set(data, hash);
  }
  return type === 'normal' ? hash : ~hash;
}
