import type { Entry, LogIndex, Message, NodeId, Role, Term } from '../types.ts';
import { entryHash, type EntryRecord, MemberShadow } from './member-shadow.ts';

/**
 * What the checks need of a member; `RawNode.inspection` is one. It must be live: the checks keep it and read it again
 * when another member commits. `durableIndex` may be given by whoever knows the disk better than the member does.
 */
export interface MemberView {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: NodeId;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** up to here the log is on the member's disk */
  readonly durableIndex: LogIndex;
  readonly voters: ReadonlySet<NodeId>;
  readonly votersOutgoing: ReadonlySet<NodeId>;
  readonly learners?: ReadonlySet<NodeId>;
  /** also of the entry before the first */
  termAt(index: LogIndex): Term | undefined;
  entryAt(index: LogIndex): Entry | undefined;
  /** a leader's: how far it believes another to hold its log */
  matchOf?(id: NodeId): LogIndex;
}

export type Invariant =
  | 'election safety'
  | 'one vote a term'
  | 'terms begin with a candidacy'
  | 'leader append-only'
  | 'log matching'
  | 'leader completeness'
  | 'state-machine safety'
  | 'committed is never lost'
  | 'nothing goes back'
  | 'linearizable reads';

export class InvariantViolation extends Error {
  override name = 'InvariantViolation';
  readonly invariant: Invariant;

  constructor(invariant: Invariant, text: string) {
    super(`${invariant}: ${text}`);
    this.invariant = invariant;
  }
}

/** Votes of terms further behind are forgotten. */
const termsOfVotesMax = 256;

/**
 * Raft's invariants (figure 3 of the paper), checked after each step of a member. What has not changed costs nothing, what
 * has is looked at once, so that `observe` can be called hundreds of thousands of times a second.
 *
 * Log matching is checked by an equal statement that is local: an entry, named by index and term, has one content and one
 * predecessor, whoever holds it. Two logs that share an entry then share all before it, by induction.
 *
 * To be called: `observe` after every call into a member and before anybody gets what it sent; `sent` with each message
 * that really leaves (those that wait for the disk when they do); `restarted` when a member starts again. All of a term's
 * leaders must be observed. What a member holds when it is seen first is taken as given.
 */
export class RaftInvariants {
  /** who led each term */
  readonly leaders = new Map<Term, NodeId>();
  /** the greatest index that any leader counted as committed */
  maxCommitted: LogIndex = 0;
  readonly #members = new Map<NodeId, MemberShadow>();
  /** every entry ever seen at an index, by term */
  readonly #entries: (EntryRecord[] | undefined)[] = [];
  /** the committed entry of each index */
  readonly #committed: (EntryRecord | undefined)[] = [];
  /** how far each leader's term committed, in the order of terms */
  readonly #commitOfTerm: { term: Term; index: LogIndex }[] = [];
  readonly #votes = new Map<Term, Map<NodeId, NodeId>>();
  /** the newest vote that each member has told of, its own candidacy among them */
  readonly #lastVotes = new Map<NodeId, { readonly term: Term; readonly to: NodeId }>();
  #greatestTerm: Term = 0;
  /** votes of this term and before are not known (any more) */
  #votesUnknownTo: Term = Number.MAX_SAFE_INTEGER;
  #forgottenTo: LogIndex = 0;
  /** who takes part, by the entry from which on, ascending */
  readonly #configurations: { readonly index: LogIndex; readonly members: string }[] = [];
  readonly #reads = new Map<string, LogIndex>();

  observe(view: MemberView): void {
    let member = this.#members.get(view.id);
    if (member === undefined) {
      member = this.#begin(view);
    } else if (member.view !== view) {
      member.view = view;
    }
    if (view.term > this.#greatestTerm) this.#beginTerm(view);
    if (member.term === 0) this.#checkKeepsVote(view);
    this.#checkGoesForward(member, view);
    this.#takeLog(member, view);
    // a member that starts again is yet to be told of the changes that its machine has applied
    if (view.applied !== member.applied && member.term > 0) this.#checkConfiguration(member, view);
    if (view.role === 'candidate' && (member.role !== 'candidate' || member.term !== view.term)) this.#campaigns(view);
    if (view.role === 'leader') this.#checkMatches(member, view);
    if (view.role === 'leader' && (member.role !== 'leader' || member.term !== view.term)) this.#elected(view);
    if (view.commit > member.commit) this.#advanceCommit(member, view);
    member.remember(view);
  }

  /** `diskLost`: it starts with less than it had made durable (a wiped or repaired disk) */
  restarted(id: NodeId, diskLost = false): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    if (diskLost) {
      this.#members.delete(id);
      this.#lastVotes.delete(id);
    } else member.restarted();
  }

