import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { createWorld } from './sim-world.ts';
import { hashOfRun } from './testing/hash-of-run.ts';
import { inMacroTask } from './testing/settle.ts';
import type { SimWorld } from './types.ts';

const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** What a promise came to, looked at from outside of it. */
function outcomeOf<T>(promise: Promise<T>): { value?: T; error?: Error & { code?: number; sent?: boolean } } {
  const outcome: { value?: T; error?: Error } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: Error) => (outcome.error = error),
  );
  return outcome;
}

function started(seed: number, members = 3): SimWorld {
  const world = createWorld({ seed, members });
  world.cluster.startAll();
  if (!world.runUntil(() => world.cluster.leader() !== undefined, 20_000)) {
    throw new Error(`seed ${seed}: no leader; ${JSON.stringify(world.failures)}`);
  }
  return world;
}

interface RangeAnswer {
  readonly kvs: readonly { readonly value: Uint8Array }[];
}
const read = (world: SimWorld, place: number): string | undefined => {
  const found = outcomeOf(world.client('reader').call<RangeAnswer>(place, 'KV/Range', { key: b('a') }));
  world.runUntil(() => found.value !== undefined || found.error !== undefined, 15_000);
  return found.value === undefined ? found.error?.message : Buffer.from(found.value.kvs[0]?.value ?? []).toString();
};

void t.test('three members elect, answer, and feed a watch; a write survives the loss of power of all', async (t) => {
  await inMacroTask(() => {
    const world = started(1);
    const client = world.client('c');
    const events: string[] = [];
    const watch = client.stream<object, { events: { kv: { value: Uint8Array } }[] }>(1, 'Watch/Watch', {
      onMessage: (message) => events.push(...message.events.map(({ kv }) => Buffer.from(kv.value).toString())),
      onEnd: (error) => events.push(`end: ${error?.message}`),
    });
    watch.send({ createRequest: { key: b('a') } });
    for (const value of ['1', '2', '3']) {
      const put = outcomeOf(client.call(0, 'KV/Put', { key: b('a'), value: b(value) }));
      t.ok(world.runUntil(() => put.value !== undefined, 5_000));
    }
    world.runFor(100);
    t.same(events, ['1', '2', '3']);
    for (const { place } of world.cluster.members) world.cluster.crash(place, { kind: 'power' });
    t.equal(world.cluster.running.length, 0);
    t.equal(read(world, 0), 'connection refused');
    world.cluster.startAll();
    t.ok(world.runUntil(() => world.cluster.leader() !== undefined, 20_000));
    t.equal(read(world, 2), '3');
    world.runFor(10_000);
    t.same(events.slice(3), ['end: connection lost']);
    t.same(world.failures, []);
  });
});

void t.test('the leader dies: the others go on; it comes back and holds the same', async (t) => {
  await inMacroTask(() => {
    const world = started(2);
    const { cluster } = world;
    const old = cluster.leader()!.place;
    cluster.crash(old, { kind: 'process' });
    t.ok(world.runUntil(() => cluster.leader() !== undefined, 10_000));
    const other = cluster.leader()!.place;
    t.not(other, old);
    const put = outcomeOf(world.client('c').call(other, 'KV/Put', { key: b('a'), value: b('new') }));
    t.ok(world.runUntil(() => put.value !== undefined, 5_000));
    cluster.start(old);
    t.ok(world.runUntil(() => cluster.stateOf(old)?.hash === cluster.stateOf(other)!.hash, 10_000));
    t.equal(cluster.stateOf(old)!.revision, 2);
    cluster.stop(old);
    t.ok(world.runUntil(() => cluster.members[old]!.life === 'down', 5_000));
    t.same(world.failures, []);
  });
});

void t.test('a paused leader is deposed, and follows when it goes on', async (t) => {
  await inMacroTask(() => {
    const world = started(3);
    const { cluster } = world;
    const old = cluster.leader()!;
    const term = old.view!.term;
    cluster.pause(old.place);
    t.ok(world.runUntil(() => (cluster.leader()?.view?.term ?? 0) > term, 10_000));
    t.equal(old.view!.role, 'leader', 'it does not know yet');
    cluster.resume(old.place);
    t.ok(world.runUntil(() => old.view!.role === 'follower', 5_000));
    t.same(world.failures, []);
  });
});

void t.test('a partition: the smaller side answers nobody, and catches up when it is over', async (t) => {
  await inMacroTask(() => {
    const world = started(4, 5);
    const { cluster, network } = world;
    const leader = cluster.leader()!.place;
    const minority = [leader, (leader + 1) % 5];
    const majority = [0, 1, 2, 3, 4].filter((place) => !minority.includes(place));
    network.partition(minority, majority);
    const lost = outcomeOf(world.client('c').call(leader, 'KV/Put', { key: b('a'), value: b('lost?') }));
    t.ok(world.runUntil(() => majority.includes(cluster.leader()?.place ?? -1), 10_000));
    const put = outcomeOf(world.client('c').call(majority[0]!, 'KV/Put', { key: b('a'), value: b('kept') }));
    t.ok(world.runUntil(() => put.value !== undefined, 5_000));
    t.ok(world.runUntil(() => lost.error !== undefined, 12_000));
    network.heal();
    t.ok(
      world.runUntil(
        () => new Set(cluster.members.map(({ place }) => cluster.stateOf(place)?.hash)).size === 1,
        10_000,
      ),
    );
    t.same(world.failures, []);
  });
});

void t.test('a member that is far behind is sent a snapshot', async (t) => {
  await inMacroTask(() => {
    const snapshots: string[] = [];
    const world = createWorld({
      seed: 5,
      member: { snapshotCount: 20, catchUpEntries: 5 },
      trace: (_, who, what) => void (/the snapshot arrived/.test(what) && snapshots.push(who)),
    });
    const { cluster } = world;
    cluster.startAll();
    world.runUntil(() => cluster.leader() !== undefined, 10_000);
    const behind = (cluster.leader()!.place + 1) % 3;
    cluster.crash(behind);
    const client = world.client('c');
    const place = cluster.leader()!.place;
    for (let i = 0; i < 60; i++) {
      const put = outcomeOf(client.call(place, 'KV/Put', { key: b(`k${i}`), value: b('v') }));
      world.runUntil(() => put.value !== undefined, 5_000);
    }
    world.runFor(15_000);
    cluster.start(behind);
    const hashes = (): number => new Set(cluster.members.map((member) => cluster.stateOf(member.place)?.hash)).size;
    t.ok(world.runUntil(() => cluster.running.length === 3 && hashes() === 1, 20_000));
    t.ok(snapshots.length > 0);
    t.same(world.failures, []);
  });
});

void t.test(
  'the same seed gives the same trace, byte for byte, also in another process; another seed another',
  async (t) => {
    const here = await inMacroTask(() => [hashOfRun(11), hashOfRun(11), hashOfRun(12)]);
    t.equal(here[0], here[1]);
    t.not(here[0], here[2]);
    const script = fileURLToPath(new URL('./testing/hash-of-run.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '11']);
    t.equal(stdout.trim(), here[0]);
  },
);

void t.test('run from within a promise job is refused: nothing would resolve there', async (t) => {
  await Promise.resolve();
  const world = createWorld({ seed: 1 });
  await Promise.resolve().then(() => t.throws(() => world.runFor(1), { name: 'CannotDrainError' }));
});
