import t from 'tap';
import { systemClock } from '../../base/clock.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts';
import { bootstrapObjects } from '../auth/bootstrap-policy.ts';
import type { KubeObject, ObjectStore } from '../pipeline.ts';
import { fakeContext, FakeStore, requestInfo } from '../testing/fake-context.ts';
import { startTestServer } from '../testing/test-server.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { allocateSeats, seatLimits } from './concurrency.ts';
import { FlowController, type LiveObjects } from './flow-controller.ts';
import { inOrder, schemaFor } from './flow-schemas.ts';
import { flowStage, inFlightStage } from './flow-stage.ts';
import { maintainFlowConfigurationOnce } from './maintain-configuration.ts';
import { PriorityLevel } from './priority-level.ts';
import { dealHand } from './shuffle-sharding.ts';

const schemas = bootstrapObjects.filter(({ kind }) => kind === 'FlowSchema') as unknown as FlowSchema[];
const levels = bootstrapObjects.filter(
  ({ kind }) => kind === 'PriorityLevelConfiguration',
) as unknown as PriorityLevelConfiguration[];
const authenticated = 'system:authenticated';

void t.test('requests are of the first schema that matches', (t) => {
  const ordered = inOrder(schemas);
  const pods = { resource: 'pods', verb: 'list', namespace: 'x' };
  const cases: [string, string, string[], Parameters<typeof requestInfo>[0], string][] = [
    ['an administrator', 'admin', ['system:masters', authenticated], pods, 'exempt'],
    ['a probe', 'system:anonymous', ['system:unauthenticated'], { path: '/readyz', verb: 'get' }, 'probes'],
    [
      'a node and its own Node',
      'system:node:a',
      ['system:nodes'],
      { resource: 'nodes', subresource: 'status', verb: 'patch', name: 'a' },
      'system-node-high',
    ],
    ['a node otherwise', 'system:node:a', ['system:nodes'], pods, 'system-nodes'],
    ['the scheduler', 'system:kube-scheduler', [authenticated], pods, 'kube-scheduler'],
    [
      'an account of kube-system',
      'system:serviceaccount:kube-system:x',
      ['system:serviceaccounts', authenticated],
      pods,
      'kube-system-service-accounts',
    ],
    [
      'another account',
      'system:serviceaccount:x:y',
      ['system:serviceaccounts', authenticated],
      pods,
      'service-accounts',
    ],
    ['anybody', 'jane', [authenticated], pods, 'global-default'],
    ['in no group at all', 'jane', [], pods, ''],
  ];
  for (const [who, name, groups, info, schema] of cases) {
    t.equal(schemaFor(ordered, { name, groups }, requestInfo(info))?.metadata?.name ?? '', schema, who);
  }
  t.end();
});

void t.test('dealHand deals different queues, the same ones to the same flow', (t) => {
  const seen = new Set<number>();
  for (let flow = 0; flow < 500; flow++) {
    const hand = dealHand(`flow-${flow}`, 16, 6);
    t.equal(new Set(hand).size, 6);
    t.same(dealHand(`flow-${flow}`, 16, 6), hand);
    for (const queue of hand) seen.add(queue);
  }
  t.same(
    [...seen].sort((a, b) => a - b),
    Array.from({ length: 16 }, (_, i) => i),
    'all queues are dealt',
  );
  t.same(
    dealHand('x', 2, 8).sort((a, b) => a - b),
    [0, 1],
    'no more than there are',
  );
  t.end();
});

void t.test('seats are shared out by shares, and lent and borrowed by demand', (t) => {
  const limits = Object.fromEntries(
    seatLimits(levels, 600).map((limit, i) => [levels[i]?.metadata?.name ?? '', limit]),
  );
  t.same(limits['workload-low'], { nominal: 245, min: 24, max: 600 });
  t.same(limits['catch-all'], { nominal: 13, min: 13, max: 600 });
  t.same(limits['exempt'], { nominal: 0, min: 0, max: 600 });
  const wide = { min: 5, max: 100 };
  t.same(
    allocateSeats([
      { nominal: 50, ...wide, demand: 0 },
      { nominal: 50, ...wide, demand: 200 },
    ]),
    [5, 95],
  );
  t.same(
    allocateSeats([
      { nominal: 50, ...wide, demand: 80 },
      { nominal: 50, ...wide, demand: 80 },
    ]),
    [50, 50],
  );
  const [first = 0, second = 0] = allocateSeats([
    { nominal: 50, min: 50, max: 50, demand: 1 },
    { nominal: 50, ...wide, demand: 500 },
  ]);
  t.same([first, second], [50, 50], 'what may not be lent is not');
  t.end();
});

const level = (seats: number, more: object = {}): PriorityLevel => {
  const queuing = { queues: 4, handSize: 2, queueLengthLimit: 2, ...more };
  const limited = { nominalConcurrencyShares: 1, limitResponse: { type: 'Queue', queuing } };
  const made = new PriorityLevel({ metadata: { name: 'l' }, spec: { type: 'Limited', limited } }, systemClock);
  made.reconfigure(
    { metadata: { name: 'l' }, spec: { type: 'Limited', limited } },
    { nominal: seats, min: seats, max: seats },
  );
  return made;
};