  /** A message leaves a member. */
  sent(message: Message): void {
    const asks = message.type === 'vote';
    if ((!asks && message.type !== 'vote-resp') || message.reject === true) return;
    this.#lastVotes.set(message.from, { term: message.term, to: asks ? message.from : message.to });
    if (asks) return;
    const votes = this.#votesOf(message.term);
    const before = votes.get(message.from);
    if (before !== undefined && before !== message.to) {
      const text = `${message.from} votes for ${before} and for ${message.to} in term ${message.term}`;
      throw new InvariantViolation('one vote a term', text);
    }
    votes.set(message.from, message.to);
  }

  /** The state machine of a member applies an entry. */
  applied(id: NodeId, entry: Entry): void {
    const member = this.#members.get(id);
    if (member?.appliedEntry !== undefined && entry.index !== member.appliedEntry + 1) {
      const text = `${id} applies ${entry.index} after ${member.appliedEntry}`;
      throw new InvariantViolation('state-machine safety', text);
    }
    if (member) {
      member.appliedEntry = entry.index;
      const { durableIndex } = member.view;
      if (entry.index > durableIndex && durableIndex > 0) {
        const text = `${id} applies ${nameOf(entry)}, and its own disk has the log up to ${durableIndex}`;
        throw new InvariantViolation('state-machine safety', text);
      }
    }
    const known = this.#committed[entry.index];
    if (known === undefined && entry.index <= this.#forgottenTo) return;
    if (known === undefined) {
      throw new InvariantViolation('state-machine safety', `${id} applies ${nameOf(entry)}, which no leader committed`);
    }
    if (known.term !== entry.term || known.hash !== entryHash(entry)) {
      const text = `${id} applies ${nameOf(entry)} where entry ${entry.index} of term ${known.term} is committed`;
      throw new InvariantViolation('state-machine safety', text);
    }
  }

  /** The state machine of a member was replaced by a snapshot, or begins at what it had saved. */
  appliedUpTo(id: NodeId, index: LogIndex): void {
    const member = this.#members.get(id);
    if (member) member.appliedEntry = index;
  }

  /** A read begins now: whatever is committed it must see. */
  readBegins(context: string): void {
    this.#reads.set(context, this.maxCommitted);
  }

  readGivenUp(context: string): void {
    this.#reads.delete(context);
  }

  readAnswered(context: string, index: LogIndex): void {
    const required = this.#reads.get(context);
    if (required === undefined) return;
    this.#reads.delete(context);
    if (index >= required) return;
    const text = `read ${context} is answered at ${index}, but ${required} was committed before it was asked`;
    throw new InvariantViolation('linearizable reads', text);
  }

  /** Below `index` nothing is asked any more, once no member's log reaches there; keeps long simulations small. */
  forgetBelow(index: LogIndex): void {
    for (const { view } of this.#members.values()) index = Math.min(index, view.firstIndex - 1);
    for (let i = index - 1; i >= 0 && this.#entries[i] !== undefined; i--) {
      this.#entries[i] = undefined;
      this.#committed[i] = undefined;
    }
    this.#forgottenTo = Math.max(this.#forgottenTo, index - 1);
  }

  #votesOf(term: Term): Map<NodeId, NodeId> {
    const known = this.#votes.get(term);
    if (known !== undefined) return known;
    if (this.#votes.size === 0) this.#votesUnknownTo = term - 1;
    const votes = new Map<NodeId, NodeId>();
    this.#votes.set(term, votes);
    for (const old of this.#votes.keys()) {
      if (this.#votes.size <= termsOfVotesMax) break;
      this.#votes.delete(old);
      this.#votesUnknownTo = Math.max(this.#votesUnknownTo, old);
    }
    return votes;
  }

  #begin(view: MemberView): MemberShadow {
    const member = new MemberShadow(view);
    this.#members.set(view.id, member);
    for (let i = member.base + 1; i <= view.lastIndex; i++) {
      const record = this.#record(view, i, true);
      member.push(record.term);
      if (i <= view.commit) this.#committed[i] ??= record;
    }
    member.remember(view);
    if (view.commit > this.maxCommitted) this.maxCommitted = view.commit;
    if (view.term > this.#greatestTerm) this.#greatestTerm = view.term;
    // A member that is seen first as a leader was elected as all others.
    member.role = 'follower';
    return member;
  }

  /** Pre-votes, and members that were cut off, raise nobody's term (thesis, section 9.6). */
  #beginTerm({ id, term, role }: MemberView): void {
    this.#greatestTerm = term;
    if (role === 'candidate' || role === 'leader') return;
    throw new InvariantViolation(
      'terms begin with a candidacy',
      `${id} is ${role} of term ${term}, which nobody began`,
    );
  }

  /** What others were told before a restart holds after it. */
  #checkKeepsVote({ id, term, vote }: MemberView): void {
    const told = this.#lastVotes.get(id);
    if (told === undefined || term > told.term || (term === told.term && vote === told.to)) return;
    const text = `${id} starts in term ${term} with a vote for ${vote || 'nobody'}, and had voted for ${told.to} in term ${told.term}`;
    throw new InvariantViolation('one vote a term', text);
  }

  #checkGoesForward(member: MemberShadow, view: MemberView): void {
    if (view.term < member.term) goesBack(view, 'term', member.term, view.term);
    if (view.commit < member.commit) goesBack(view, 'commit index', member.commit, view.commit);
    if (view.applied < member.applied) goesBack(view, 'applied index', member.applied, view.applied);
    if (view.applied > view.commit || view.commit > view.lastIndex) {
      const text = `${view.id} has applied ${view.applied} of ${view.commit} committed, and its log ends at ${view.lastIndex}`;
      throw new InvariantViolation('state-machine safety', text);
    }
    if (view.term === member.term && member.vote !== '' && view.vote !== member.vote) {
      throw new InvariantViolation(
        'one vote a term',
        `${view.id} changes its vote of term ${view.term} from ${member.vote} to ${view.vote === '' ? 'none' : view.vote}`,
      );
    }
  }

