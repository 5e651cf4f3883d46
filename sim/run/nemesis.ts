import type { FaultEnv } from './fault-env.ts';
import { faults } from './faults.ts';
import type { PlannedFault } from './schedule.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

/** As one line, for traces and reports. */
export const describeFault = ({ id, fault, atMs, untilMs }: PlannedFault): string =>
  `#${id} ${fault}, ${seconds(atMs)} to ${seconds(untilMs)}`;

/** Lets a schedule happen. */
export class Nemesis {
  readonly #env: FaultEnv;
  /** of faults that hit something, in order */
  readonly happened: PlannedFault[] = [];
  #over = false;

  constructor(env: FaultEnv) {
    this.#env = env;
  }

  start(schedule: readonly PlannedFault[]): void {
    const { world } = this.#env;
    for (const planned of schedule) world.after(planned.atMs - world.nowMs, () => this.#begin(planned));
    this.#env.supervise();
  }

  /** All faults end now, and none begins any more. */
  stop(): void {
    this.#over = true;
    this.#env.world.trace('nemesis', () => 'all faults end');
    this.#env.healAll();
  }

  #begin(planned: PlannedFault): void {
    if (this.#over) return;
    const { world, stats } = this.#env;
    const end = faults[planned.fault](this.#env, planned);
    if (end === undefined) {
      world.trace('nemesis', () => `${describeFault(planned)}: nothing to hit`);
      return;
    }
    world.trace('nemesis', () => `${describeFault(planned)} begins`);
    stats.fault(planned.fault);
    this.happened.push(planned);
    world.after(planned.untilMs - world.nowMs, () => {
      if (this.#over) return;
      world.trace('nemesis', () => `${describeFault(planned)} ends`);
      end();
    });
  }
}
