import t from 'tap';
import { createWorld } from './sim-world.ts';
import { inMacroTask } from './testing/settle.ts';
import type { SimCallError, SimWorld } from './types.ts';

const b = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const seeds = 4;
const roundsMin = 8;
const faultsForMs = 40_000;
const limitMs = 600_000;
const useEveryMs = 40;
/** after it, what was proposed and not answered is never applied; see requestTimeoutBaseMs */
const forgottenAfterMs = 12_000;
const denied = 'etcdserver: permission denied';
const stale = new Set(['etcdserver: invalid auth token', 'etcdserver: revision of auth store is old']);
/** what says that a change was made by an earlier try of it */
const already = new Set([
  'etcdserver: user name already exists',
  'etcdserver: role name already exists',
  'etcdserver: role is not granted to the user',
]);

interface Told {
  granted: number;
  permitted: number;
  denied: number;
  problems: string[];
}

/** One who calls any member, and authenticates again whenever a token is not taken. */
class Person {
  readonly #world: SimWorld;
  readonly #name: string;
  #token: string | undefined;

  constructor(world: SimWorld, name: string) {
    this.#world = world;
    this.#name = name;
  }

  /** 'done', or why not */
  async call(method: string, request: object): Promise<string> {
    for (;;) {
      try {
        const client = this.#world.client(this.#name);
        const place = this.#world.random(`places of ${this.#name}`).below(3);
        if (this.#token === undefined && this.#name !== '') {
          const who = { name: this.#name, password: `pw ${this.#name}` };
          this.#token = (await client.call<{ token: string }>(place, 'Auth/Authenticate', who)).token;
        }
        await client.call(place, method, request, { metadata: { token: this.#token ?? '' } });
        return 'done';
      } catch (error) {
        const { message } = error as SimCallError;
        if (!stale.has(message)) return message;
        this.#token = undefined;
      }
    }
  }

  /** until it is known to have been made */
  async insist(method: string, request: object): Promise<void> {
    for (;;) {
      const said = await this.call(method, request);
      if (said === 'done' || already.has(said)) return;
      await this.#world.sleep(forgottenAfterMs);
    }
  }
}

/** Grants u the right to k and takes it away, again and again, while u tries to use it. */
async function workload(world: SimWorld, told: Told, over: () => boolean): Promise<void> {
  const setUp = new Person(world, '');
  const user = (name: string) => ({ name, password: `pw ${name}` });
  await setUp.insist('Auth/UserAdd', user('root'));
  await setUp.insist('Auth/UserGrantRole', { user: 'root', role: 'root' });
  await setUp.insist('Auth/UserAdd', user('u'));
  await setUp.insist('Auth/RoleAdd', { name: 'r' });
  await setUp.insist('Auth/RoleGrantPermission', { name: 'r', perm: { permType: 2, key: b('k') } });
  await setUp.insist('Auth/AuthEnable', {});
  const root = new Person(world, 'root');
  const state = { right: false, epoch: 0, over: false };
  const use = async (n: number): Promise<void> => {
    const u = new Person(world, 'u');
    for (let i = 0; !state.over; i++) {
      await world.sleep(useEveryMs);
      const { right, epoch } = state;
      const key = i % 7 === 6 ? 'x' : 'k';
      const nested = { success: [{ requestTxn: { success: [{ requestPut: { key: b(key) } }] } }] };
      const reads = i % 3 === 0;
      const method = reads ? 'KV/Range' : 'KV/Txn';
      const said = await u.call(method, reads ? { key: b(key) } : nested);
      if (said === denied) told.denied++;
      if (said !== 'done') continue;
      told.permitted++;
      if (key === 'x') told.problems.push(`${method} of x by client ${n}`);
      if (!right && state.epoch === epoch)
        told.problems.push(`${method} of k at ${world.nowMs}, after the right was gone`);
    }
  };
  const users = [1, 2].map(use);
  while (told.granted < roundsMin || !over()) {
    state.right = true; // from now on it may be there
    state.epoch++;
    await root.insist('Auth/UserGrantRole', { user: 'u', role: 'r' });
    told.granted++;
    await world.sleep(500);
    await root.insist('Auth/UserRevokeRole', { name: 'u', role: 'r' });
    state.right = false;
    state.epoch++;
    await world.sleep(500);
  }
  state.over = true;
  await Promise.all(users);
}

/** Kills, pauses, cuts off; members come back. */
function disturb(world: SimWorld): void {
  const random = world.random('faults');
  const { cluster, network } = world;
  for (let atMs = 2000; atMs < faultsForMs; atMs += 3000 + random.below(4000)) {
    const place = random.below(3);
    const kind = random.below(4);
    world.after(atMs, () => {
      if (kind === 0) cluster.crash(place, { kind: 'power' });
      else if (kind === 1) cluster.crash(place, { kind: 'process' });
      else if (kind === 2) cluster.pause(place);
      else
        network.partition(
          [place],
          [0, 1, 2].filter((other) => other !== place),
        );
    });
    world.after(atMs + 1500 + random.below(1500), () => {
      network.heal();
      cluster.resume(place);
      cluster.start(place);
    });
  }
}

for (let seed = 1; seed <= seeds; seed++) {
  void t.test(`seed ${seed}: a right that is gone is of no use, whatever happens to the members`, async (t) => {
    await inMacroTask(() => {
      const world = createWorld({ seed, members: 3 });
      world.cluster.startAll();
      disturb(world);
      const told: Told = { granted: 0, permitted: 0, denied: 0, problems: [] };
      const end = { reached: false };
      void workload(world, told, () => world.nowMs > faultsForMs + 5000).then(() => (end.reached = true));
      t.ok(
        world.runUntil(() => end.reached, limitMs),
        'it goes on after the faults',
      );
      t.same([told.problems, world.failures], [[], []]);
      t.ok(told.granted >= roundsMin && told.permitted > 0 && told.denied > 0, JSON.stringify(told));
      const same = (): boolean => {
        const states = [0, 1, 2].map((place) => world.cluster.stateOf(place));
        return (
          new Set(states.map((state) => `${state?.appliedIndex} ${state?.hash}`)).size === 1 && states[0] !== undefined
        );
      };
      t.ok(world.runUntil(same, 30_000), 'all members come to the same users, roles and keys');
    });
  });
}
