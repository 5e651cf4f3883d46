import t from 'tap';
import type { Container, Pod, PodSpec } from '../../api/types/core-v1.ts';
import { containerState, sandboxState } from '../cri/types.ts';
import type { PodSandboxStatus } from '../cri/types.ts';
import { specHashAnnotation } from './observed-pod.ts';
import type { ObservedContainer, ObservedPod } from './observed-pod.ts';
import { plan, planEnd } from './plan.ts';
import type { Action } from './plan.ts';
import { newRecord } from './pod-record.ts';
import type { PodRecord } from './pod-record.ts';
import { podStatus } from './pod-status.ts';
import { specHash } from './spec-hash.ts';

const nowMs = Date.UTC(2026, 0, 2);
const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'app', ...more });
const pod = (spec: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'default', uid: 'u' },
  spec: { containers: [container('c')], ...spec },
});
const sandbox = (id: string, attempt = 0, state: number = sandboxState.ready): PodSandboxStatus => ({
  id,
  metadata: { name: 'p', uid: 'u', namespace: 'default', attempt },
  state,
  createdAt: (nowMs - 60_000 + attempt) * 1e6,
  network: { ip: '10.1.1.1' },
  labels: {},
  annotations: {},
});
const found = (name: string, state: number, more: Partial<ObservedContainer> = {}): ObservedContainer => {
  const attempt = more.metadata?.attempt ?? 0;
  return {
    id: `${name}-${attempt}`,
    sandboxId: 's0',
    metadata: { name, attempt },
    state,
    createdAt: (nowMs - 50_000) * 1e6,
    startedAt: (nowMs - 50_000) * 1e6,
    finishedAt: state === containerState.exited ? (nowMs - 1000) * 1e6 : 0,
    exitCode: 0,
    image: { image: 'app' },
    imageRef: '',
    reason: '',
    message: '',
    labels: {},
    annotations: { [specHashAnnotation]: specHash(container(name)) },
    logPath: '',
    ...more,
  };
};
const { created, running, exited } = containerState;
const observed = (containers: ObservedContainer[], sandboxes = [sandbox('s0')]): ObservedPod => ({
  sandboxes,
  containers,
});
const text = (action: Action): string => {
  if (action.type === 'start-container') return `start ${action.container.name}/${action.attempt}`;
  if (action.type === 'create-sandbox') return `sandbox ${action.attempt}`;
  return `${action.type.replace('-container', '')} ${action.id}`;
};
const allWell = { started: true, ready: true, live: true };
const record = (more: Partial<PodRecord> = {}): PodRecord => ({ ...newRecord('u'), ...more });

