import t from 'tap';
import type { ReplicaSet } from '../../../api/types/apps-v1.ts';
import type { Pod } from '../../../api/types/core-v1.ts';
import { slowStart } from '../slow-start.ts';
import { replicaSets } from '../../../client/resources.ts';
import { nextAvailabilityMs, planReplicas, podFromTemplate, replicaSetStatus } from './plan.ts';
import { podsToDelete } from './ranking.ts';

const nowMs = Date.parse('2026-01-02T00:00:00Z');

interface PodFacts {
  node?: string;
  phase?: string;
  readyFor?: number;
  cost?: number;
  restarts?: number;
  age?: number;
}

const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();

function pod(
  name: string,
  { node = 'n', phase = 'Running', readyFor = 1000, cost, restarts = 0, age = 2000 }: PodFacts = {},
): Pod {
  const annotations: Record<string, string> =
    cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': String(cost) };
  const ready = { type: 'Ready', status: readyFor < 0 ? 'False' : 'True', lastTransitionTime: ago(Math.abs(readyFor)) };
  return {
    metadata: { name, uid: name, annotations, labels: { app: 'a' }, creationTimestamp: ago(age) },
    spec: { nodeName: node, containers: [] },
    status: {
      phase,
      conditions: [ready],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }],
    },
  };
}

void t.test('podsToDelete ranks as Kubernetes', (test) => {
  // each: the pod to go, and one that stays, which differs in one thing
  const cases: [string, Pod, Pod][] = [
    ['not assigned', pod('x', { node: '' }), pod('a')],
    ['pending before running', pod('x', { phase: 'Pending' }), pod('a')],
    ['unknown before running', pod('x', { phase: 'Unknown' }), pod('a')],
    ['pending before unknown', pod('x', { phase: 'Pending' }), pod('a', { phase: 'Unknown' })],
    ['not ready before ready', pod('x', { readyFor: -1 }), pod('a')],
    ['lower deletion cost', pod('x', { cost: -5 }), pod('a', { cost: 0 })],
    ['cost decides before readiness time', pod('x', { cost: 1, readyFor: 9999 }), pod('a', { cost: 2, readyFor: 1 })],
    ['ready for less time', pod('x', { readyFor: 10 }), pod('a', { readyFor: 10_000 })],
    ['more restarts', pod('x', { restarts: 3 }), pod('a', { restarts: 1 })],
    ['younger', pod('x', { age: 10 }), pod('a', { age: 10_000 })],
    ['ages of one magnitude: by uid', pod('a', { age: 2000 }), pod('x', { age: 1999 })],
  ];
  for (const [name, goes, stays] of cases) {
    test.same(podsToDelete([stays, goes], [], 1, nowMs), [goes], name);
    test.same(podsToDelete([goes, stays], [], 1, nowMs), [goes], `${name}, in the other order`);
  }
  const crowded = pod('x', { node: 'crowded' });
  const related = [crowded, pod('b', { node: 'crowded' }), pod('a')];
  test.same(podsToDelete([pod('a'), crowded], related, 1, nowMs), [crowded], 'from the node with more related pods');
  test.end();
});

const set = (replicas: number, minReadySeconds = 0): ReplicaSet => ({
  metadata: { name: 's', namespace: 'n', uid: 'u', generation: 4 },
  spec: { replicas, minReadySeconds, template: { metadata: { labels: { app: 'a' } }, spec: { containers: [] } } },
});

void t.test('planReplicas', (test) => {
  const two = [pod('a'), pod('b')];
  test.same(planReplicas(set(2), two, two, nowMs), { action: 'none' });
  test.same(planReplicas(set(5), two, two, nowMs), { action: 'create', count: 3 });
  test.same(planReplicas(set(2000), two, two, nowMs), { action: 'create', count: 500 }, 'bounded');
  test.match(planReplicas(set(1), two, two, nowMs), { action: 'delete', pods: [{}] });
  test.end();
});

void t.test('replicaSetStatus counts and reports failures once', (test) => {
  const pods = [pod('a'), pod('b', { readyFor: 5 }), pod('c', { readyFor: -5 })];
  const status = replicaSetStatus(set(3, 10), pods, undefined, nowMs, 'now');
  test.match(status, {
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 2,
    availableReplicas: 1,
    observedGeneration: 4,
  });
  test.equal(nextAvailabilityMs(set(3, 10), pods, nowMs), 5000);
  test.equal(nextAvailabilityMs(set(3, 0), pods, nowMs), undefined);
  const failure = { reason: 'FailedCreate' as const, message: 'quota' };
  const failed = replicaSetStatus(set(3), pods, failure, nowMs, 'now');
  test.match(failed.conditions, [
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', lastTransitionTime: 'now' },
  ]);
  const again = replicaSetStatus({ ...set(3), status: failed }, pods, failure, nowMs, 'later');
  test.same(again.conditions, failed.conditions);
  test.same(replicaSetStatus({ ...set(3), status: failed }, pods, undefined, nowMs, 'later').conditions, []);
  test.end();
});

void t.test('podFromTemplate is owned by its set', (test) => {
  test.match(podFromTemplate(replicaSets, set(1)), {
    metadata: {
      generateName: 's-',
      namespace: 'n',
      labels: { app: 'a' },
      ownerReferences: [{ kind: 'ReplicaSet', uid: 'u', controller: true }],
    },
  });
  test.end();
});

void t.test('slowStart doubles its batches and stops after a failure', async (test) => {
  let calls = 0;
  test.same(await slowStart(10, async () => void calls++), { succeeded: 10 });
  test.equal(calls, 10);
  calls = 0;
  const refused = new Error('quota');
  const result = await slowStart(100, async () => {
    if (++calls > 3) throw refused;
  });
  test.same(result, { succeeded: 3, error: refused });
  test.equal(calls, 7, 'batches of 1, 2 and 4');
});
