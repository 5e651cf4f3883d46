import t from 'tap';
import type { Survivor } from '../../store/etcd/member.ts';
import { planRecovery } from './recovery-plan.ts';

const idOf = (name: string): string => name.repeat(16).slice(0, 16);
const writtenAtMs = Date.UTC(2026, 0, 2, 3, 4, 5);

interface Given {
  /** letters of the members; voters, but for those in `learners` */
  readonly members: string;
  readonly learners?: string;
  readonly last: [index: number, term: number];
  readonly commit: number;
  readonly revisions: [commit: number, last: number];
  readonly cluster?: string;
}

function survivor(name: string, { members, learners = '', last, commit, revisions, cluster = 'cc' }: Given): Survivor {
  const ids = members.split('').map(idOf);
  const confState = {
    voters: ids.filter((id) => !learners.includes(id[0]!)),
    votersOutgoing: [],
    learners: learners.split('').map(idOf),
    learnersNext: [],
    autoLeave: false,
  };
  const [lastIndex, lastTerm] = last;
  return {
    dataDir: `/data/${name}`,
    memberId: idOf(name),
    clusterId: cluster,
    commit,
    commitRevision: revisions[0],
    lastRevision: revisions[1],
    confState,
    members: new Map(members.split('').map((m) => [idOf(m), { name: m, peerUrls: [], clientUrls: [] }])),
    log: { lastIndex, lastTerm, writtenAtMs, confState, hardState: { term: lastTerm, vote: '', commit } },
  } as unknown as Survivor;
}

const plan = (...survivors: (readonly [string, Given | string])[]) =>
  planRecovery(
    survivors.map(([name, given]) => ({ name, found: typeof given === 'string' ? given : survivor(name, given) })),
  );

void t.test('planRecovery: one of three is left; what is said is exact', (t) => {
  const { base, report } = plan(
    ['a', 'no data'],
    ['b', { members: 'abc', last: [12, 3], commit: 9, revisions: [7, 9] }],
  );
  t.equal(base?.memberId, idOf('b'));
  t.same(report, [
    'What is left:',
    '  a: cannot be used: no data',
    '  b: member bbbbbbbbbbbbbbbb, last written at 2026-01-02T03:04:05Z',
    '    log up to entry 12 of term 3, known to be committed up to 9',
    '    store at revision 9 with all of that, 7 with what is known to be committed',
    '',
    'What may be lost: writes that a (aaaaaaaaaaaaaaaa), c (cccccccccccccccc) acknowledged without b after entry 9,',
    '  that is, after revision 7. How many those are cannot be told from what is left. Nothing up to there is lost.',
    '  Kept in any case: entries 10 to 12, revisions 8 to 9. They may have been acknowledged; or never, and',
    '  replaced by others in what is gone.',
    'What happens: b becomes the only member of the cluster, which had 3 voters.',
    '  Dropped for good, and refused should they come back: a (aaaaaaaaaaaaaaaa), c (cccccccccccccccc).',
  ]);
  t.end();
});

const usual = { commit: 5, revisions: [4, 4] as [number, number] };
const five = { ...usual, members: 'abcde' };

void t.test('planRecovery: of two of five the one with the later term is taken, and both are named', (t) => {
  const { base, report } = plan(['a', { ...five, last: [20, 2] }], ['b', { ...five, last: [6, 3] }]);
  t.equal(base?.memberId, idOf('b'));
  const text = report.join('\n');
  t.match(text, /writes that c \(\w+\), d \(\w+\), e \(\w+\) acknowledged without b/);
  t.match(text, /Dropped for good.*: a \(/);
  t.end();
});

const refusals: readonly [string, readonly (readonly [string, Given | string])[], RegExp][] = [
  ['nothing is left', [['a', 'gone']], /No member holds data that can be used: restore a backup/],
  [
    'a quorum is left',
    [
      ['a', { ...five, last: [6, 2] }],
      ['b', { ...five, last: [6, 2] }],
      ['c', { ...five, last: [5, 2] }],
    ],
    /A quorum of the 5 voters is left: start them/,
  ],
  ['it is the only voter already', [['a', { ...usual, members: 'a', last: [6, 2] }]], /of the 1 voter is left/],
  [
    'they are of two clusters',
    [
      ['a', { ...five, last: [6, 2] }],
      ['b', { ...five, last: [6, 2], cluster: 'dd' }],
    ],
    /is of cluster dd, .* name those of one cluster/,
  ],
];

for (const [name, survivors, expected] of refusals) {
  void t.test(`planRecovery does nothing where ${name}`, (t) => {
    const { base, report } = plan(...survivors);
    t.equal(base, undefined);
    t.match(report.join('\n'), expected);
    t.end();
  });
}

void t.test('planRecovery: a learner may be all that is left', (t) => {
  const { base } = plan(['l', { ...usual, members: 'abl', learners: 'l', last: [6, 2] }]);
  t.equal(base?.memberId, idOf('l'));
  t.end();
});