const side = container('side', { restartPolicy: 'Always' });
const inits = { initContainers: [container('i1'), container('i2')] };
const cases: [name: string, spec: Partial<PodSpec>, observed: ObservedPod, actions: string[], more?: object][] = [
  ['a new pod gets a sandbox', {}, observed([], []), ['sandbox 0']],
  ['then its containers', { containers: [container('a'), container('b')] }, observed([]), ['start a/0', 'start b/0']],
  ['what runs stays', {}, observed([found('c', running)]), []],
  ['init containers go first, one at a time', inits, observed([]), ['start i1/0']],
  ['an init container that runs is waited for', inits, observed([found('i1', running)]), []],
  ['the next init container', inits, observed([found('i1', exited)]), ['start i2/0']],
  ['after the init containers', inits, observed([found('i1', exited), found('i2', exited)]), ['start c/0']],
  ['a failed init container runs again', inits, observed([found('i1', exited, { exitCode: 1 })]), ['start i1/1']],
  ['but not with Never', { ...inits, restartPolicy: 'Never' }, observed([found('i1', exited, { exitCode: 1 })]), []],
  ['init containers that were removed do not run again', inits, observed([found('c', running)]), []],
  [
    'a sidecar must have started',
    { initContainers: [side] },
    observed([found('side', running)]),
    [],
    { started: false },
  ],
  ['a sidecar lets the others go on', { initContainers: [side] }, observed([found('side', running)]), ['start c/0']],
  [
    'a sidecar that ended runs again',
    { initContainers: [side] },
    observed([found('side', exited), found('c', running)]),
    ['start side/1'],
  ],
  ['Always restarts', {}, observed([found('c', exited)]), ['start c/1']],
  ['OnFailure does not restart what succeeded', { restartPolicy: 'OnFailure' }, observed([found('c', exited)]), []],
  [
    'OnFailure restarts what failed',
    { restartPolicy: 'OnFailure' },
    observed([found('c', exited, { exitCode: 1 })]),
    ['start c/1'],
  ],
  ['Never does not', { restartPolicy: 'Never' }, observed([found('c', exited, { exitCode: 1 })]), []],
  ['a start that failed is cleared away', {}, observed([found('c', created)]), ['remove c-0', 'start c/1']],
  ['a failed liveness probe', {}, observed([found('c', running)]), ['stop c-0'], { live: false }],
  [
    'another image',
    { containers: [container('c', { image: 'app:2' })] },
    observed([found('c', running)]),
    ['stop c-0'],
  ],
  [
    'a lost sandbox is replaced',
    {},
    observed([found('c', exited)], [sandbox('s0', 0, sandboxState.notReady)]),
    ['sandbox 1'],
  ],
  [
    'not when the containers are done',
    { restartPolicy: 'OnFailure' },
    observed([found('c', exited)], [sandbox('s0', 0, sandboxState.notReady)]),
    [],
  ],
  [
    'containers of a lost sandbox do not count, but their attempts do',
    inits,
    observed([found('i1', exited)], [sandbox('s1', 1), sandbox('s0', 0, sandboxState.notReady)]),
    ['start i1/1'],
  ],
  [
    'only the last two of a container are kept',
    {},
    observed([
      found('c', running, { metadata: { name: 'c', attempt: 3 } }),
      found('c', exited, { metadata: { name: 'c', attempt: 2 } }),
      found('c', exited, { metadata: { name: 'c', attempt: 1 } }),
    ]),
    ['remove c-1'],
  ],
  [
    'an empty old sandbox is removed',
    {},
    observed([found('c', running, { sandboxId: 's1' })], [sandbox('s1', 1), sandbox('s0', 0, sandboxState.notReady)]),
    ['remove-sandbox s0'],
  ],
];
for (const [name, spec, state, actions, probes] of cases) {
  void t.test(`plan: ${name}`, (t) => {
    const results = { ...allWell, ...probes };
    const next = plan({ pod: pod(spec), observed: state, record: record(), probes: () => results, nowMs });
    t.same(next.actions.map(text), actions);
    t.end();
  });
}

void t.test('plan waits for the end of a back-off', (t) => {
  const restarts = new Map([['c', { delayMs: 20_000, updatedMs: nowMs - 5000 }]]);
  const input = {
    pod: pod(),
    observed: observed([found('c', exited)]),
    record: record({ restarts }),
    probes: () => allWell,
  };
  t.match(plan({ ...input, nowMs }), { actions: [], wakeAtMs: nowMs + 19_000 });
  t.match(plan({ ...input, nowMs: nowMs + 19_000 }), { actions: [{ type: 'start-container' }] });
  const waiting = new Map([['c', { reason: 'ErrImagePull', message: '', retryAtMs: nowMs + 7 }]]);
  t.match(plan({ ...input, observed: observed([]), record: record({ waiting }), nowMs }), { wakeAtMs: nowMs + 7 });
  t.end();
});

