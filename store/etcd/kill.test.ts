import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { sleep } from '../../base/clock.ts';
import type { HashKVResponse, RangeResponse, StatusResponse } from '../../proto/etcd-types.ts';
import { bytes, TestClient, text } from './test-client.ts';
import { reserveOptions } from './test-cluster.ts';

const program = fileURLToPath(new URL('./test-member-process.ts', import.meta.url));
const zero = new Uint8Array(1);

class Processes {
  readonly #options: readonly object[];
  readonly #children: (ChildProcess | undefined)[] = [];
  constructor(options: readonly object[]) {
    this.#options = options;
  }
  async start(i: number): Promise<void> {
    const child = fork(program, [JSON.stringify(this.#options[i])], { execArgv: ['--import', 'tsx'] });
    this.#children[i] = child;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`member ${i} ended with ${code}`);
    });
    ended.catch(() => {});
    await Promise.race([once(child, 'message'), ended]);
  }
  async kill(i: number): Promise<void> {
    const child = this.#children[i];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** place of the leader, as a member that answers says */
async function leaderOf(clients: readonly TestClient[], except = -1): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    for (const [i, client] of clients.entries()) {
      if (i === except) continue;
      const status = await client.call<StatusResponse>('Maintenance/Status', {}).catch(() => undefined);
      if (status?.leader && status.leader === status.header?.memberId) return i;
    }
    await sleep(50);
  }
  throw new Error('no leader after 10 s');
}

t.setTimeout(120_000); // its processes start slowly on a busy machine

void t.test('kill -9 of the leader, then of all: every acknowledged write is there, once', async (t) => {
  const { options, remove } = await reserveOptions(3);
  const processes = new Processes(options);
  const clients = options.map((o) => new TestClient(o.listenClientUrls[0]!));
  t.teardown(async () => {
    for (const client of clients) client.close();
    await Promise.all([0, 1, 2].map((i) => processes.kill(i)));
    await remove();
  });
  await Promise.all([0, 1, 2].map((i) => processes.start(i)));
  const leader = await leaderOf(clients);
  const acknowledged: string[] = [];
  const writing = { on: true };
  const writers = [0, 1, 2]
    .filter((i) => i !== leader)
    .map(async (i) => {
      for (let n = 0; writing.on; n++) {
        const key = `w${i}-${n}`;
        await clients[i]!.call('KV/Put', { key: bytes(key), value: bytes(key) });
        acknowledged.push(key);
      }
    });
  await sleep(300);
  await processes.kill(leader);
  const killedAt = acknowledged.length;
  await leaderOf(clients, leader);
  await processes.start(leader);
  await sleep(200);
  writing.on = false;
  await Promise.all(writers);
  t.ok(acknowledged.length > killedAt, 'writes went on at the other members, without an error');

  await Promise.all([0, 1, 2].map((i) => processes.kill(i)));
  await Promise.all([0, 1, 2].map((i) => processes.start(i)));
  await leaderOf(clients);
  const found = await clients[0]!.call<RangeResponse>('KV/Range', { key: zero, rangeEnd: zero });
  const keys = new Set(found.kvs.map((kv) => text(kv.key)));
  const lost = acknowledged.filter((key) => !keys.has(key));
  t.same(lost, [], `of ${acknowledged.length} acknowledged writes`);
  t.equal(found.header?.revision, keys.size + 1, 'each write made one revision');
  const revision = found.header!.revision;
  const hashes = new Set<number>();
  for (const client of clients) {
    await client.call('KV/Range', { key: zero }); // brings the member up to date
    hashes.add((await client.call<HashKVResponse>('Maintenance/HashKV', { revision })).hash);
  }
  t.equal(hashes.size, 1, 'all members are the same');
});