const ask = (of: PriorityLevel, flow: string, waitMsMax = 10_000, seats = 1) =>
  of.wait({ flow, schema: 's', seats, waitMsMax, signal: new AbortController().signal });

void t.test('PriorityLevel', async (t) => {
  await t.test('gives out its seats, and queues the rest', async (t) => {
    const own = level(2);
    const [a, b] = [own.tryStart(1), own.tryStart(1)];
    t.ok(a && b);
    t.equal(own.tryStart(1), undefined, 'all seats are taken');
    let started = false;
    const waiting = ask(own, 'x').then((release) => {
      started = true;
      return release;
    });
    t.equal(own.counts.waitingRequests, 1);
    await Promise.resolve();
    t.notOk(started);
    a?.();
    const release = await waiting;
    t.type(release, 'function');
    t.equal(own.counts.executingSeats, 2);
    if (typeof release === 'function') release();
    b?.();
    t.equal(own.counts.executingSeats, 0);
  });

  await t.test('refuses who finds its queues full', async (t) => {
    const own = level(1, { queues: 1, handSize: 1 });
    own.tryStart(1);
    void ask(own, 'x');
    void ask(own, 'x');
    t.equal(await ask(own, 'x'), 'queue-full');
    t.equal(own.counts.rejected, 1);
  });

  await t.test('lets nobody wait for ever, nor who has gone', async (t) => {
    const own = level(1);
    own.tryStart(1);
    t.equal(await ask(own, 'x', 10), 'time-out');
    const gone = new AbortController();
    const waiting = own.wait({ flow: 'x', schema: 's', seats: 1, waitMsMax: 10_000, signal: gone.signal });
    gone.abort();
    t.equal(await waiting, 'cancelled');
    t.equal(own.counts.waitingRequests, 0);
  });

  await t.test('a flow that asks much does not starve one that asks little', async (t) => {
    const own = level(1, { queues: 64, handSize: 4, queueLengthLimit: 50 });
    const first = own.tryStart(1);
    const order: string[] = [];
    const run = async (flow: string): Promise<void> => {
      const release = await ask(own, flow);
      order.push(flow);
      if (typeof release === 'function') systemClock.after(1, release);
    };
    const all = [...Array.from({ length: 20 }, () => run('greedy')), run('modest')];
    first?.();
    await Promise.all(all);
    t.ok(order.indexOf('modest') < 10, `the other one is served among the first: ${order.indexOf('modest')}`);
  });

  await t.test('a request wider than the level is served alone', (t) => {
    const own = level(2);
    const release = own.tryStart(10);
    t.ok(release);
    t.equal(own.tryStart(1), undefined);
    release?.();
    t.ok(own.tryStart(1));
    t.end();
  });
});

const fixed = <T>(objects: readonly T[]): LiveObjects<T> => ({ changes: 1, all: () => objects });

function controllerOf(seats: number, more: Partial<{ levels: PriorityLevelConfiguration[] }> = {}): FlowController {
  return new FlowController({
    schemas: fixed(schemas),
    levels: fixed(more.levels ?? levels),
    seats,
    clock: systemClock,
    objectsOf: () => 1_000,
  });
}

void t.test('flowStage', async (t) => {
  const controller = controllerOf(60);
  t.teardown(() => controller.stop());
  const stage = flowStage(controller);
  const ctx = (name: string, verb = 'get') =>
    fakeContext({
      user: { name, groups: [authenticated] },
      info: { resource: 'pods', verb, namespace: 'x', name: verb === 'get' ? 'a' : '' },
    });
  const asked = ctx('jane');
  await stage(asked, async () => {
    t.equal(controller.levels.find(({ name }) => name === 'global-default')?.counts.executingRequests, 1);
  });
  t.equal(controller.levels.find(({ name }) => name === 'global-default')?.counts.executingRequests, 0);
  t.ok('x-kubernetes-pf-flowschema-uid' in asked.reply.headers);
  const found = controller.classify(
    { name: 'jane', groups: [authenticated] },
    requestInfo({ resource: 'pods', verb: 'list' }),
  );
  t.equal(
    found && controller.seatsFor(found, requestInfo({ resource: 'pods', verb: 'list' })),
    1,
    'no more than a part of the level',
  );

  const full = controllerOf(60, {
    levels: levels.map((each) =>
      each.metadata?.name === 'global-default'
        ? {
            ...each,
            spec: { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } },
          }
        : each,
    ),
  });
  t.teardown(() => full.stop());
  const refused = ctx('jane');
  await flowStage(full)(refused, () => Promise.reject(new Error('must not be called')));
  t.equal(refused.reply.code, 429);
  t.equal(refused.reply.body, 'Too many requests, please try again later.\n');
  t.equal(refused.reply.headers['retry-after'], '1');
  t.match([...full.counts], [{ schema: 'global-default', rejected: { 'concurrency-limit': 1 } }]);
  const admin = fakeContext({ user: { name: 'a', groups: ['system:masters'] }, info: { resource: 'pods' } });
  let served = false;
  await flowStage(full)(admin, async () => void (served = true));
  t.ok(served, 'administrators always get in');
});

