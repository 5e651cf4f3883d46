import t from 'tap';
import type { Entry, Message, NodeId, Role, Term } from '../types.ts';
import { RaftInvariants, type Invariant, type MemberView } from './invariants.ts';

const ids: readonly NodeId[] = ['1', '2', '3'];

/** A member made of plain values, so that each test can break one rule. */
class FakeMember implements MemberView {
  readonly id: NodeId;
  role: Role = 'follower';
  term: Term = 1;
  vote: NodeId = '';
  commit = 0;
  applied = 0;
  firstIndex = 1;
  durableIndex = 0;
  voters: ReadonlySet<NodeId> = new Set(ids);
  votersOutgoing: ReadonlySet<NodeId> = new Set();
  log: Entry[] = [];

  constructor(id: NodeId) {
    this.id = id;
  }

  get lastIndex(): number {
    return this.log.length;
  }

  termAt(index: number): Term | undefined {
    return index === 0 ? 0 : this.log[index - 1]?.term;
  }

  entryAt(index: number): Entry | undefined {
    return this.log[index - 1];
  }

  matches: Readonly<Record<NodeId, number>> = {};
  matchOf(id: NodeId): number {
    return this.matches[id] ?? 0;
  }
}

const entry = (index: number, term: Term, text = ''): Entry => ({
  index,
  term,
  type: 'normal',
  data: new TextEncoder().encode(text),
});

/** 1 leads term 1 and holds two entries, the first of which is on two disks and committed. */
function group(): { checks: RaftInvariants; one: FakeMember; two: FakeMember; three: FakeMember } {
  const checks = new RaftInvariants();
  const [one, two, three] = ids.map((id) => new FakeMember(id)) as [FakeMember, FakeMember, FakeMember];
  for (const member of [one, two, three]) checks.observe(member);
  one.role = 'leader';
  one.log = [entry(1, 1, 'a'), entry(2, 1, 'b')];
  one.durableIndex = 2;
  checks.observe(one);
  two.log = [entry(1, 1, 'a')];
  two.durableIndex = 1;
  checks.observe(two);
  one.commit = 1;
  checks.observe(one);
  two.commit = 1;
  checks.observe(two);
  return { checks, one, two, three };
}

const vote = (from: NodeId, to: NodeId, term: Term): Message => ({ type: 'vote-resp', from, to, term });

