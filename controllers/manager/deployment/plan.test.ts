import t from 'tap';
import type { Deployment, ReplicaSet } from '../../../api/types/apps-v1.ts';
import { fenceposts, resolveIntOrPercent } from './fenceposts.ts';
import type { IntOrPercent } from './fenceposts.ts';
import { isScalingEvent, planCleanup, planNewSet, planOldSets, planScale } from './plan.ts';
import type { Resize } from './plan.ts';
import { newReplicaSet, newSetAnnotations } from './revisions.ts';
import { rolloutStatus } from './status.ts';
import { sameTemplate, templateHash } from './template-hash.ts';

const deployment = (
  replicas: number,
  maxSurge: IntOrPercent = '25%',
  maxUnavailable: IntOrPercent = '25%',
  type = 'RollingUpdate',
): Deployment => ({
  metadata: { name: 'd', namespace: 'n', uid: 'u', generation: 1 },
  spec: { replicas, template: {}, strategy: { type, rollingUpdate: { maxSurge, maxUnavailable } } },
});

interface SetFacts {
  available?: number;
  desired?: number;
  max?: number;
  revision?: number;
}

/** Named sets are created in alphabetical order, a second apart. */
function set(
  name: string,
  replicas: number,
  { available = replicas, desired, max, revision }: SetFacts = {},
): ReplicaSet {
  const annotations: Record<string, string> = {};
  if (desired !== undefined) annotations['deployment.kubernetes.io/desired-replicas'] = String(desired);
  if (max !== undefined) annotations['deployment.kubernetes.io/max-replicas'] = String(max);
  if (revision !== undefined) annotations['deployment.kubernetes.io/revision'] = String(revision);
  const second = String(name.charCodeAt(0) - 97).padStart(2, '0');
  return {
    metadata: { name, uid: name, annotations, generation: 1, creationTimestamp: `2026-01-01T00:00:${second}Z` },
    spec: { replicas },
    status: { replicas, availableReplicas: available, readyReplicas: available, observedGeneration: 1 },
  };
}

const sizes = (resizes: readonly Resize[]): Record<string, number> =>
  Object.fromEntries(resizes.map((r) => [r.set.metadata?.name ?? '', r.replicas]));

void t.test('fenceposts round surge up and unavailable down, and never leave both at 0', (test) => {
  const cases: [number, IntOrPercent, IntOrPercent, number, number][] = [
    [10, '25%', '25%', 3, 2],
    [3, '25%', '25%', 1, 0],
    [1, '25%', '25%', 1, 0],
    [10, 0, 0, 0, 1],
    [10, '0%', '5%', 0, 1],
    [10, 5, 20, 5, 10],
    [0, '25%', '25%', 0, 0],
  ];
  for (const [replicas, surge, unavailable, maxSurge, maxUnavailable] of cases) {
    test.same(
      fenceposts(deployment(replicas, surge, unavailable)),
      { maxSurge, maxUnavailable },
      `${replicas} ${surge} ${unavailable}`,
    );
  }
  test.same(fenceposts(deployment(10, 3, 3, 'Recreate')), { maxSurge: 0, maxUnavailable: 0 }, 'Recreate');
  test.equal(resolveIntOrPercent('nonsense', 10, true), 0);
  test.end();
});

void t.test('planNewSet grows within maxSurge and shrinks to the wanted size', (test) => {
  const cases: [string, Deployment, number, number, number | undefined][] = [
    ['a fresh Deployment', deployment(10), 0, 0, 10],
    ['the surge is free', deployment(10, 3, 0), 0, 10, 3],
    ['no room', deployment(10, 3, 0), 3, 10, undefined],
    ['room by removed old pods', deployment(10, 3, 0), 3, 8, 5],
    ['not beyond the wanted number', deployment(10, 5, 0), 8, 2, 10],
    ['complete', deployment(10), 10, 0, undefined],
    ['too large', deployment(10), 12, 0, 10],
    ['Recreate takes all at once', deployment(10, 0, 0, 'Recreate'), 0, 0, 10],
  ];
  for (const [name, d, current, old, expected] of cases) {
    test.equal(planNewSet(d, set('z', current), [set('a', old)])?.replicas, expected, name);
  }
  test.end();
});

