import { assert } from '../../../base/assert.ts';
import type { Random } from '../../../base/random.ts';
import { MemoryStorage } from '../index.ts';
import type { Entry, LogIndex, Message, NodeId, Term } from '../types.ts';
import { defaultMemberConfig, TestMember, type MemberConfig } from './member.ts';

interface Committed {
  readonly term: Term;
  readonly data: Uint8Array | undefined;
}

/** Beyond it messages are lost, as in a real network. */
const maxMessagesInFlight = 400;

/**
 * A group whose every event is chosen by `random`, with Raft's invariants (figure 3 of the paper) checked after each.
 * `committed` is what any leader ever counted as committed: it must never change.
 */
export class CheckedGroup {
  readonly members = new Map<NodeId, TestMember>();
  readonly leaders = new Map<Term, NodeId>();
  readonly committed = new Map<LogIndex, Committed>();
  network: Message[] = [];
  /** pairs `from>to` over which nothing passes */
  readonly cut = new Set<string>();
  maxCommitted: LogIndex;
  readonly #random: Random;
  readonly #reads = new Map<string, LogIndex>();
  #nextRead = 0;

  constructor(random: Random, size: number, spare: number, config: Partial<MemberConfig> = {}) {
    this.#random = random;
    const ids = Array.from({ length: size + spare }, (_, i) => String(i + 1));
    const voters = ids.slice(0, size);
    // The group starts from a snapshot, as one that has been bootstrapped; a spare member has nothing yet.
    const confState = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    for (const id of ids) {
      const storage = new MemoryStorage();
      if (voters.includes(id)) {
        storage.applySnapshot({ index: 1, term: 1, confState });
        storage.setHardState({ term: 1, vote: '', commit: 1 });
      }
      const drawn = { ...defaultMemberConfig, random: (bound: number) => random.below(bound), ...config };
      this.members.set(id, new TestMember(id, storage, drawn, (entry) => this.#checkApplied(id, entry)));
    }
    this.maxCommitted = 1;
    this.committed.set(1, { term: 1, data: undefined });
  }

  get ids(): readonly NodeId[] {
    return [...this.members.keys()];
  }

  member(id: NodeId): TestMember {
    return this.members.get(id)!;
  }

  /** A ready's messages leave at once; its write waits. */
  takeReady(id: NodeId): void {
    const member = this.member(id);
    if (!member.node.hasReady()) return;
    const reads = member.readStates.length;
    this.#send(member.takeReady().messages);
    for (const read of member.readStates.slice(reads)) this.#checkRead(read.context, read.index);
    this.check(member);
  }

  completeWrite(id: NodeId): void {
    const member = this.member(id);
    if (member.writes.length === 0) return;
    this.#send(member.completeWrite());
    this.check(member);
  }

  deliver(position: number): void {
    const [message] = this.network.splice(position, 1);
    if (!message) return;
    const lost = this.cut.has(`${message.from}>${message.to}`) || !this.members.has(message.to);
    if (!lost) {
      const member = this.member(message.to);
      member.node.step(message);
      this.check(member);
    }
    if (message.type === 'snap')
      this.member(message.from).node.reportSnapshot(message.to, lost ? 'failed' : 'finished');
  }

  drop(position: number): void {
    const [message] = this.network.splice(position, 1);
    if (message?.type === 'snap') this.member(message.from).node.reportSnapshot(message.to, 'failed');
  }

  read(id: NodeId): void {
    const context = `read-${this.#nextRead++}`;
    if (this.member(id).node.readIndex(context) === 'accepted') this.#reads.set(context, this.maxCommitted);
  }

  /** Lets everything happen in order, without faults, until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 1000; round++) {
      let busy = false;
      for (const [id, member] of this.members) {
        while (member.node.hasReady() || member.writes.length > 0) {
          busy = true;
          this.takeReady(id);
          this.completeWrite(id);
        }
      }
      busy ||= this.network.length > 0;
      while (this.network.length > 0) this.deliver(0);
      if (!busy) return;
    }
    throw new Error('the group does not settle');
  }

  check(member: TestMember): void {
    const status = member.node.status();
    if (status.role !== 'leader') return;
    const known = this.leaders.get(status.term);
    if (known === undefined) {
      this.leaders.set(status.term, member.id);
      this.#checkLeaderComplete(member);
    }
    assert((known ?? member.id) === member.id, `election safety: ${known} and ${member.id} lead term ${status.term}`);
    if (status.commit > this.maxCommitted) this.#commit(member, status.commit);
  }

  /** Log matching: equal term at an index means equal logs up to it. */
  checkLogs(): void {
    const logs = [...this.members.values()].map((member) => ({ id: member.id, terms: member.logTerms() }));
    for (const a of logs) {
      for (const b of logs) {
        if (a.id >= b.id) continue;
        let agreed = false;
        for (const index of [...a.terms.keys()].sort((x, y) => y - x)) {
          const other = b.terms.get(index);
          if (other === undefined) continue;
          const equal = other === a.terms.get(index);
          assert(equal || !agreed, `log matching: ${a.id} and ${b.id} differ at ${index} but agree behind it`);
          agreed ||= equal;
        }
      }
    }
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.network.push(message);
      if (this.network.length > maxMessagesInFlight) this.drop(this.#random.below(this.network.length));
    }
  }

  #commit(leader: TestMember, index: LogIndex): void {
    const terms = leader.logTerms();
    for (let i = this.maxCommitted + 1; i <= index; i++) {
      const term = terms.get(i);
      assert(term !== undefined, `${leader.id} commits ${i}, which it has not handed out`);
      this.committed.set(i, { term, data: undefined });
    }
    this.maxCommitted = index;
  }

  #checkLeaderComplete(leader: TestMember): void {
    const terms = leader.logTerms();
    const first = Math.min(...terms.keys());
    for (const [index, { term }] of this.committed) {
      if (index < first) continue;
      assert(
        terms.get(index) === term,
        `leader completeness: ${leader.id} leads without committed entry ${index}@${term}`,
      );
    }
  }

  #checkApplied(id: NodeId, entry: Entry): void {
    const known = this.committed.get(entry.index);
    assert(known, `${id} applies ${entry.index}, which no leader committed`);
    const same = known.term === entry.term && (known.data === undefined || equalBytes(known.data, entry.data));
    assert(same, `state-machine safety: ${id} applies another entry at ${entry.index}`);
    this.committed.set(entry.index, { term: entry.term, data: entry.data });
  }

  #checkRead(context: string, index: LogIndex): void {
    const required = this.#reads.get(context);
    assert(required !== undefined, `an answer to the read ${context}, which nobody asked for`);
    assert(index >= required, `stale read ${context}: ${index}, but ${required} was committed before`);
  }
}

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