void t.test('inFlightStage counts reads and changes by themselves', async (t) => {
  const stage = inFlightStage(1, 1);
  const ctx = (verb: string, groups: string[] = []) =>
    fakeContext({ user: { name: 'jane', groups }, info: { resource: 'pods', verb } });
  const [second, change, admin, watch] = [ctx('get'), ctx('create'), ctx('get', ['system:masters']), ctx('watch')];
  await stage(ctx('get'), async () => {
    await stage(second, () => Promise.resolve());
    await stage(change, async () => change.reply.send(201, '', ''));
    await stage(admin, async () => admin.reply.send(200, '', ''));
    await stage(watch, async () => watch.reply.send(200, '', ''));
  });
  t.same(
    [second, change, admin, watch].map(({ reply }) => reply.code),
    [429, 201, 200, 200],
  );
});

void t.test('the default configuration is kept as it is meant to be', async (t) => {
  const store = new FakeStore();
  const updated: KubeObject[] = [];
  const writable: ObjectStore = {
    list: (...asked) => store.list(...asked),
    get: (...asked) => store.get(...asked),
    ensure: (...asked) => store.ensure(...asked),
    update: async (_group, _resource, object) => {
      updated.push(object);
      return object;
    },
  };
  await maintainFlowConfigurationOnce(writable);
  const all = store.objects.get('flowcontrol.apiserver.k8s.io/flowschemas') ?? [];
  t.equal(all.length, schemas.length, 'what is missing is there again');
  t.same(updated, []);
  const change = (name: string, annotation: string): void => {
    const object = all.find(({ metadata }) => metadata?.name === name);
    if (object === undefined) return;
    object['spec'] = { ...(object['spec'] as object), matchingPrecedence: 7 };
    if (object.metadata) object.metadata.annotations = { 'apf.kubernetes.io/autoupdate-spec': annotation };
  };
  change('catch-all', 'false');
  change('service-accounts', 'false');
  change('global-default', 'true');
  await maintainFlowConfigurationOnce(writable);
  t.same(
    updated.map(({ metadata }) => metadata?.name ?? '').sort(),
    ['catch-all', 'global-default'],
    'but not what others have taken over',
  );
});

void t.test('a server with few seats', async (t) => {
  const server = await startTestServer({ limits: { readsMax: 8, changesMax: 8, fairness: true } });
  t.teardown(() => server.stop());
  const { admin } = server;
  const jane = await server.clientFor('CN=jane');
  const answer = await jane.request('GET', '/api/v1/namespaces/default/pods');
  t.equal(answer.status, 403);
  t.match(answer.headers.get('x-kubernetes-pf-flowschema-uid'), /^[0-9a-f-]{36}$/);
  t.match(answer.headers.get('x-kubernetes-pf-prioritylevel-uid'), /^[0-9a-f-]{36}$/);
  const dump = await admin.request('GET', '/debug/api_priority_and_fairness/dump_priority_levels');
  t.match(
    dump.text,
    /^PriorityLevelName, ActiveQueues, IsIdle, .*\n(.*\n)*global-default, 0, true, false, 0, 0, \d+, 0, 0, 0\n/,
  );
  const metrics = (await admin.request('GET', '/metrics')).text;
  t.match(
    metrics,
    /apiserver_flowcontrol_dispatched_requests_total\{flow_schema="global-default",priority_level="global-default"\} [1-9]/,
  );
  t.match(metrics, /apiserver_flowcontrol_nominal_limit_seats\{priority_level="workload-low"\} 7/);

  await t.test('follows its configuration', async (t) => {
    const path = '/apis/flowcontrol.apiserver.k8s.io/v1';
    const reject = { type: 'Limited', limited: { nominalConcurrencyShares: 0, limitResponse: { type: 'Reject' } } };
    const body = { metadata: { name: 'nobody' }, spec: reject };
    t.equal((await admin.request('POST', `${path}/prioritylevelconfigurations`, { body })).status, 201);
    const rules = [
      {
        subjects: [{ kind: 'User', user: { name: 'jane' } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
      },
    ];
    const spec = { priorityLevelConfiguration: { name: 'nobody' }, matchingPrecedence: 10, rules };
    t.equal(
      (await admin.request('POST', `${path}/flowschemas`, { body: { metadata: { name: 'jane' }, spec } })).status,
      201,
    );
    await eventually(
      'jane is refused',
      async () => (await jane.request('GET', '/api/v1/namespaces/default/pods')).status === 429,
    );
  });
});