void t.test('planOldSets removes broken pods first and keeps the minimum available', (test) => {
  const cases: [string, Deployment, ReplicaSet | undefined, ReplicaSet[], Record<string, number>][] = [
    ['maxUnavailable may go at once', deployment(10, 0, 2), set('z', 0), [set('a', 10)], { a: 8 }],
    ['nothing may go', deployment(10, 2, 0), set('z', 2, { available: 0 }), [set('a', 10)], {}],
    ['as many as new ones came', deployment(10, 2, 0), set('z', 2), [set('a', 10)], { a: 8 }],
    ['a broken new version stops the roll', deployment(10, 3, 2), set('z', 5, { available: 0 }), [set('a', 8)], {}],
    [
      'broken old pods first, then the oldest',
      deployment(10, 2, 2),
      set('z', 2),
      [set('a', 5, { available: 5 }), set('b', 5, { available: 3 })],
      { b: 3, a: 3 },
    ],
    [
      'all old pods broken',
      deployment(10, 0, 2),
      set('z', 2, { available: 0 }),
      [set('a', 8, { available: 0 })],
      { a: 8 },
    ],
    ['no old pods', deployment(10), set('z', 10), [set('a', 0)], {}],
    ['more than wanted', deployment(5, 2, 0), set('z', 5), [set('a', 2)], { a: 0 }],
  ];
  for (const [name, d, newSet, old, expected] of cases) {
    const changed = planOldSets(d, newSet, old).filter((r) => r.replicas !== r.set.spec?.replicas);
    const wanted = Object.fromEntries(
      Object.entries(expected).filter(([k, v]) => old.find((s) => s.metadata?.name === k)?.spec?.replicas !== v),
    );
    test.same(sizes(changed), wanted, name);
  }
  test.end();
});

void t.test('a rolling update reaches its end within its bounds for all small sizes and bounds', (test) => {
  for (const replicas of [1, 2, 3, 5, 10]) {
    for (const [surge, unavailable] of [
      [1, 0],
      [0, 1],
      [2, 2],
      ['25%', '25%'],
      [0, 0],
      ['100%', 0],
      [0, '100%'],
    ] as const) {
      const d = deployment(replicas, surge, unavailable);
      const { maxSurge, maxUnavailable } = fenceposts(d);
      let [fresh, old] = [0, replicas];
      let steps = 0;
      for (; steps < 100 && (fresh !== replicas || old !== 0); steps++) {
        const newSet = set('z', fresh);
        const grow = planNewSet(d, newSet, [set('a', old)]);
        if (grow) fresh = grow.replicas;
        else old = planOldSets(d, newSet, [set('a', old)])[0]?.replicas ?? old;
        if (fresh + old > replicas + maxSurge || fresh + old < replicas - maxUnavailable) break;
      }
      test.same([fresh, old], [replicas, 0], `${replicas} replicas, ${surge}/${unavailable}, ${steps} steps`);
    }
  }
  test.end();
});

void t.test('planScale', (test) => {
  const at = (max: number, desired: number): SetFacts => ({ max, desired });
  const cases: [string, Deployment, ReplicaSet | undefined, ReplicaSet[], Record<string, number>][] = [
    ['one active set takes all', deployment(10), set('z', 0), [set('a', 5)], { a: 10 }],
    ['none active: the new one', deployment(10), set('z', 0), [set('a', 0)], { z: 10 }],
    ['none active, no new one: the newest', deployment(10), undefined, [set('a', 0), set('b', 0)], { b: 10 }],
    ['saturated: old ones go', deployment(10), set('z', 10, { desired: 10 }), [set('a', 5)], { a: 0 }],
    ['in proportion', deployment(15, 3, 2), set('z', 5, at(13, 10)), [set('a', 8, at(13, 10))], { a: 11, z: 7 }],
    [
      'down in proportion, the rest from the older',
      deployment(5, 0, 0),
      set('z', 5, at(10, 10)),
      [set('a', 5, at(10, 10))],
      { a: 2, z: 3 },
    ],
    [
      'the rest goes to the largest',
      deployment(20, 0, 1),
      set('z', 3, at(10, 10)),
      [set('a', 4, at(10, 10)), set('b', 3, at(10, 10))],
      { a: 8, z: 6, b: 6 },
    ],
    ['to zero', deployment(0, 3, 2), set('z', 5, at(13, 10)), [set('a', 8, at(13, 10))], { a: 0, z: 0 }],
    ['Recreate with two active: not here', deployment(10, 0, 0, 'Recreate'), set('z', 5), [set('a', 5)], {}],
  ];
  for (const [name, d, newSet, old, expected] of cases) test.same(sizes(planScale(d, newSet, old)), expected, name);
  test.ok(isScalingEvent(deployment(5), [set('a', 3, { desired: 3 })]), 'resized');
  test.notOk(
    isScalingEvent(deployment(3), [set('a', 3, { desired: 3 }), set('b', 0, { desired: 9 })]),
    'sets without pods do not count',
  );
  test.end();
});

