import type { Random } from '../../../base/random.ts';
import { MemoryStorage } from '../index.ts';
import type { LogIndex, Message, NodeId } from '../types.ts';
import { RaftInvariants } from './invariants.ts';
import { defaultMemberConfig, TestMember, type MemberConfig } from './member.ts';

/** Beyond it messages are lost, as in a real network. */
const maxMessagesInFlight = 400;
/** No clock is faster or slower than true time by more. */
const clockDriftMax = 0.1;

/** A group whose every event is chosen by `random`, with Raft's invariants checked after each. */
export class CheckedGroup {
  readonly members = new Map<NodeId, TestMember>();
  readonly invariants = new RaftInvariants();
  network: Message[] = [];
  /** pairs `from>to` over which nothing passes */
  readonly cut = new Set<string>();
  readonly #random: Random;
  readonly #clocks = new Map<NodeId, { readonly rate: number; ticks: number }>();
  #nextRead = 0;

  constructor(random: Random, size: number, spare: number, config: Partial<MemberConfig> = {}, asyncApply = false) {
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
      this.members.set(
        id,
        new TestMember(id, storage, drawn, { asyncApply, onApply: (entry) => this.invariants.applied(id, entry) }),
      );
    }
    for (const member of this.members.values()) this.check(member);
    for (const id of ids)
      this.#clocks.set(id, { rate: 1 - clockDriftMax + 2 * clockDriftMax * random.next(), ticks: random.next() });
  }

  get maxCommitted(): LogIndex {
    return this.invariants.maxCommitted;
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
    this.check(member);
    const ready = member.takeReady();
    this.check(member);
    for (const read of ready.readStates) this.invariants.readAnswered(read.context, read.index);
    this.#send(ready.messages);
  }

  completeWrite(id: NodeId): void {
    const member = this.member(id);
    if (member.writes.length === 0) return;
    const messages = member.completeWrite();
    this.invariants.appliedUpTo(id, member.appliedIndex);
    this.check(member);
    this.#send(messages);
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
    this.invariants.readBegins(context);
    if (this.member(id).node.readIndex(context) === 'dropped') this.invariants.readGivenUp(context);
    this.check(this.member(id));
  }

  completeApply(id: NodeId): void {
    const member = this.member(id);
    member.completeApply();
    this.check(member);
  }

  /** A tick's time passes, for each member by its own clock. */
  elapse(): void {
    for (const [id, clock] of this.#clocks) {
      const before = Math.floor(clock.ticks);
      clock.ticks += clock.rate;
      const { node } = this.member(id);
      for (let due = Math.floor(clock.ticks) - before; due > 0; due--) node.tick();
    }
    this.checkAll();
  }

  restart(id: NodeId): void {
    const member = this.member(id);
    member.restart();
    this.invariants.restarted(id);
    this.invariants.appliedUpTo(id, member.appliedIndex);
    this.check(member);
  }

  /** Lets everything happen in order, without faults, until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 1000; round++) {
      let busy = false;
      for (const [id, member] of this.members) {
        while (member.node.hasReady() || member.writes.length > 0 || member.applies.length > 0) {
          busy = true;
          this.takeReady(id);
          this.completeWrite(id);
          this.completeApply(id);
        }
      }
      busy ||= this.network.length > 0;
      while (this.network.length > 0) this.deliver(0);
      if (!busy) return;
    }
    throw new Error('the group does not settle');
  }

  check(member: TestMember): void {
    this.invariants.observe(member.node.inspection);
  }

  checkAll(): void {
    for (const member of this.members.values()) this.check(member);
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.invariants.sent(message);
      this.network.push(message);
      if (this.network.length > maxMessagesInFlight) this.drop(this.#random.below(this.network.length));
    }
  }
}
