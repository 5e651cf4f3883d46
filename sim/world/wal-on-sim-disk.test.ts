import t from 'tap';
import { silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { emptyConfState } from '../../raft/core/memory-storage.ts';
import type { Entry } from '../../raft/core/types.ts';
import { openWal } from '../../raft/runtime/wal/open-wal.ts';
import { EventQueue, Life } from './event-queue.ts';
import { drainMicrotasks } from './microtasks.ts';
import { MachineClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { inMacroTask } from './testing/settle.ts';

const boot = { kind: 'boot' as const, index: 1, term: 1, confState: emptyConfState, logStart: { index: 1, term: 1 } };

/** A log that is written, hurt and opened again; what it acknowledged must be there each time. */
class WalHarness {
  readonly #queue = new EventQueue();
  readonly #random: Random;
  readonly disk: SimDisk;
  readonly #clock: MachineClock;
  #life = new Life(this.#queue);
  #entries: Entry[] = [];
  /** acknowledged */
  durable = 0;
  crashes = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.disk = new SimDisk(this.#queue, seed, 'disk');
    this.#clock = new MachineClock(this.#queue, this.#random, 0);
  }

  run(steps: number): void {
    for (let i = 0; i < steps && this.#queue.step(Infinity); i++) drainMicrotasks();
  }

  /** one life: opens the log, checks it, writes on, and ends somewhere in the middle */
  live(): string | undefined {
    const life = new Life(this.#queue);
    this.#life = life;
    this.disk.started();
    let problem: string | undefined;
    this.#open(life).catch((error: Error) => {
      if (!this.disk.mayFail) problem = error.message;
    });
    this.run(10 + this.#random.below(400));
    return problem ?? this.#problem;
  }

  #problem: string | undefined;

  /** `power`: with the loss of what was not synced */
  crash(power: boolean): void {
    this.#life.end();
    this.crashes++;
    this.disk.setErrors({});
    if (power) this.disk.lose(undefined);
  }

  async #open(life: Life): Promise<void> {
    const { wal, state } = await openWal({
      dir: '/d/wal',
      metadata: { nodeId: 'a', clusterId: 'c' },
      initial: { mark: boot, hardState: { term: 1, vote: '', commit: 1 } },
      fsync: true,
      segmentBytes: 4000,
      disk: this.disk.of(life),
      clock: this.#clock.of(life),
      random: this.#random,
      log: silentLog,
    });
    this.#check(state.entries);
    this.#entries = [...state.entries];
    if (this.#random.below(3) === 0) this.disk.setErrors({ sync: 0.1, write: 0.05 });
    for (;;) {
      const index = (this.#entries.at(-1)?.index ?? 1) + 1;
      const data = new Uint8Array(this.#random.below(900)).fill(index % 251);
      const entry: Entry = { index, term: 1, type: 'normal', data };
      this.#entries.push(entry);
      await new Promise<void>((resolve) => wal.append({ entries: [entry] }, true, resolve));
      this.durable = index;
    }
  }

  #check(found: readonly Entry[]): void {
    const last = found.at(-1)?.index ?? 1;
    if (last < this.durable) this.#problem = `entry ${this.durable} was acknowledged, and the log ends at ${last}`;
    for (const { index, data } of found) {
      if (data.some((byte) => byte !== index % 251)) this.#problem = `entry ${index} has another content`;
    }
  }
}

void t.test('wal: what it acknowledged survives kills, failed syncs and power failures in any order', async (t) => {
  const problems = await inMacroTask(() => {
    const problems: string[] = [];
    for (let seed = 0; seed < 30; seed++) {
      const harness = new WalHarness(seed);
      const random = seededRandom(seed + 1000);
      for (let life = 0; life < 6; life++) {
        const problem = harness.live();
        if (problem !== undefined) problems.push(`seed ${seed}, life ${life}: ${problem}`);
        harness.crash(random.below(2) === 0);
      }
    }
    return problems;
  });
  t.same(problems, []);
});