void t.test('planCleanup keeps the history limit and never takes a set with pods', (test) => {
  const old = [
    set('a', 0, { revision: 3 }),
    set('b', 0, { revision: 1 }),
    set('c', 2, { revision: 2 }),
    set('d', 0, { revision: 4 }),
  ];
  const names = (limit: number): (string | undefined)[] =>
    planCleanup({ ...deployment(1), spec: { template: {}, revisionHistoryLimit: limit } }, old).map(
      (s) => s.metadata?.name,
    );
  test.same(names(10), []);
  test.same(names(3), ['b']);
  test.same(names(2), ['b'], 'c has pods');
  test.same(names(0), ['b', 'a', 'd']);
  test.end();
});

void t.test('newSetAnnotations number a set and remember its earlier revisions', (test) => {
  const d: Deployment = {
    ...deployment(3),
    metadata: {
      annotations: { 'kubernetes.io/change-cause': 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    },
  };
  const fresh = newSetAnnotations(d, {}, 1, true);
  test.same(fresh, {
    'kubernetes.io/change-cause': 'x',
    'deployment.kubernetes.io/revision': '1',
    'deployment.kubernetes.io/desired-replicas': '3',
    'deployment.kubernetes.io/max-replicas': '4',
  });
  const again = newSetAnnotations(d, fresh, 3, false);
  test.equal(again['deployment.kubernetes.io/revision'], '3');
  test.equal(again['deployment.kubernetes.io/revision-history'], '1');
  test.equal(newSetAnnotations(d, again, 5, false)['deployment.kubernetes.io/revision-history'], '1,3');
  test.same(newSetAnnotations(d, again, 2, false), again, 'a lower number changes nothing');
  test.end();
});

void t.test('templateHash is stable, differs by collision count, and is left out of comparisons', (test) => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const reordered = { spec: { containers: [{ image: 'i', name: 'c' }] }, metadata: { labels: { app: 'a' } } };
  test.equal(templateHash(template), templateHash(reordered));
  test.match(templateHash(template), /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  test.not(templateHash(template), templateHash(template, 1));
  const made = newReplicaSet(
    { metadata: { name: 'd' }, spec: { template, selector: { matchLabels: { app: 'a' } } } },
    1,
  );
  test.ok(sameTemplate(made.spec?.template, template));
  test.same(made.spec?.selector?.matchLabels, made.spec?.template?.metadata?.labels);
  test.notOk(sameTemplate(template, { ...template, spec: { containers: [{ name: 'c', image: 'j' }] } }));
  test.end();
});

void t.test('rolloutStatus says how a rollout stands', (test) => {
  const now = { ms: Date.parse('2026-01-01T01:00:00Z'), text: '2026-01-01T01:00:00Z' };
  const before = {
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    lastUpdateTime: '2026-01-01T00:00:00Z',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const d = (conditions: object[], status: object = {}): Deployment => ({
    ...deployment(3, 1, 0),
    spec: { ...deployment(3, 1, 0).spec, template: {}, progressDeadlineSeconds: 600 },
    status: { ...status, conditions: conditions as NonNullable<Deployment['status']>['conditions'] },
  });
  const counts = { updatedReplicas: 3, replicas: 3, readyReplicas: 1, availableReplicas: 1 };
  const cases: [string, Deployment, ReplicaSet, string, string][] = [
    ['complete', d([before]), set('z', 3), 'True', 'NewReplicaSetAvailable'],
    ['a step forward', d([before]), set('z', 3, { available: 1 }), 'True', 'ReplicaSetUpdated'],
    ['past its deadline', d([before], counts), set('z', 3, { available: 1 }), 'False', 'ProgressDeadlineExceeded'],
    [
      'complete before and scaled',
      d([{ ...before, reason: 'NewReplicaSetAvailable' }], counts),
      set('z', 3, { available: 1 }),
      'True',
      'NewReplicaSetAvailable',
    ],
  ];
  for (const [name, given, newSet, status, reason] of cases) {
    const found = rolloutStatus(given, newSet, [newSet], now).conditions?.find((c) => c.type === 'Progressing');
    test.match(found, { status, reason }, name);
  }
  const failing = set('z', 3);
  failing.status = {
    replicas: 0,
    conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }],
  };
  test.match(
    rolloutStatus(d([]), failing, [failing], now).conditions?.find((c) => c.type === 'ReplicaFailure'),
    { reason: 'FailedCreate' },
  );
  test.end();
});
