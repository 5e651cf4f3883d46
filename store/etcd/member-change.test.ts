import t from 'tap';
import { applyChange, changeFault, fromConfChange, toConfChange } from './member-change.ts';
import type { MemberChange } from './member-change.ts';

const record = (url: string, learner = false) => ({
  name: url,
  peerUrls: [url],
  clientUrls: [],
  ...(learner && { learner }),
});

const state = () => ({
  members: new Map([
    ['a', record('http://a:1')],
    ['b', record('http://b:1')],
    ['l', record('http://l:1', true)],
  ]),
  removed: new Set(['gone']),
});

const cases: readonly [string, MemberChange, string | undefined][] = [
  ['a new voter', { kind: 'add', id: 'c', peerUrls: ['http://c:1'] }, undefined],
  ['an id that is there', { kind: 'add', id: 'a', peerUrls: ['http://c:1'] }, 'member-exists'],
  ['an id that was removed', { kind: 'add', id: 'gone', peerUrls: ['http://c:1'] }, 'member-not-found'],
  ['a URL of another', { kind: 'add', id: 'c', peerUrls: ['http://c:1', 'http://b:1'] }, 'peer-urls-exist'],
  ['a second learner', { kind: 'add', id: 'c', peerUrls: ['http://c:1'], learner: true }, 'too-many-learners'],
  ['promotion of the learner', { kind: 'promote', id: 'l' }, undefined],
  ['promotion of a voter', { kind: 'promote', id: 'a' }, 'member-not-learner'],
  ['promotion of nobody', { kind: 'promote', id: 'x' }, 'member-not-found'],
  ['removal', { kind: 'remove', id: 'a' }, undefined],
  ['removal of nobody', { kind: 'remove', id: 'x' }, 'member-not-found'],
  ['removal of one that was removed', { kind: 'remove', id: 'gone' }, 'member-not-found'],
  ['new URLs', { kind: 'update', id: 'a', peerUrls: ['http://a:2'] }, undefined],
  ['the same URLs again', { kind: 'update', id: 'a', peerUrls: ['http://a:1'] }, undefined],
  ['URLs of another', { kind: 'update', id: 'a', peerUrls: ['http://b:1'] }, 'peer-urls-exist'],
  ['new URLs of nobody', { kind: 'update', id: 'x', peerUrls: ['http://x:1'] }, 'member-not-found'],
];

for (const [name, change, expected] of cases) {
  void t.test(`changeFault: ${name}`, (t) => {
    t.equal(changeFault(state(), change, 1), expected);
    t.end();
  });
}

void t.test('changeFault: the last voter stays, whoever learns from it', (t) => {
  const { members, removed } = state();
  members.delete('b');
  t.equal(changeFault({ members, removed }, { kind: 'remove', id: 'a' }, 1), 'not-enough-started');
  t.equal(changeFault({ members, removed }, { kind: 'remove', id: 'l' }, 1), undefined);
  t.end();
});

void t.test('applyChange: a member from its addition to its removal', (t) => {
  const s = state();
  s.members.delete('l');
  applyChange(s, { kind: 'add', id: 'n', peerUrls: ['http://n:1'], learner: true });
  t.same(s.members.get('n'), { name: '', peerUrls: ['http://n:1'], clientUrls: [], learner: true });
  applyChange(s, { kind: 'update', id: 'n', peerUrls: ['http://n:2'] });
  applyChange(s, { kind: 'promote', id: 'n' });
  t.same(s.members.get('n'), { name: '', peerUrls: ['http://n:2'], clientUrls: [] });
  applyChange(s, { kind: 'remove', id: 'n' });
  t.notOk(s.members.has('n'));
  t.ok(s.removed.has('n'));
  t.end();
});

void t.test('a change goes through a configuration change and back', (t) => {
  const proposed = {
    kind: 'add',
    id: 'n',
    peerUrls: ['http://n:1'],
    learner: true,
    session: 's',
    sequence: 3,
  } as const;
  const conf = toConfChange(proposed);
  t.same(conf.changes, [{ type: 'add-learner', id: 'n' }]);
  t.same(fromConfChange(conf), proposed);
  t.equal(fromConfChange({ ...conf, data: new Uint8Array(0) }), undefined);
  t.end();
});
