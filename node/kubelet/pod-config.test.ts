import { mkdtemp, readFile, readdir, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Container, EnvVar, Pod, PodSpec, Probe, Service, Volume } from '../../api/types/core-v1.ts';
import { environmentOf, expand, serviceVariables } from './environment.ts';
import { pullPolicyOf } from './image-puller.ts';
import { afterProbe, initialProbeState, startupFailed } from './probe-state.ts';
import type { ProbeState } from './probe-state.ts';
import type { PodSources } from './pod-sources.ts';
import { backoffLeftMs, durationText, nextBackoff } from './restart-backoff.ts';
import { dnsConfigOf, hostnameOf } from './sandbox-config.ts';
import { resourcesOf } from './security-context.ts';
import { prepareVolume, refreshVolumes } from './volumes.ts';

const service = (name: string, clusterIP: string): Service => ({
  metadata: { name },
  spec: {
    clusterIP,
    ports: [
      { name: 'http', port: 80 },
      { port: 53, protocol: 'UDP' },
    ],
  },
});
const sources: PodSources = {
  configMap: (_, name) =>
    Promise.resolve(
      name === 'settings' ? { data: { a: '1', 'b.txt': 'two' }, binaryData: { bin: 'AAE=' } } : undefined,
    ),
  secret: (_, name) =>
    Promise.resolve(name === 'keys' ? { data: { key: Buffer.from('secret').toString('base64') } } : undefined),
  services: () => [],
  token: () => Promise.resolve('a.token'),
};
const node = { name: 'n1', ip: '192.0.2.1', allocatable: { cpu: '4', memory: '8Gi' } };
const pod = (spec: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { app: 'x' }, annotations: { note: 'say "hi"' } },
  spec: { containers: [], ...spec },
});

void t.test('expand puts in what is known, and leaves the rest', (t) => {
  const known = new Map([['A', 'x']]);
  t.equal(expand('$(A) $(B) $$(A) $A $', known), 'x $(B) $(A) $A $');
  t.end();
});

void t.test('services are told as variables', (t) => {
  const known = serviceVariables([service('my-db', '10.0.0.1'), service('headless', 'None')]);
  t.match(Object.fromEntries(known), {
    MY_DB_SERVICE_HOST: '10.0.0.1',
    MY_DB_SERVICE_PORT: '80',
    MY_DB_SERVICE_PORT_HTTP: '80',
    MY_DB_PORT: 'tcp://10.0.0.1:80',
    MY_DB_PORT_53_UDP_PROTO: 'udp',
  });
  t.notOk(known.has('HEADLESS_SERVICE_HOST'));
  t.end();
});

void t.test('environmentOf reads every kind of source', async (t) => {
  const container: Container = {
    name: 'c',
    resources: { limits: { cpu: '1500m' } },
    envFrom: [{ prefix: 'S_', configMapRef: { name: 'settings' } }],
    env: [
      { name: 'PLAIN', value: 'v' },
      { name: 'EXPANDED', value: '$(PLAIN)-$(S_a)' },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } },
      { name: 'OPTIONAL', valueFrom: { secretKeyRef: { name: 'none', key: 'key', optional: true } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
    ],
  };
  const found = await environmentOf({ pod: pod(), container, sources, node, podIp: '10.1.1.1' });
  t.same(Object.fromEntries(found), {
    S_a: '1',
    'S_b.txt': 'two',
    S_bin: '\u0000\u0001',
    PLAIN: 'v',
    EXPANDED: 'v-1',
    SECRET: 'secret',
    LABEL: 'x',
    IP: '10.1.1.1',
    CPUS: '2',
    MEMORY: '8192',
  });
  const missing: [EnvVar['valueFrom'], string][] = [
    [{ configMapKeyRef: { name: 'none', key: 'a' } }, 'configmap "none" not found'],
    [{ configMapKeyRef: { name: 'settings', key: 'z' } }, "couldn't find key z in ConfigMap ns/settings"],
  ];
  for (const [valueFrom, message] of missing) {
    const broken = { name: 'c', env: [{ name: 'X', valueFrom }] };
    await t.rejects(environmentOf({ pod: pod(), container: broken, sources, node, podIp: '' }), { message });
  }
});