  #takeLog(member: MemberShadow, view: MemberView): void {
    const { lastIndex } = view;
    if (lastIndex === member.lastIndex && view.termAt(lastIndex) === member.lastTerm) return;
    const kept = member.agreesTo(view);
    if (kept < member.lastIndex && view.firstIndex - 1 <= kept) this.#checkMayReplace(member, view, kept);
    member.keepTo(kept, view);
    for (let i = member.lastIndex + 1; i <= lastIndex; i++) member.push(this.#record(view, i, false).term);
  }

  /** Entries behind `kept` have gone. */
  #checkMayReplace(member: MemberShadow, view: MemberView, kept: LogIndex): void {
    if (member.role === 'leader' && view.role === 'leader' && member.term === view.term) {
      const text = `${view.id}, leader of term ${view.term}, drops its entry ${kept + 1}`;
      throw new InvariantViolation('leader append-only', text);
    }
    if (kept < member.commit) {
      const text = `${view.id} drops entry ${kept + 1}, and had committed up to ${member.commit}`;
      throw new InvariantViolation('committed is never lost', text);
    }
    if (kept < member.durableBeforeRestart) {
      const text = `${view.id} starts without entry ${kept + 1}, which it had made durable`;
      throw new InvariantViolation('committed is never lost', text);
    }
  }

  #record(view: MemberView, index: LogIndex, given: boolean): EntryRecord {
    const entry = view.entryAt(index);
    const previousTerm = view.termAt(index - 1);
    if (entry === undefined || previousTerm === undefined) {
      throw new InvariantViolation('log matching', `the log of ${view.id} has a hole at ${index}`);
    }
    const hash = entryHash(entry);
    const records = (this.#entries[index] ??= []);
    const known = records.find(({ term }) => term === entry.term);
    if (known === undefined) {
      if (!given && index > this.#forgottenTo && (view.role !== 'leader' || entry.term !== view.term)) {
        throw new InvariantViolation('log matching', `${view.id} holds ${nameOf(entry)}, which no leader made`);
      }
      const record = { term: entry.term, hash, previousTerm };
      records.push(record);
      return record;
    }
    if (known.hash !== hash || known.previousTerm !== previousTerm) {
      const what =
        known.hash === hash ? `after term ${previousTerm}, not ${known.previousTerm}` : 'with another content';
      throw new InvariantViolation('log matching', `${view.id} holds ${nameOf(entry)} ${what}`);
    }
    return known;
  }

  /** Equal indexes, equal configurations: a restart or a snapshot must not bring an older one back. */
  #checkConfiguration(member: MemberShadow, view: MemberView): void {
    // while a snapshot replaces the log, its configuration is in force already
    if (view.durableIndex === 0 || view.applied === 0) return;
    let since = Math.max(member.applied, view.firstIndex - 1);
    for (let i = since + 1; i <= view.applied; i++) if (view.entryAt(i)?.type === 'conf-change') since = i;
    const members = configurationOf(view);
    const known = this.#configurations.findLast(({ index }) => index <= view.applied);
    if (known === undefined || (since > known.index && view.entryAt(since)?.type === 'conf-change')) {
      const place = this.#configurations.findLastIndex(({ index }) => index < since) + 1;
      this.#configurations.splice(place, 0, { index: since, members });
    } else if (known.members !== members) {
      const text = `${view.id} takes part in ${members} at ${view.applied}, where ${known.members} is in force since ${known.index}`;
      throw new InvariantViolation('state-machine safety', text);
    }
  }

  /** Who votes for it may depend on a change that is committed: it must be in force here. */
  #campaigns(view: MemberView): void {
    for (let i = view.applied + 1; i <= view.commit; i++) {
      if (view.entryAt(i)?.type !== 'conf-change') continue;
      const text = `${view.id} campaigns in term ${view.term}, and has not applied the committed configuration change ${i}`;
      throw new InvariantViolation('election safety', text);
    }
  }

  /** What a leader counts as acknowledged must be there. */
  #checkMatches(leader: MemberShadow, view: MemberView): void {
    if (view.matchOf === undefined) return;
    if (leader.term !== view.term || leader.role !== 'leader') leader.matches.clear();
    for (const { view: holder } of this.#members.values()) {
      const match = view.matchOf(holder.id);
      if (match === 0 || match === leader.matches.get(holder.id)) continue;
      leader.matches.set(holder.id, match);
      // one that follows a later leader may have lost what it had acknowledged to this one
      if (holder.id === view.id || holder.term > view.term) continue;
      const term = view.termAt(match);
      const isKnown = term !== undefined && match >= holder.firstIndex;
      if (match <= holder.lastIndex && (!isKnown || holder.termAt(match) === term)) continue;
      const text = `${view.id} leads term ${view.term} and counts ${holder.id} as holding entry ${match} of term ${term}, which it does not`;
      throw new InvariantViolation('log matching', text);
    }
  }

  #elected(view: MemberView): void {
    const { id, term } = view;
    const other = this.leaders.get(term);
    if (other !== undefined && other !== id) {
      throw new InvariantViolation('election safety', `${other} and ${id} both lead term ${term}`);
    }
    this.leaders.set(term, id);
    this.#checkVotedByQuorum(view);
    // Commits of later terms may be known already: votes travel slowly.
    const committed = this.#commitOfTerm.findLast((commit) => commit.term < term);
    if (committed === undefined || view.firstIndex > committed.index) return;
    const expected = this.#committed[committed.index]?.term;
    if (expected === undefined || view.termAt(committed.index) === expected) return;
    const text = `${id} leads term ${term} without entry ${committed.index} of term ${expected}, committed in term ${committed.term}`;
    throw new InvariantViolation('leader completeness', text);
  }

  #checkVotedByQuorum(view: MemberView): void {
    if (view.term <= this.#votesUnknownTo) return;
    const votes = this.#votes.get(view.term);
    const voted = (id: NodeId): boolean => votes?.get(id) === view.id || (id === view.id && view.vote === id);
    for (const half of [view.voters, view.votersOutgoing]) {
      if (isMajority(half, voted)) continue;
      const text = `${view.id} leads term ${view.term} without the votes of a majority of (${[...half].join(' ')})`;
      throw new InvariantViolation('election safety', text);
    }
  }

  #advanceCommit(member: MemberShadow, view: MemberView): void {
    const leads = view.role === 'leader';
    this.#checkSnapshot(member, view);
    for (let i = Math.max(member.commit + 1, view.firstIndex); i <= view.commit; i++) {
      const record = this.#record(view, i, false);
      const known = this.#committed[i];
      if (known === undefined && leads) {
        this.#committed[i] = record;
      } else if (known === undefined && i > this.#forgottenTo) {
        throw new InvariantViolation('state-machine safety', `${view.id} commits ${i}, which no leader committed`);
      } else if (known !== undefined && known !== record) {
        const text = `${view.id} commits entry ${i} of term ${record.term}, but that of term ${known.term} is committed`;
        throw new InvariantViolation('state-machine safety', text);
      }
    }
    if (view.commit <= this.maxCommitted || !leads) return;
    this.maxCommitted = view.commit;
    this.#noteCommitOfTerm(view);
    this.#checkDurableOnQuorum(view);
  }

  /** What a snapshot stands for must be what was committed. */
  #checkSnapshot(member: MemberShadow, view: MemberView): void {
    const index = view.firstIndex - 1;
    if (index <= member.commit || index <= this.#forgottenTo) return;
    const term = view.termAt(index);
    const known = this.#committed[index]?.term;
    if (known === term || (known === undefined && index <= this.maxCommitted)) return;
    const text = `the log of ${view.id} begins after entry ${index} of term ${term}, but that of term ${known ?? 'no leader'} is committed`;
    throw new InvariantViolation('state-machine safety', text);
  }

  #noteCommitOfTerm({ term, commit }: MemberView): void {
    const last = this.#commitOfTerm.at(-1);
    if (last === undefined || last.term < term) {
      this.#commitOfTerm.push({ term, index: commit });
    } else if (last.term === term) {
      last.index = commit;
    } else {
      const text = `term ${term} commits ${commit} after term ${last.term} had committed ${last.index}`;
      throw new InvariantViolation('leader completeness', text);
    }
  }

  /** What is committed must survive the loss of any minority of disks. */
  #checkDurableOnQuorum(view: MemberView): void {
    const { commit } = view;
    const term = view.termAt(commit);
    if (term !== view.term) {
      const text = `${view.id} commits entry ${commit} of term ${term} by counting in term ${view.term} (section 5.4.2)`;
      throw new InvariantViolation('leader completeness', text);
    }
    const holds = (id: NodeId): boolean => {
      const other = this.#members.get(id)?.view;
      if (other === undefined || other.durableIndex < commit) return false;
      return other.firstIndex > commit || other.termAt(commit) === term;
    };
    for (const half of [view.voters, view.votersOutgoing]) {
      if (isMajority(half, holds)) continue;
      const text = `${view.id} commits ${commit}, which is not on the disks of a majority of (${[...half].join(' ')})`;
      throw new InvariantViolation('committed is never lost', text);
    }
  }
}

const nameOf = ({ index, term }: Entry): string => `entry ${index} of term ${term}`;

function configurationOf({ voters, votersOutgoing, learners }: MemberView): string {
  const list = (ids: ReadonlySet<NodeId> = new Set()): string => [...ids].sort().join(' ');
  return `(${list(voters)})(${list(votersOutgoing)}) learners (${list(learners)})`;
}

function isMajority(voters: ReadonlySet<NodeId>, agrees: (id: NodeId) => boolean): boolean {
  let count = 0;
  for (const id of voters) if (agrees(id)) count++;
  return 2 * count > voters.size || voters.size === 0;
}

function goesBack({ id }: MemberView, what: string, before: number, now: number): never {
  throw new InvariantViolation('nothing goes back', `the ${what} of ${id} falls from ${before} to ${now}`);
}
