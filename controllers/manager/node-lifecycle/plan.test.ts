import t from 'tap';
import type { Node, Pod, Taint } from '../../../api/types/core-v1.ts';
import { planPodGc } from '../pod-gc/plan.ts';
import { evictionTimeMs, tolerates } from '../taint-eviction/plan.ts';
import { heard, planTaints, silentConditions } from './plan.ts';
import { planEvictions, zoneState } from './zones.ts';

const node = (
  name: string,
  ready: string,
  { taints, zone = 'a', unschedulable }: { taints?: Taint[]; zone?: string; unschedulable?: boolean } = {},
): Node => ({
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
  spec: { taints, unschedulable },
  status: {
    conditions: [
      { type: 'Ready', status: ready },
      { type: 'DiskPressure', status: 'False' },
    ],
  },
});
const text = (taints: Taint[] | undefined): string[] | undefined =>
  taints?.map((taint) => `${taint.key.replace('node.kubernetes.io/', '')}:${taint.effect}`);
const unreachable: Taint[] = [
  { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
];

void t.test('planTaints', (test) => {
  const foreign = { key: 'example.com/x', effect: 'NoExecute' };
  const cases: [string, Node, boolean, string[] | undefined][] = [
    ['ready', node('n', 'True'), true, undefined],
    ['not ready', node('n', 'False'), true, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    ['unknown, eviction not allowed yet', node('n', 'Unknown'), false, ['unreachable:NoSchedule']],
    ['stands already', node('n', 'Unknown', { taints: unreachable }), true, undefined],
    ['eviction withdrawn', node('n', 'Unknown', { taints: unreachable }), false, ['unreachable:NoSchedule']],
    ['well again', node('n', 'True', { taints: [foreign, ...unreachable] }), false, ['example.com/x:NoExecute']],
    [
      'from unknown to not ready',
      node('n', 'False', { taints: unreachable }),
      true,
      ['not-ready:NoSchedule', 'not-ready:NoExecute'],
    ],
    ['cordoned', node('n', 'True', { unschedulable: true }), false, ['unschedulable:NoSchedule']],
  ];
  for (const [name, given, mayEvict, expected] of cases)
    test.same(text(planTaints(given, mayEvict, 'now')), expected, name);
  test.end();
});

void t.test('silentConditions and heard', (test) => {
  test.equal(silentConditions(node('n', 'True'), 39_000, 40_000, 'now'), undefined);
  test.match(silentConditions(node('n', 'True'), 41_000, 40_000, 'now'), [
    { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', lastTransitionTime: 'now' },
    { type: 'DiskPressure', status: 'Unknown' },
    { type: 'MemoryPressure', status: 'Unknown', reason: 'NodeStatusNeverUpdated' },
    { type: 'PIDPressure', status: 'Unknown' },
  ]);
  test.equal(
    silentConditions({ metadata: { name: 'new' } }, 50_000, 40_000, 'now'),
    undefined,
    'a new node has a minute',
  );
  const first = heard(undefined, { readyHeartbeat: '1', leaseRenewTime: '1' }, 100);
  test.equal(heard(first, { readyHeartbeat: '1', leaseRenewTime: '1' }, 200).heardAtMs, 100);
  test.equal(
    heard(first, { readyHeartbeat: '1', leaseRenewTime: '0' }, 200).heardAtMs,
    200,
    'any change counts, forward or back',
  );
  test.end();
});

void t.test('planEvictions: one node at a time, and none when everything looks dead', (test) => {
  const names = (nodes: Node[], secondsLater = 0): string[] => {
    const first = planEvictions({ nodes, budgets: new Map(), nowMs: 0, rate: 0.1 });
    if (secondsLater === 0) return [...first.mayEvict];
    return [...planEvictions({ nodes, budgets: first.budgets, nowMs: secondsLater * 1000, rate: 0.1 }).mayEvict];
  };
  const [a, b, ok] = [node('a', 'Unknown'), node('b', 'Unknown'), node('ok', 'True')];
  test.same(names([a, b, ok, node('ok2', 'True')]), ['a']);
  test.same(names([a, b, ok, node('ok2', 'True')], 5), [], 'the next one ten seconds later');
  test.same(names([a, b, ok, node('ok2', 'True')], 10), ['a']);
  test.same(
    names([node('a', 'Unknown', { taints: unreachable }), b, ok, ok]),
    ['a', 'b'],
    'those that have the taint keep it',
  );
  test.same(names([a, b]), [], 'a blackout');
  test.same(names([node('a', 'Unknown', { taints: unreachable })]), [], 'a blackout withdraws');
  test.same(names([a, node('c', 'True', { zone: 'z2' })]), ['a'], 'one zone of two');
  test.equal(zoneState([a, b, node('c', 'Unknown'), ok]), 'partial');
  test.same(names([a, b, node('c', 'Unknown'), ok]), [], 'a small zone with much broken');
  test.end();
});

void t.test('tolerates and evictionTimeMs', (test) => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' };
  const addedMs = Date.parse('2026-01-01T00:00:00Z');
  const cases: [string, object, boolean][] = [
    ['exists', { key: 'k', operator: 'Exists' }, true],
    ['equal', { key: 'k', value: 'v' }, true],
    ['another value', { key: 'k', value: 'w' }, false],
    ['another key', { key: 'x', operator: 'Exists' }, false],
    ['everything', { operator: 'Exists' }, true],
    ['another effect', { key: 'k', operator: 'Exists', effect: 'NoSchedule' }, false],
    ['nothing', {}, false],
  ];
  for (const [name, toleration, expected] of cases) test.equal(tolerates(toleration, taint), expected, name);
  const due = (...tolerations: object[]): number | undefined =>
    evictionTimeMs({ spec: { tolerations, containers: [] } }, [taint], 0);
  test.equal(due(), addedMs, 'at once');
  test.equal(due({ operator: 'Exists' }), undefined, 'never');
  test.equal(due({ operator: 'Exists', tolerationSeconds: 300 }), addedMs + 300_000);
  test.equal(
    due({ operator: 'Exists' }, { key: 'k', operator: 'Exists', tolerationSeconds: 5 }),
    addedMs + 5_000,
    'the shortest counts',
  );
  test.end();
});

void t.test('planPodGc', (test) => {
  const pod = (name: string, more: object): Pod => ({ metadata: { name }, ...more });
  const pods = [
    pod('lost', { spec: { nodeName: 'gone' } }),
    pod('fresh', { spec: { nodeName: 'just-gone' } }),
    pod('fine', { spec: { nodeName: 'n' } }),
    { metadata: { name: 'never', deletionTimestamp: 'x' }, spec: { containers: [] } },
    { metadata: { name: 'old', creationTimestamp: '2026-01-01T00:00:00Z' }, status: { phase: 'Failed' } },
    { metadata: { name: 'newer', creationTimestamp: '2026-01-02T00:00:00Z' }, status: { phase: 'Succeeded' } },
  ];
  const missingSinceMs = new Map([['gone', 0]]);
  const plan = planPodGc({
    pods,
    hasNode: (n) => n === 'n',
    missingSinceMs,
    nowMs: 50_000,
    quarantineMs: 40_000,
    terminatedPodsMax: 1,
  });
  const names = (list: Pod[]): (string | undefined)[] => list.map((p) => p.metadata?.name);
  test.same([...plan.missingNodes], ['gone', 'just-gone']);
  test.same([names(plan.orphaned), names(plan.unscheduled), names(plan.excess)], [['lost'], ['never'], ['old']]);
  test.end();
});