void t.test('volumes become folders of files', async (t) => {
  const podDir = await mkdtemp(join(tmpdir(), 'kuorum-volumes-'));
  t.teardown(() => rm(podDir, { recursive: true }));
  const context = { pod: pod(), podDir, sources, node, podIp: '', warn: (message: string) => t.comment(message) };
  const prepare = (volume: Volume): Promise<string> => prepareVolume(context, volume);
  const settings = await prepare({ name: 'settings', configMap: { name: 'settings', defaultMode: 0o400 } });
  t.equal(await readFile(join(settings, 'b.txt'), 'utf8'), 'two');
  t.equal((await stat(join(settings, 'b.txt'))).mode & 0o777, 0o400);
  t.equal(await readlink(join(settings, 'b.txt')), '..data/b.txt');
  const projected = await prepare({
    name: 'all',
    projected: {
      sources: [
        { secret: { name: 'keys', items: [{ key: 'key', path: 'deep/key' }] } },
        { downwardAPI: { items: [{ path: 'notes', fieldRef: { fieldPath: 'metadata.annotations' } }] } },
        { serviceAccountToken: { path: 'token' } },
      ],
    },
  });
  t.equal(await readFile(join(projected, 'deep/key'), 'utf8'), 'secret');
  t.equal(await readFile(join(projected, 'notes'), 'utf8'), 'note="say \\"hi\\""');
  t.equal(await readFile(join(projected, 'token'), 'utf8'), 'a.token');
  t.ok((await stat(await prepare({ name: 'scratch', emptyDir: {} }))).isDirectory());
  t.equal(await prepare({ name: 'host', hostPath: { path: podDir, type: 'Directory' } }), podDir);
  const refused: [Volume, RegExp][] = [
    [{ name: 'x', configMap: { name: 'none' } }, /configmap "none" not found/],
    [{ name: 'x', configMap: { name: 'settings', items: [{ key: 'a', path: '../../a' }] } }, /invalid path/],
    [{ name: 'x', hostPath: { path: podDir, type: 'File' } }, /is not a file/],
    [{ name: 'x', persistentVolumeClaim: { claimName: 'c' } }, /persistentVolumeClaim are not supported/],
  ];
  for (const [volume, message] of refused) await t.rejects(prepare(volume), { message });
});

