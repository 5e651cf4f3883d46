import t from 'tap';
import { MemoryStorage, RawNode } from './index.ts';
import { defaultMemberConfig, type MemberConfig } from './testing/member.ts';
import { renderMessage } from './testing/render.ts';
import type { Entry, Message, MessageType, Term } from './types.ts';

/**
 * What the Raft paper (extended version) demands of one member, said in its sections. Pre-vote and check-quorum are the
 * thesis's additions and are off here.
 */
const paperConfig: MemberConfig = { ...defaultMemberConfig, preVote: false, checkQuorum: false };

interface Setup {
  readonly voters?: readonly string[];
  /** the terms of the log's entries */
  readonly log?: readonly Term[];
  readonly term?: Term;
  readonly config?: Partial<MemberConfig>;
}

class Subject {
  readonly node: RawNode;
  readonly #storage: MemoryStorage;

  constructor({ voters = ['1', '2', '3'], log = [], term = log.at(-1) ?? 0, config = {} }: Setup = {}) {
    this.#storage = new MemoryStorage({ voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false });
    this.#storage.append(log.map((entryTerm, i) => entry(i + 1, entryTerm)));
    this.#storage.setHardState({ term, vote: '', commit: 0 });
    this.node = new RawNode({ ...paperConfig, ...config, id: '1', storage: this.#storage, applied: 0 });
  }

  /** Takes all Readys with a disk that is done at once; returns what leaves for others, and what is applied. */
  drain(): { sent: Message[]; applied: Entry[] } {
    const sent: Message[] = [];
    const applied: Entry[] = [];
    while (this.node.hasReady()) {
      const ready = this.node.ready();
      sent.push(...ready.messages, ...ready.afterAppend.filter((m) => m.to !== '1'));
      this.#storage.append(ready.entries);
      const last = ready.entries.at(-1);
      if (last) this.node.appended(last.index, last.term);
      for (const message of ready.afterAppend) if (message.to === '1') this.node.step(message);
      applied.push(...ready.committed);
      const lastApplied = ready.committed.at(-1);
      if (lastApplied) this.node.applied(lastApplied.index);
    }
    return { sent, applied };
  }

  receive(type: MessageType, from: string, term: Term, rest: Partial<Message> = {}): Message[] {
    this.node.step({ type, from, to: '1', term, ...rest });
    return this.drain().sent;
  }

  lead(voters: readonly string[] = ['2', '3']): void {
    this.node.campaign('test');
    this.drain();
    for (const from of voters) this.node.step({ type: 'vote-resp', from, to: '1', term: this.node.status().term });
    this.drain();
  }

  get terms(): number[] {
    return Array.from({ length: this.#storage.lastIndex() }, (_, i) => this.#storage.term(i + 1));
  }
}

const entry = (index: number, term: Term): Entry => ({ index, term, type: 'normal', data: new Uint8Array(0) });
const text = (messages: readonly Message[]): string[] => messages.map(renderMessage);

void t.test('5.1: a greater term is taken, and makes a leader or candidate a follower', (t) => {
  for (const role of ['follower', 'candidate', 'leader'] as const) {
    const subject = new Subject({ term: 1 });
    if (role === 'candidate') subject.node.campaign('test');
    if (role === 'leader') subject.lead();
    subject.drain();
    subject.receive('app', '2', 9, { index: 0, logTerm: 0 });
    t.match(subject.node.status(), { role: 'follower', term: 9, leader: '2' }, role);
  }
  t.end();
});

void t.test('5.1: a request of an older term is refused', (t) => {
  const subject = new Subject({ term: 5 });
  t.same(subject.receive('vote', '2', 4, { index: 9, logTerm: 4 }), []);
  t.same(subject.receive('app', '2', 4, { index: 0, logTerm: 0, entries: [entry(1, 4)] }), []);
  t.same(subject.terms, []);
  t.equal(subject.node.status().term, 5);
  t.end();
});

void t.test('5.2: a member starts as follower, and campaigns when it hears of no leader', (t) => {
  const subject = new Subject({ term: 1 });
  t.equal(subject.node.status().role, 'follower');
  for (let i = 0; i < 9; i++) subject.node.tick();
  t.equal(subject.node.status().role, 'follower');
  subject.node.tick();
  t.match(subject.node.status(), { role: 'candidate', term: 2 });
  t.same(
    text(subject.drain().sent).map((line) => line.split(' last')[0]),
    ['1->2 vote t2', '1->3 vote t2'],
  );
  t.end();
});

void t.test('5.2: a leader heartbeats each follower', (t) => {
  const subject = new Subject();
  subject.lead();
  subject.node.tick();
  t.same(text(subject.drain().sent), ['1->2 heartbeat t1 commit 0', '1->3 heartbeat t1 commit 0']);
  t.end();
});

void t.test('5.2: a vote is given once a term, first come first served, and not forgotten by a restart', (t) => {
  const subject = new Subject();
  t.same(text(subject.receive('vote', '2', 1, { index: 0, logTerm: 0 })), ['1->2 vote-resp t1']);
  t.same(text(subject.receive('vote', '2', 1, { index: 0, logTerm: 0 })), ['1->2 vote-resp t1'], 'again the same');
  t.same(text(subject.receive('vote', '3', 1, { index: 0, logTerm: 0 })), ['1->3 vote-resp t1 reject']);
  const storage = new MemoryStorage({
    voters: ['1', '2', '3'],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  });
  storage.setHardState({ term: 1, vote: '2', commit: 0 });
  const restarted = new RawNode({ ...paperConfig, id: '1', storage, applied: 0 });
  restarted.step({ type: 'vote', from: '3', to: '1', term: 1, index: 0, logTerm: 0 });
  t.same(text(restarted.ready().afterAppend), ['1->3 vote-resp t1 reject']);
  t.end();
});

void t.test('5.2: an election is won by a majority, and lost or undecided without', (t) => {
  const cases: [size: number, granted: number, refused: number, role: string][] = [
    [1, 0, 0, 'leader'],
    [3, 1, 0, 'leader'],
    [3, 0, 0, 'candidate'],
    [3, 0, 2, 'follower'],
    [5, 2, 2, 'leader'],
    [5, 1, 2, 'candidate'],
    [5, 0, 3, 'follower'],
  ];
  for (const [size, granted, refused, role] of cases) {
    const voters = Array.from({ length: size }, (_, i) => String(i + 1));
    const subject = new Subject({ voters });
    subject.node.campaign('test');
    subject.drain();
    for (const [i, from] of voters.slice(1, 1 + granted + refused).entries()) {
      subject.node.step({ type: 'vote-resp', from, to: '1', term: 1, reject: i >= granted });
    }
    t.equal(subject.node.status().role, role, `${granted} for, ${refused} against of ${size}`);
  }
  t.end();
});

void t.test('5.2: a candidate that hears a leader of its term follows it', (t) => {
  const subject = new Subject();
  subject.node.campaign('test');
  subject.drain();
  subject.receive('app', '2', 1, { index: 0, logTerm: 0 });
  t.match(subject.node.status(), { role: 'follower', term: 1, leader: '2' });
  t.end();
});

void t.test('5.2: election timeouts are spread over [timeout, 1.5 * timeout)', (t) => {
  const seen = new Set<number>();
  for (let draw = 0; draw < 10; draw++) {
    const subject = new Subject({ config: { random: (bound) => draw % bound } });
    let ticks = 0;
    while (subject.node.status().role === 'follower') {
      subject.node.tick();
      ticks++;
    }
    seen.add(ticks);
  }
  t.same(
    [...seen].sort((a, b) => a - b),
    [10, 11, 12, 13, 14],
  );
  t.end();
});

void t.test('5.3: an entry on a majority is committed, applied, and made known', (t) => {
  const subject = new Subject();
  subject.lead();
  subject.node.propose(new TextEncoder().encode('x'));
  subject.drain();
  t.equal(subject.node.status().commit, 0);
  subject.node.step({ type: 'app-resp', from: '2', to: '1', term: 1, index: 2 });
  const { sent, applied } = subject.drain();
  t.same(
    applied.map((e) => e.index),
    [1, 2],
  );
  t.ok(text(sent).includes('1->2 app t1 after 2@1 commit 2'));
  t.end();
});

void t.test('5.3: a follower refuses an append that does not fit its log, and says where it may fit', (t) => {
  const cases: [name: string, index: number, logTerm: number, answer: string][] = [
    ['fits', 2, 2, '1->2 app-resp t3 2'],
    ['beyond the end', 5, 2, '1->2 app-resp t3 reject 5 hint 2@2'],
    ['another term there', 2, 3, '1->2 app-resp t3 reject 2 hint 2@2'],
    ['a smaller term there', 2, 1, '1->2 app-resp t3 reject 2 hint 1@1'],
  ];
  for (const [name, index, logTerm, answer] of cases) {
    t.same(text(new Subject({ log: [1, 2] }).receive('app', '2', 3, { index, logTerm })), [answer], name);
  }
  t.end();
});

void t.test('5.3: a follower takes over what the leader has, and drops what conflicts', (t) => {
  const cases: [name: string, index: number, logTerm: number, entries: Entry[], terms: number[]][] = [
    ['conflict at the end', 2, 2, [entry(3, 3)], [1, 2, 3]],
    ['conflict before', 1, 1, [entry(2, 3), entry(3, 4)], [1, 3, 4]],
    ['from the beginning', 0, 0, [entry(1, 1)], [1, 2]],
    ['all other', 0, 0, [entry(1, 3)], [3]],
  ];
  for (const [name, index, logTerm, entries, terms] of cases) {
    const subject = new Subject({ log: [1, 2] });
    subject.receive('app', '2', 4, { index, logTerm, entries });
    t.same(subject.terms, terms, name);
  }
  t.end();
});

void t.test('5.3: no more is committed than what is known to match the leader, whatever its commit index', (t) => {
  const cases: [name: string, index: number, entries: Entry[], commit: number, expected: number][] = [
    ['an empty append, a tail of our own behind it', 1, [], 9, 1],
    ['a new entry, the leader is ahead', 1, [entry(2, 3)], 9, 2],
    ['an entry we have, a tail of our own behind it', 1, [entry(2, 2)], 9, 2],
    ['less is committed than was sent', 1, [entry(2, 3), entry(3, 3)], 2, 2],
  ];
  for (const [name, index, entries, commit, expected] of cases) {
    const subject = new Subject({ log: [1, 2, 2] });
    subject.receive('app', '2', 3, { index, logTerm: 1, entries, commit });
    t.equal(subject.node.status().commit, expected, name);
  }
  t.end();
});

void t.test('5.4.1: a vote is refused to a log that is less up-to-date', (t) => {
  const cases: [own: number[], index: number, logTerm: number, granted: boolean][] = [
    [[1], 1, 1, true],
    [[1], 2, 1, true],
    [[1, 1], 1, 1, false],
    [[1], 1, 2, true],
    [[1, 1], 1, 2, true],
    [[2], 1, 1, false],
    [[2], 2, 1, false],
  ];
  for (const [log, index, logTerm, granted] of cases) {
    const [answer] = new Subject({ log }).receive('vote', '2', 9, { index, logTerm });
    t.equal(answer?.reject !== true, granted, `${index}@${logTerm} against ${log.join()}`);
  }
  t.end();
});

void t.test('5.4.2: only entries of the current term are committed by counting', (t) => {
  const cases: [acknowledged: number, commit: number][] = [
    [1, 0],
    [2, 0],
    [3, 3],
  ];
  for (const [index, commit] of cases) {
    const subject = new Subject({ log: [1, 2] });
    subject.lead();
    subject.receive('app-resp', '2', 3, { index });
    t.equal(subject.node.status().commit, commit, `up to ${index}`);
  }
  t.end();
});

void t.test('6: within the least election timeout of a leader a vote is refused, whatever its term', (t) => {
  const subject = new Subject({ log: [1], config: { checkQuorum: true } });
  subject.receive('heartbeat', '2', 1);
  t.same(subject.receive('vote', '3', 5, { index: 9, logTerm: 4 }), []);
  t.match(subject.node.status(), { term: 1, leader: '2' });
  for (let i = 0; i < 9; i++) subject.node.tick();
  t.same(subject.receive('vote', '3', 5, { index: 9, logTerm: 4 }), []);
  const moved = new Subject({ log: [1], config: { checkQuorum: true, random: () => 9 } });
  moved.receive('heartbeat', '2', 1);
  for (let i = 0; i < 10; i++) moved.node.tick();
  t.same(text(moved.receive('vote', '3', 5, { index: 9, logTerm: 4 })), ['1->3 vote-resp t5'], 'after it is granted');
  t.end();
});

void t.test('7: a snapshot replaces the log, unless the log has what it holds', (t) => {
  const confState = { voters: ['1', '2', '3'], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const behind = new Subject({ log: [1, 1] });
  t.same(text(behind.receive('snap', '2', 3, { snapshot: { index: 9, term: 3, confState } })), ['1->2 app-resp t3 9']);
  t.match(behind.node.status(), { lastIndex: 9, commit: 9 });
  const has = new Subject({ log: [1, 1, 1] });
  t.same(text(has.receive('snap', '2', 3, { snapshot: { index: 2, term: 1, confState } })), ['1->2 app-resp t3 2']);
  t.match(has.node.status(), { lastIndex: 3, commit: 2 }, 'the entries behind it stay');
  t.end();
});

void t.test('8: a leader commits an empty entry at the start of its term', (t) => {
  const subject = new Subject({ log: [1] });
  subject.lead();
  t.same(subject.terms, [1, 2]);
  t.end();
});
