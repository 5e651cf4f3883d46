import { createHash } from 'node:crypto';
import { createWorld } from '../sim-world.ts';

/** A short run with load and faults of every layer; a hash over its trace. As a script: prints that of the seed given. */
export function hashOfRun(seed: number): string {
  const hash = createHash('sha256');
  const world = createWorld({ seed, trace: (timeUs, who, what) => void hash.update(`${timeUs} ${who} ${what}\n`) });
  const { cluster, network } = world;
  cluster.startAll();
  network.setPeerFaults({ loss: 0.01, duplicate: 0.02, reorder: 0.02, drop: 0.01, latencyMeanMs: 1 });
  const random = world.random('load');
  for (let i = 0; i < 4; i++) void work(i);
  async function work(i: number): Promise<void> {
    const client = world.client(`c${i}`);
    for (let round = 0; ; round++) {
      await world.sleep(random.next() * 100);
      const key = Buffer.from(`k${random.below(5)}`);
      const request = random.below(2) === 0 ? { key } : { key, value: Buffer.from(`${i}/${round}`) };
      const outcome = await client.call(random.below(3), 'value' in request ? 'KV/Put' : 'KV/Range', request).then(
        () => 'ok',
        (error: Error) => error.message,
      );
      world.trace(client.name, () => outcome);
    }
  }
  world.runFor(2_000);
  cluster.crash(seed % 3);
  network.partition([(seed + 1) % 3], [(seed + 2) % 3]);
  world.runFor(3_000);
  network.heal();
  cluster.start(seed % 3);
  cluster.pause((seed + 1) % 3);
  world.runFor(1_500);
  cluster.resume((seed + 1) % 3);
  world.runFor(2_000);
  return hash.digest('hex');
}

if (process.argv[1]?.endsWith('hash-of-run.ts') === true) {
  setImmediate(() => process.stdout.write(hashOfRun(Number(process.argv[2]))));
}