void t.test('volumes of a running pod follow their objects; what is gone stays as it was', async (t) => {
  const podDir = await mkdtemp(join(tmpdir(), 'kuorum-volumes-'));
  t.teardown(() => rm(podDir, { recursive: true }));
  let settings: Record<string, string> | undefined = { a: '1', b: '2' };
  let token = 'first';
  const volumes: Volume[] = [
    { name: 'settings', configMap: { name: 'settings' } },
    { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
    { name: 'scratch', emptyDir: {} },
  ];
  const warnings: string[] = [];
  const context = {
    pod: pod({ volumes }),
    podDir,
    sources: {
      ...sources,
      configMap: () => Promise.resolve(settings && { data: settings }),
      token: () => Promise.resolve(token),
    },
    node,
    podIp: '',
    warn: (message: string) => void warnings.push(message),
  };
  const [folder = '', tokens = ''] = await Promise.all(volumes.map((volume) => prepareVolume(context, volume)));
  const version = await readlink(join(folder, '..data'));
  await refreshVolumes(context);
  t.equal(await readlink(join(folder, '..data')), version, 'nothing is written when nothing changed');
  settings = { a: 'one', c: '3' };
  await refreshVolumes(context);
  t.equal(await readFile(join(folder, 'a'), 'utf8'), 'one');
  const [first, second, ...names] = (await readdir(folder)).sort();
  t.same([second, ...names], ['..data', 'a', 'c']);
  t.not(first, version);
  settings = undefined;
  token = 'second';
  await refreshVolumes(context);
  t.same(warnings, ['configmap "settings" not found']);
  t.equal(await readFile(join(folder, 'a'), 'utf8'), 'one');
  t.equal(await readFile(join(tokens, 'token'), 'utf8'), 'second');
});

void t.test('pull policy follows the tag', (t) => {
  const policies = ['app', 'app:latest', 'app:1', 'host:5000/app', 'app@sha256:00'].map((image) =>
    pullPolicyOf({ name: 'c', image }),
  );
  t.same(policies, ['Always', 'Always', 'IfNotPresent', 'Always', 'IfNotPresent']);
  t.end();
});

void t.test('restarts back off from ten seconds to five minutes, and forget after ten', (t) => {
  t.equal(backoffLeftMs(undefined, 0, 0), 0, 'the first restart is free');
  let entry = nextBackoff(undefined, 0);
  const delays = [entry.delayMs];
  for (let i = 0; i < 6; i++) delays.push((entry = nextBackoff(entry, 0)).delayMs);
  t.same(delays, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  t.equal(backoffLeftMs(entry, 1000, 2000), 299_000);
  t.equal(nextBackoff(entry, 600_001).delayMs, 10_000);
  t.same([10_000, 160_000, 300_000].map(durationText), ['10s', '2m40s', '5m0s']);
  t.end();
});

void t.test('a probe turns after enough of the same in a row', (t) => {
  const probe: Probe = { successThreshold: 2, failureThreshold: 3 };
  const run = (state: ProbeState, outcomes: string): boolean =>
    outcomes.split('').reduce((now, outcome) => afterProbe(now, probe, outcome === '+'), state).ok;
  const ready = initialProbeState('readiness');
  t.same(
    ['+', '++', '+-+', '++--', '++---'].map((outcomes) => run(ready, outcomes)),
    [false, true, false, true, false],
  );
  t.equal(run(initialProbeState('liveness'), '--'), true);
  t.equal(run(initialProbeState('liveness'), '---'), false);
  let startup = initialProbeState('startup');
  for (let i = 0; i < 3; i++) startup = afterProbe(startup, probe, false);
  t.ok(startupFailed(startup, probe));
  t.end();
});

void t.test('names and DNS as Kubernetes gives them', (t) => {
  const dns = { servers: ['10.96.0.10'], domain: 'cluster.local' };
  t.equal(hostnameOf({ metadata: { name: `${'a'.repeat(62)}-b` } }), 'a'.repeat(62));
  t.same(dnsConfigOf(pod({ dnsConfig: { options: [{ name: 'debug' }] } }), dns), {
    servers: ['10.96.0.10'],
    searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    options: ['ndots:5', 'debug'],
  });
  t.equal(dnsConfigOf(pod({ dnsPolicy: 'Default' }), dns), undefined);
  t.equal(dnsConfigOf(pod({ hostNetwork: true }), dns), undefined);
  t.end();
});

void t.test('requests and limits become shares, quota and bytes', (t) => {
  const container: Container = {
    name: 'c',
    resources: { requests: { cpu: '250m' }, limits: { cpu: '1', memory: '1Mi' } },
  };
  t.match(resourcesOf(pod({ containers: [container] }), container, 1e9), {
    cpuShares: 256,
    cpuQuota: 100_000,
    cpuPeriod: 100_000,
    memoryLimitInBytes: 1_048_576,
    oomScoreAdj: 999,
  });
  t.match(resourcesOf(pod({ containers: [{ name: 'c' }] }), { name: 'c' }, 1e9), {
    cpuShares: 2,
    cpuQuota: 0,
    oomScoreAdj: 1000,
  });
  t.end();
});