const broken: [name: string, invariant: Invariant, act: (g: ReturnType<typeof group>) => void][] = [
  [
    'two leaders of a term',
    'election safety',
    ({ checks, two }) => {
      two.role = 'leader';
      checks.observe(two);
    },
  ],
  [
    'a leader without votes',
    'election safety',
    ({ checks, two }) => {
      checks.sent(vote('1', '3', 2));
      two.role = 'leader';
      two.term = 2;
      two.vote = '2';
      checks.observe(two);
    },
  ],
  [
    'two votes in a term, over a restart',
    'one vote a term',
    ({ checks }) => {
      checks.sent(vote('3', '1', 2));
      checks.restarted('3');
      checks.sent(vote('3', '2', 2));
    },
  ],
  [
    'a candidate that has not applied a committed configuration change',
    'election safety',
    ({ checks, one, two }) => {
      const change: Entry = { ...entry(3, 1), type: 'conf-change' };
      one.log = [...one.log, change];
      Object.assign(one, { durableIndex: 3 });
      checks.observe(one);
      two.log = [...one.log];
      two.durableIndex = 3;
      checks.observe(two);
      one.commit = 3;
      checks.observe(one);
      Object.assign(two, { commit: 3, applied: 2, term: 2, vote: '2', role: 'candidate' });
      checks.observe(two);
    },
  ],
  [
    'an older configuration after a restart',
    'state-machine safety',
    ({ checks, one, two }) => {
      one.log = [...one.log, { ...entry(3, 1), type: 'conf-change' }, entry(4, 1)];
      two.log = [...one.log];
      Object.assign(one, { durableIndex: 4 });
      Object.assign(two, { durableIndex: 4 });
      checks.observe(one);
      checks.observe(two);
      one.commit = 4;
      checks.observe(one);
      Object.assign(one, { applied: 3, voters: new Set(['1', '2', '3', '4']) });
      checks.observe(one);
      checks.restarted('2');
      Object.assign(two, { commit: 4, applied: 3 });
      checks.observe(two);
      two.applied = 4;
      checks.observe(two);
    },
  ],
  [
    'an acknowledgement of entries that are not there',
    'log matching',
    ({ checks, one }) => {
      one.matches = { 2: 2 };
      checks.observe(one);
    },
  ],
  [
    'a vote forgotten over a restart',
    'one vote a term',
    ({ checks, two, three }) => {
      Object.assign(two, { term: 2, vote: '2', role: 'candidate' });
      checks.observe(two);
      checks.sent(vote('3', '2', 2));
      Object.assign(three, { term: 2 });
      checks.restarted('3');
      checks.observe(three);
    },
  ],
  [
    'a candidacy forgotten over a restart',
    'one vote a term',
    ({ checks, two }) => {
      Object.assign(two, { term: 2, vote: '2', role: 'candidate' });
      checks.observe(two);
      checks.sent({ type: 'vote', from: '2', to: '3', term: 2 });
      Object.assign(two, { term: 1, vote: '', role: 'follower' });
      checks.restarted('2');
      checks.observe(two);
    },
  ],
  [
    'a follower of a term for which nobody campaigned',
    'terms begin with a candidacy',
    ({ checks, two }) => {
      two.term = 2;
      checks.observe(two);
    },
  ],
  [
    'a leader that drops an entry',
    'leader append-only',
    ({ checks, one }) => {
      one.log = one.log.slice(0, 1);
      checks.observe(one);
    },
  ],
  [
    'another content under the same name',
    'log matching',
    ({ checks, two }) => {
      two.log = [...two.log, entry(2, 1, 'x')];
      checks.observe(two);
    },
  ],
  [
    'another predecessor under the same name',
    'log matching',
    ({ checks, three }) => {
      three.log = [entry(1, 0), entry(2, 1, 'b')];
      checks.observe(three);
    },
  ],
  [
    'an entry that no leader made',
    'log matching',
    ({ checks, two }) => {
      two.log = [...two.log, entry(2, 7)];
      checks.observe(two);
    },
  ],
  [
    'a leader without what was committed',
    'leader completeness',
    ({ checks, three }) => {
      three.role = 'leader';
      three.term = 2;
      checks.observe(three);
    },
  ],
  [
    'a commit of an old term by counting',
    'leader completeness',
    ({ checks, one, two }) => {
      two.log = [...one.log];
      two.durableIndex = 2;
      two.role = 'leader';
      two.term = 2;
      two.commit = 2;
      checks.observe(two);
    },
  ],
  [
    'a commit that is on one disk only',
    'committed is never lost',
    ({ checks, one }) => {
      one.commit = 2;
      checks.observe(one);
    },
  ],
  [
    'a committed entry dropped',
    'committed is never lost',
    ({ checks, two }) => {
      two.log = [];
      two.commit = 1;
      two.durableIndex = 0;
      two.firstIndex = 1;
      Object.defineProperty(two, 'lastIndex', { get: () => 1 });
      two.log = [entry(1, 2)];
      checks.observe(two);
    },
  ],
  [
    'a durable entry gone after a restart',
    'committed is never lost',
    ({ checks, one }) => {
      checks.restarted('1');
      one.role = 'follower';
      one.log = one.log.slice(0, 1);
      checks.observe(one);
    },
  ],
  [
    'a follower that commits more than any leader',
    'state-machine safety',
    ({ checks, two, one }) => {
      two.log = [...one.log];
      two.commit = 2;
      checks.observe(two);
    },
  ],
  ['an entry applied that is not committed', 'state-machine safety', ({ checks }) => checks.applied('2', entry(2, 1))],
  [
    'an entry applied that the own disk does not have',
    'state-machine safety',
    ({ checks, one, two }) => {
      two.log = [...one.log];
      two.durableIndex = 2;
      checks.observe(two);
      one.commit = 2;
      checks.observe(one);
      two.durableIndex = 1;
      checks.applied('2', entry(2, 1, 'b'));
    },
  ],
  ['another entry applied', 'state-machine safety', ({ checks }) => checks.applied('2', entry(1, 1, 'x'))],
  [
    'an entry applied twice',
    'state-machine safety',
    ({ checks }) => {
      checks.applied('2', entry(1, 1, 'a'));
      checks.applied('2', entry(1, 1, 'a'));
    },
  ],
  [
    'a term that goes back',
    'nothing goes back',
    ({ checks, three }) => {
      three.term = 0;
      checks.observe(three);
    },
  ],
  [
    'a stale read',
    'linearizable reads',
    ({ checks }) => {
      checks.readBegins('r');
      checks.readAnswered('r', 0);
    },
  ],
];

for (const [name, invariant, act] of broken) {
  void t.test(`RaftInvariants finds ${name}`, (t) => {
    t.throws(() => act(group()), { name: 'InvariantViolation', invariant });
    t.end();
  });
}

void t.test('RaftInvariants lets pass what Raft allows', (t) => {
  const { checks, one, two, three } = group();
  Object.assign(two, { term: 2, vote: '2', role: 'candidate' });
  checks.observe(two);
  checks.sent(vote('3', '2', 2));
  Object.assign(three, { term: 2, vote: '2' });
  checks.observe(three);
  Object.assign(two, { role: 'leader' });
  two.log = [...two.log, entry(2, 2)];
  checks.observe(two);
  Object.assign(one, { term: 2, role: 'follower' });
  one.log = [...two.log];
  checks.observe(one);
  t.same(one.termAt(2), 2, 'an uncommitted entry of a deposed leader is replaced');
  checks.restarted('3', true);
  Object.assign(three, { term: 0, vote: '', log: [] });
  checks.observe(three);
  checks.applied('1', entry(1, 1, 'a'));
  checks.readBegins('r');
  checks.readAnswered('r', 1);
  t.equal(checks.maxCommitted, 1);
  t.end();
});
