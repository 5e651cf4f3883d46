import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
import { createCriClient } from '../cri/client.ts';
import type { CriClient } from '../cri/client.ts';
import { containerEventType, containerState, sandboxState } from '../cri/types.ts';
import type { ContainerConfig, ContainerStatus, PodSandboxConfig } from '../cri/types.ts';
import { startEmbeddedRuntime } from './server.ts';

const sandboxConfig = (name: string, logDirectory: string, annotations = {}): PodSandboxConfig => ({
  metadata: { name, uid: `uid-${name}`, namespace: 'default', attempt: 0 },
  hostname: name,
  logDirectory,
  labels: { 'io.kubernetes.pod.name': name },
  annotations,
});
const containerConfig = (name: string, command: string[]): ContainerConfig => ({
  metadata: { name, attempt: 0 },
  image: { image: 'busybox' },
  command,
  labels: { 'io.kubernetes.container.name': name },
  annotations: {},
  logPath: `${name}/0.log`,
});

async function runtimeIn(test: { teardown(action: () => Promise<void>): void }, podCidr?: string) {
  const dataDir = await mkdtemp(join(tmpdir(), 'kuorum-cri-'));
  let server = await startEmbeddedRuntime({ dataDir, podCidr, log: silentLog });
  let client = createCriClient(server.endpoint);
  test.teardown(async () => {
    client.close();
    await server.close();
    await rm(dataDir, { recursive: true });
  });
  return {
    dataDir,
    get client() {
      return client;
    },
    async restart() {
      client.close();
      await server.close();
      server = await startEmbeddedRuntime({ dataDir, podCidr, log: silentLog });
      client = createCriClient(server.endpoint);
    },
  };
}

async function start(client: CriClient, sandbox: PodSandboxConfig, config: ContainerConfig) {
  const { podSandboxId } = await client.call('RunPodSandbox', { config: sandbox });
  await client.call('PullImage', { image: config.image, sandboxConfig: sandbox });
  const { containerId } = await client.call('CreateContainer', { podSandboxId, config, sandboxConfig: sandbox });
  await client.call('StartContainer', { containerId });
  return { podSandboxId, containerId };
}

async function statusOf(client: CriClient, containerId: string): Promise<ContainerStatus> {
  return (await client.call('ContainerStatus', { containerId })).status;
}

void t.test('Version and Status say what the runtime is and whether pods can run', async (t) => {
  const { client } = await runtimeIn(t);
  const version = await client.call('Version', {});
  t.match(version, { runtimeName: 'kuorum-embedded', runtimeVersion: /simulated/, runtimeApiVersion: 'v1' });
  const networkReady = async (): Promise<boolean | undefined> =>
    (await client.call('Status', {})).status.conditions.find(({ type }) => type === 'NetworkReady')?.status;
  t.equal(await networkReady(), false, 'no addresses for pods yet');
  await client.call('UpdateRuntimeConfig', { runtimeConfig: { networkConfig: { podCidr: '10.1.2.0/24' } } });
  t.equal(await networkReady(), true);
});

void t.test('methods it does not have answer Unimplemented', async (t) => {
  const { client } = await runtimeIn(t);
  await t.rejects(client.call('ExecSync', { containerId: 'x', cmd: ['true'], timeout: 1 }), {
    code: grpcCode.unimplemented,
    message: 'exec is not supported, as the embedded runtime simulates containers and runs nothing',
  });
});

