import t from 'tap';
import type { ObjectMeta } from '../../../api/types/meta-v1.ts';
import { configMaps } from '../../../client/resources.ts';
import { OwnerGraph } from './graph.ts';
import type { Effects } from './graph.ts';
import { ownerState, planItem } from './plan.ts';
import type { OwnerState } from './plan.ts';

const owner = (uid: string, blockOwnerDeletion = false) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: uid,
  uid,
  blockOwnerDeletion,
});
const meta = (uid: string, owners: ReturnType<typeof owner>[] = [], more: ObjectMeta = {}): ObjectMeta => ({
  uid,
  name: uid,
  namespace: 'n',
  ownerReferences: owners,
  ...more,
});
const examined = (effects: Effects): string[] => [...effects.examine].sort((a, b) => (a < b ? -1 : 1));

function graph() {
  const g = new OwnerGraph();
  return { g, put: (m: ObjectMeta): Effects => g.upsert(configMaps, 'v1', 'ConfigMap', m) };
}

void t.test('the graph: removing an owner examines its dependents, all the way down', (test) => {
  const { g, put } = graph();
  test.same(examined(put(meta('d'))), []);
  test.same(examined(put(meta('r', [owner('d')]))), []);
  put(meta('p', [owner('r')]));
  test.same(examined(g.remove('d')), ['r']);
  test.same(examined(g.remove('r')), ['p']);
  test.same(examined(g.remove('p')), []);
  test.equal(g.size, 0, 'nothing is left behind');
  test.end();
});

void t.test('the graph: an owner that was never seen is a virtual node to be checked, until it comes', (test) => {
  const { g, put } = graph();
  test.same(examined(put(meta('p', [owner('r')]))), ['r']);
  test.equal(g.get('r')?.ref, undefined);
  put(meta('r'));
  test.equal(g.get('r')?.ref, configMaps);
  test.same([...(g.get('r')?.dependents ?? [])], ['p']);
  test.same(examined(put(meta('q', [owner('r')]))), []);
  test.end();
});

void t.test(
  'the graph: foreground deletion examines the dependents, and the owner when one that blocks is gone or let go',
  (test) => {
    const { g, put } = graph();
    put(meta('r'));
    put(meta('p', [owner('r', true)]));
    put(meta('q', [owner('r', true)]));
    const leaving = { deletionTimestamp: 'x', finalizers: ['foregroundDeletion'] };
    test.same(examined(put(meta('r', [], leaving))), ['p', 'q', 'r']);
    const node = g.get('r');
    if (!node) throw new Error('no node');
    test.equal(g.blockingDependentsOf(node).length, 2);
    test.same(examined(g.remove('p')), ['r']);
    test.same(examined(put(meta('q', [owner('r', false)]))), ['r']);
    test.equal(g.blockingDependentsOf(node).length, 0);
    test.end();
  },
);

void t.test('the graph: orphaning is asked for by the finalizer', (test) => {
  const { put } = graph();
  put(meta('r'));
  test.same([...put(meta('r', [], { deletionTimestamp: 'x', finalizers: ['orphan'] })).orphan], ['r']);
  test.end();
});

void t.test('planItem', (test) => {
  const owners = (...states: OwnerState[]) => states.map((state, i) => ({ reference: owner(`o${i}`), state }));
  const cases: [string, OwnerState[], boolean, string[], object][] = [
    ['no owners', [], false, [], { action: 'keep' }],
    ['all there', ['solid'], false, [], { action: 'keep' }],
    ['some gone', ['dangling', 'solid', 'waiting'], true, [], { action: 'dropOwners', uids: ['o0', 'o2'] }],
    ['all gone', ['dangling'], true, [], { action: 'delete', policy: 'Background' }],
    [
      'an owner waits, and it has dependents',
      ['waiting', 'dangling'],
      true,
      [],
      { action: 'delete', policy: 'Foreground' },
    ],
    ['an owner waits, and it has none', ['waiting'], false, [], { action: 'delete', policy: 'Background' }],
    ['asked to orphan before', ['dangling'], false, ['orphan'], { action: 'delete', policy: 'Orphan' }],
    [
      'asked for foreground before',
      ['dangling'],
      false,
      ['foregroundDeletion'],
      { action: 'delete', policy: 'Foreground' },
    ],
  ];
  for (const [name, states, hasDependents, finalizers, expected] of cases) {
    test.same(planItem({ finalizers }, owners(...states), hasDependents), expected, name);
  }
  test.equal(ownerState(owner('a'), undefined), 'dangling');
  test.equal(ownerState(owner('a'), { uid: 'b' }), 'dangling', 'another object of the same name');
  test.equal(ownerState(owner('a'), { uid: 'a', deletionTimestamp: 'x' }), 'solid', 'being deleted is not gone');
  test.equal(
    ownerState(owner('a'), { uid: 'a', deletionTimestamp: 'x', finalizers: ['foregroundDeletion'] }),
    'waiting',
  );
  test.end();
});