void t.test('planEnd stops containers, then sidecars, then the sandbox', (t) => {
  const ending = pod({ initContainers: [side] });
  const steps: [ObservedPod, string[], boolean][] = [
    [observed([found('c', running), found('side', running)]), ['stop c-0'], false],
    [observed([found('c', exited), found('side', running)]), ['stop side-0'], false],
    [observed([found('c', exited), found('side', exited)]), ['stop-sandbox s0'], false],
    [observed([found('c', exited)], [sandbox('s0', 0, sandboxState.notReady)]), [], true],
    [observed([], []), [], true],
  ];
  for (const [state, actions, finished] of steps) {
    const next = planEnd(ending, state, 1000, false);
    t.same([next.actions.map(text), next.finished], [actions, finished]);
  }
  const left = planEnd(ending, observed([], [sandbox('s0', 0, sandboxState.notReady)]), 0, true);
  t.same(left.actions.map(text), ['remove-sandbox s0']);
  t.end();
});

const phases: [name: string, spec: Partial<PodSpec>, observed: ObservedPod, ending: boolean, phase: string][] = [
  ['nothing yet', {}, observed([], []), false, 'Pending'],
  ['init containers run', inits, observed([found('i1', running)]), false, 'Pending'],
  [
    'one of two waits',
    { containers: [container('c'), container('d')] },
    observed([found('c', running)]),
    false,
    'Pending',
  ],
  ['all run', {}, observed([found('c', running)]), false, 'Running'],
  ['ended, to be restarted', {}, observed([found('c', exited)]), false, 'Running'],
  ['all succeeded', { restartPolicy: 'Never' }, observed([found('c', exited)]), false, 'Succeeded'],
  ['one failed', { restartPolicy: 'Never' }, observed([found('c', exited, { exitCode: 1 })]), false, 'Failed'],
  [
    'failed, to be tried again',
    { restartPolicy: 'OnFailure' },
    observed([found('c', exited, { exitCode: 1 })]),
    false,
    'Running',
  ],
  [
    'an init container failed for good',
    { ...inits, restartPolicy: 'Never' },
    observed([found('i1', exited, { exitCode: 1 })]),
    false,
    'Failed',
  ],
  ['ending, still running', {}, observed([found('c', running)]), true, 'Running'],
  ['ended well', {}, observed([found('c', exited)]), true, 'Succeeded'],
  ['ended badly', {}, observed([found('c', exited, { exitCode: 143 })]), true, 'Failed'],
  ['ended before it began', {}, observed([], []), true, 'Failed'],
];
for (const [name, spec, state, ending, phase] of phases) {
  void t.test(`phase: ${name}`, (t) => {
    const status = podStatus({
      pod: pod(spec),
      observed: state,
      record: record(),
      probes: () => allWell,
      runtimeName: 'test',
      hostIp: '127.0.0.1',
      nowMs,
      ending,
    });
    t.equal(status.phase, phase);
    t.end();
  });
}

void t.test('conditions keep their time while they stay the same, and others’ stay', (t) => {
  const before = pod({ readinessGates: [{ conditionType: 'example.com/ok' }] });
  const old = '2025-12-31T00:00:00Z';
  before.status = {
    conditions: [
      { type: 'ContainersReady', status: 'True', lastTransitionTime: old },
      { type: 'Ready', status: 'True', lastTransitionTime: old },
      { type: 'example.com/ok', status: 'False', lastTransitionTime: old },
    ],
  };
  const { conditions } = podStatus({
    pod: before,
    observed: observed([found('c', running)]),
    record: record(),
    probes: () => allWell,
    runtimeName: 'test',
    hostIp: '127.0.0.1',
    nowMs,
    ending: false,
  });
  const of = (type: string) => conditions?.find((condition) => condition.type === type);
  t.match(of('ContainersReady'), { status: 'True', lastTransitionTime: old });
  t.match(of('Ready'), {
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: 'the status of pod readiness gate "example.com/ok" is not "True", but False',
    lastTransitionTime: '2026-01-02T00:00:00Z',
  });
  t.match(of('example.com/ok'), { status: 'False', lastTransitionTime: old });
  t.end();
});