void t.test('a container is created, runs, prints, stops on SIGTERM and is removed', async (t) => {
  const { client, dataDir } = await runtimeIn(t, '10.1.2.0/29');
  const logs = join(dataDir, 'logs');
  const { podSandboxId, containerId } = await start(
    client,
    sandboxConfig('a', logs),
    containerConfig('c', ['sh', '-c', 'echo hello; sleep 1h']),
  );
  const running = await statusOf(client, containerId);
  t.match(running, { state: containerState.running, image: { image: 'docker.io/library/busybox:latest' } });
  t.ok(running.startedAt > 1.7e18, 'times are nanoseconds');
  const sandbox = await client.call('PodSandboxStatus', { podSandboxId });
  t.equal(sandbox.status.network?.ip, '10.1.2.2');
  await client.call('StopContainer', { containerId, timeout: 30 });
  t.match(await statusOf(client, containerId), { state: containerState.exited, exitCode: 143, reason: 'Error' });
  t.match(await readFile(join(logs, 'c/0.log'), 'utf8'), /^\S+Z stdout F hello\n$/);
  await client.call('RemovePodSandbox', { podSandboxId });
  t.same((await client.call('ListContainers', {})).containers, []);
  await t.rejects(client.call('ContainerStatus', { containerId }), { code: grpcCode.notFound });
  await client.call('RemovePodSandbox', { podSandboxId });
});

void t.test('StopContainer kills what ignores SIGTERM when the timeout has passed', async (t) => {
  const { client, dataDir } = await runtimeIn(t, '10.1.2.0/24');
  const sandbox = sandboxConfig('a', dataDir, { 'kuorum.dev/simulate': 'term=ignore' });
  const { containerId } = await start(client, sandbox, containerConfig('c', ['server']));
  await client.call('StopContainer', { containerId, timeout: 0 });
  t.equal((await statusOf(client, containerId)).exitCode, 137);
});

void t.test('events tell of each change, with the state of the whole pod', async (t) => {
  const { client, dataDir } = await runtimeIn(t, '10.1.2.0/24');
  const abort = new AbortController();
  const seen: [number, number | undefined][] = [];
  const reading = (async () => {
    for await (const event of client.events(abort.signal)) {
      const isContainer = event.containerId !== event.podSandboxStatus?.id;
      seen.push([event.containerEventType, isContainer ? event.containersStatuses?.[0]?.exitCode : undefined]);
      if (isContainer && event.containerEventType === containerEventType.stopped) break;
    }
  })();
  await client.call('Version', {}); // the stream's call is on the connection before what follows
  await start(client, sandboxConfig('a', dataDir), containerConfig('c', ['sh', '-c', 'exit 7']));
  await reading;
  abort.abort();
  const { created, started, stopped } = containerEventType;
  t.same(seen, [
    [created, undefined],
    [started, undefined],
    [created, 0],
    [started, 0],
    [stopped, 7],
  ]);
});

void t.test('sandboxes and containers go on after a restart of the runtime', async (t) => {
  const runtime = await runtimeIn(t, '10.1.2.0/24');
  const sandbox = sandboxConfig('a', runtime.dataDir);
  const { podSandboxId, containerId } = await start(runtime.client, sandbox, containerConfig('c', ['sleep', '1h']));
  await runtime.restart();
  t.match(await statusOf(runtime.client, containerId), { state: containerState.running });
  const { items } = await runtime.client.call('ListPodSandbox', { filter: { state: { state: sandboxState.ready } } });
  t.same(
    items.map(({ id }) => id),
    [podSandboxId],
  );
  const { podSandboxId: next } = await runtime.client.call('RunPodSandbox', { config: sandboxConfig('b', '') });
  const status = await runtime.client.call('PodSandboxStatus', { podSandboxId: next });
  t.equal(status.status.network?.ip, '10.1.2.3', 'the address of the first pod stays taken');
});

void t.test('addresses run out, with an error that names the range', async (t) => {
  const { client } = await runtimeIn(t, '10.1.2.0/30');
  await client.call('RunPodSandbox', { config: sandboxConfig('a', '') });
  const error = await client.call('RunPodSandbox', { config: sandboxConfig('b', '') }).catch((e: unknown) => e);
  t.match(
    error,
    new GrpcError(grpcCode.unknown, 'failed to setup network for sandbox: no free address in 10.1.2.0/30'),
  );
});
