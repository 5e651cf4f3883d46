import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemClock, type Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { eventually } from '../../client/testing/eventually.ts';
import { requestInfo } from '../testing/fake-context.ts';
import { startTestServer } from '../testing/test-server.ts';
import { readAuditPolicy } from './audit-policy.ts';
import type { AuditSink } from './audit-record.ts';
import { BatchingSink } from './batching-sink.ts';
import { FileSink } from './file-sink.ts';
import { TruncatingSink } from './truncating-sink.ts';

const policyOf = (rules: object[], more: object = {}): object => ({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules,
  ...more,
});

class MemorySink implements AuditSink {
  readonly events: Record<string, unknown>[] = [];
  refuses = false;
  write(event: string): boolean {
    if (this.refuses) return false;
    this.events.push(JSON.parse(event) as Record<string, unknown>);
    return true;
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

void t.test('the first rule that matches says how much is recorded', (t) => {
  const policy = readAuditPolicy(
    policyOf(
      [
        { level: 'None', users: ['system:kube-proxy'], verbs: ['watch'] },
        { level: 'RequestResponse', resources: [{ group: '', resources: ['pods/*'] }], omitStages: ['Panic'] },
        { level: 'Request', resources: [{ group: '', resources: ['*/status'] }] },
        { level: 'Metadata', resources: [{ group: '', resources: ['secrets'], resourceNames: ['a'] }] },
        { level: 'None', nonResourceURLs: ['/healthz*', '/version'] },
        { level: 'Request', namespaces: ['kube-system', ''] },
        { level: 'None', userGroups: ['quiet'] },
        { level: 'Metadata' },
      ],
      { omitStages: ['RequestReceived'], omitManagedFields: true },
    ),
  );
  const jane = { name: 'jane', groups: ['a'] };
  const level = (info: Parameters<typeof requestInfo>[0], user = jane): string => policy(user, requestInfo(info)).level;
  t.equal(level({ resource: 'pods', verb: 'watch' }, { name: 'system:kube-proxy', groups: [] }), 'None');
  t.equal(level({ resource: 'pods', subresource: 'exec', namespace: 'x' }), 'RequestResponse');
  t.equal(level({ resource: 'nodes', subresource: 'status' }), 'Request');
  t.equal(level({ resource: 'secrets', name: 'a', namespace: 'x' }), 'Metadata');
  t.equal(level({ resource: 'configmaps', namespace: 'kube-system' }), 'Request');
  t.equal(level({ resource: 'nodes' }), 'Request', 'what has no namespace is in the empty one');
  t.equal(level({ path: '/healthz/etcd' }), 'None');
  t.equal(level({ path: '/version/x' }), 'Metadata');
  t.equal(level({ resource: 'configmaps', namespace: 'x' }, { name: 'x', groups: ['quiet'] }), 'None');
  t.equal(policy(undefined, requestInfo({ path: '/x' })).level, 'Metadata', 'nobody');
  const decision = policy(jane, requestInfo({ resource: 'pods', subresource: 'log', namespace: 'x' }));
  t.same([...decision.omitStages].sort(), ['Panic', 'RequestReceived']);
  t.equal(decision.omitManagedFields, true);
  t.end();
});

const bad: readonly [string, object, RegExp][] = [
  ['another kind', { kind: 'Pod' }, /kind Policy of audit.k8s.io\/v1 is expected/],
  ['no rules', policyOf([]), /loaded illegal policy with 0 rules/],
  ['no level', policyOf([{}]), /rules\[0\]\.level: Required value/],
  ['an unknown level', policyOf([{ level: 'All' }]), /rules\[0\]\.level: Unsupported value: "All"/],
  ['an unknown stage', policyOf([{ level: 'None', omitStages: ['Start'] }]), /allowed stages are RequestReceived,/],
  ['a star in the middle', policyOf([{ level: 'None', nonResourceURLs: ['/a*b'] }]), /must be the final character/],
  [
    'both kinds of paths',
    policyOf([{ level: 'None', nonResourceURLs: ['/a'], namespaces: ['x'] }]),
    /rules cannot apply to both regular resources and non-resource URLs/,
  ],
];

void t.test('what is wrong in a policy is said', (t) => {
  for (const [what, document, words] of bad) t.throws(() => readAuditPolicy(document), words, what);
  t.end();
});

void t.test('requests are recorded', async (t) => {
  const sink = new MemorySink();
  const rules = [
    { level: 'RequestResponse', resources: [{ group: '', resources: ['configmaps'] }] },
    { level: 'Metadata', resources: [{ group: '', resources: ['secrets', 'pods'] }] },
    { level: 'Metadata', nonResourceURLs: ['/apis'] },
  ];
  const server = await startTestServer({ audit: { policy: readAuditPolicy(policyOf(rules)), sink } });
  t.teardown(() => server.stop());
  const { admin } = server;
  const maps = '/api/v1/namespaces/default/configmaps';
  const take = (): Record<string, unknown>[] => sink.events.splice(0);

  await t.test('with both bodies', async (t) => {
    const body = { metadata: { name: 'a' }, data: { x: 'y' } };
    const headers = { 'audit-id': 'my-request', 'user-agent': 'test/1', 'x-forwarded-for': '192.0.2.7' };
    const answer = await admin.request('POST', `${maps}?fieldManager=t`, { body, headers });
    t.equal(answer.headers.get('audit-id'), 'my-request');
    const [received, complete, ...more] = take();
    t.same(more, []);
    t.match(received, {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      auditID: 'my-request',
      stage: 'RequestReceived',
      requestURI: `${maps}?fieldManager=t`,
      verb: 'create',
      user: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      sourceIPs: ['192.0.2.7', '127.0.0.1'],
      userAgent: 'test/1',
      objectRef: { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' },
    });
    t.notOk(received?.['requestObject']);
    t.match(complete, {
      stage: 'ResponseComplete',
      responseStatus: { metadata: {}, code: 201 },
      objectRef: { resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' },
      requestObject: { data: { x: 'y' } },
      responseObject: { kind: 'ConfigMap', data: { x: 'y' }, metadata: { uid: String } },
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    });
  });

  await t.test('without bodies, and never a secret', async (t) => {
    const body = { metadata: { name: 's' }, stringData: { password: 'hunter2' } };
    await admin.request('POST', '/api/v1/namespaces/default/secrets', { body });
    const [, complete] = take();
    t.match(complete, { level: 'Metadata', objectRef: { name: 's' }, responseStatus: { code: 201 } });
    t.notMatch(JSON.stringify(complete), /hunter2|requestObject/);
  });

  await t.test('that were refused, with who really asked', async (t) => {
    const answer = await admin.request('GET', maps, { headers: { 'impersonate-user': 'jane' } });
    t.equal(answer.status, 403);
    const [, complete] = take();
    t.match(complete, {
      user: { username: 'admin' },
      impersonatedUser: { username: 'jane' },
      responseStatus: { code: 403, reason: 'Forbidden', status: 'Failure', message: /User "jane" cannot list/ },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    });
  });

  await t.test('of nobody', async (t) => {
    const nobody = await server.clientFor(undefined);
    t.equal((await nobody.request('GET', maps, { headers: { authorization: 'Bearer x' } })).status, 401);
    t.match(take(), [
      { stage: 'ResponseStarted', user: {}, responseStatus: { code: 401, message: /attempted: bearer/ } },
    ]);
  });

  await t.test('that go on: when they begin and when they end', async (t) => {
    const abort = new AbortController();
    const frames = admin.watch('/api/v1/pods?watch=1&timeoutSeconds=60', abort.signal);
    const first = frames.next().catch(() => undefined);
    const stages = (): unknown[] => sink.events.map((event) => event['stage']);
    await eventually('the watch begins', async () => stages().includes('ResponseStarted'));
    t.same(stages(), ['RequestReceived', 'ResponseStarted']);
    abort.abort();
    await first;
    await eventually('the watch ends', async () => stages().includes('ResponseComplete'));
    take();
  });

  await t.test('or refused, where they cannot be', async (t) => {
    sink.refuses = true;
    const answer = await admin.request('GET', '/apis');
    t.equal(answer.status, 500);
    t.match(answer.json['message'], /failed to store audit event/);
    t.equal((await admin.request('GET', '/version')).status, 200, 'what is not recorded goes on');
  });
});

const clockAt = (now: { ms: number }): Clock => ({ ...systemClock, nowMs: () => now.ms });

void t.test('FileSink puts full files aside and removes old ones', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kuorum-audit-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const now = { ms: Date.parse('2026-01-02T03:04:05.678Z') };
  const path = join(folder, 'audit.log');
  const sink = new FileSink({
    path,
    bytesMax: 10,
    backupsMax: 2,
    ageMsMax: 5_000,
    compress: false,
    clock: clockAt(now),
  });
  for (const line of ['12345678', 'b', 'cccccc', 'dddddd', 'eeeeee']) {
    t.ok(sink.write(line));
    now.ms += 1_000;
  }
  t.equal(readFileSync(path, 'utf8'), 'eeeeee\n');
  t.same(readdirSync(folder).sort(), [
    'audit-2026-01-02T03-04-08.678.log',
    'audit-2026-01-02T03-04-09.678.log',
    'audit.log',
  ]);
  now.ms += 60_000;
  sink.write('ffffff');
  t.equal(readdirSync(folder).length, 2, 'those that are too old are gone');
  await sink.close();
});

void t.test('BatchingSink hands events on together, tries again, and loses what is too much', async (t) => {
  const sent: string[][] = [];
  let failures = 1;
  const sink = new BatchingSink({
    bufferMax: 3,
    batchMax: 10,
    waitMs: 5,
    perSecond: 0,
    burst: 0,
    retryMs: 1,
    log: silentLog,
    send: async (events) => {
      if (failures-- > 0) throw new Error('no');
      sent.push([...events]);
    },
  });
  for (const event of ['a', 'b', 'c', 'lost']) t.ok(sink.write(event));
  await eventually('they are sent', async () => sent.length > 0);
  t.same(sent, [['a', 'b', 'c']]);
  sink.write('d');
  await sink.close();
  t.same(sent[1], ['d'], 'what is held at the end is sent');
});

void t.test('TruncatingSink leaves out bodies of what is too long', (t) => {
  const sink = new MemorySink();
  const short = new TruncatingSink(sink, 100);
  short.write(JSON.stringify({ auditID: 'a', requestObject: { x: 'y'.repeat(200) }, annotations: { k: 'v' } }));
  short.write(JSON.stringify({ auditID: 'b', requestObject: { x: 'y' } }));
  t.same(sink.events, [
    { auditID: 'a', annotations: { k: 'v', 'audit.k8s.io/truncated': 'true' } },
    { auditID: 'b', requestObject: { x: 'y' } },
  ]);
  t.end();
});
