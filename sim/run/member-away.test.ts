/** Found by seed 200670: what a member must do that was away while the membership changed. */
import t from 'tap';
import { createWorld } from '../world/sim-world.ts';
import type { SimWorld } from '../world/types.ts';
import { FaultEnv } from './fault-env.ts';
import { addMember } from './member-changes.ts';
import { RunStats } from './stats.ts';
import { bytesOf } from './wire.ts';

/** A simulation does not run within a promise job. */
const inMacroTask = (action: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        action();
        resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });

function joins(world: SimWorld): void {
  const env = new FaultEnv(world, new RunStats(), []);
  env.retired.add(2);
  addMember(env);
  const promoted = (): boolean => world.cluster.members[3]?.status?.confState.voters.length === 4;
  if (!world.runUntil(() => promoted() && !env.membershipBusy, 20_000)) throw new Error('nobody joined');
}

void t.test('a member that was away catches up from a leader that joined meanwhile', (t) =>
  inMacroTask(() => {
    const world = createWorld({ seed: 1, members: 3, member: { strictReconfigCheck: false } });
    const { cluster } = world;
    cluster.startAll();
    t.ok(world.runUntil(() => cluster.leader() !== undefined && cluster.running.length === 3, 10_000));
    world.runFor(1000);
    cluster.crash(2);
    joins(world);
    const client = world.client('c');
    const targetID = BigInt(`0x${cluster.members[3]!.id}`);
    void client.call(cluster.leader()!.place, 'Maintenance/MoveLeader', { targetID });
    t.ok(
      world.runUntil(() => cluster.leader()?.place === 3, 10_000),
      'the new member leads',
    );
    void client.call(3, 'KV/Put', { key: bytesOf('a'), value: bytesOf('1') });
    world.runFor(1000);
    cluster.start(2);
    const applied = (): number | undefined => cluster.members[2]!.status?.applied;
    t.ok(
      world.runUntil(() => applied() === cluster.leader()?.status?.applied, 10_000),
      `applied ${applied()}`,
    );
    t.same(world.failures, []);
    t.equal(cluster.stateOf(2)?.hash, cluster.stateOf(3)?.hash);
  }),
);
