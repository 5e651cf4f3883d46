import { sleep, systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import { raftFaultPoints } from '../../raft/runtime/fault-point.ts';
import { parseFaultTerms } from './fault-terms.ts';
import type { FaultTerm } from './fault-terms.ts';

/** beside those of Raft: around a batch of the store's database */
export const storeFaultPoints = ['beforeCommit', 'afterCommit'] as const;
export const faultPointNames = [...raftFaultPoints, ...storeFaultPoints];
export type FaultPoint = (typeof faultPointNames)[number];

interface Armed {
  readonly text: string;
  readonly steps: { readonly term: FaultTerm; left: number }[];
}

export interface FaultPointsOptions {
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
  /** ends the process as kill -9 would */
  readonly die?: () => void;
}

/** The fault points of a process: what is armed, and what has happened there. */
export class FaultPoints {
  readonly #options: FaultPointsOptions;
  readonly #armed = new Map<string, Armed>();
  readonly #hits = new Map<string, number>();

  constructor(options: FaultPointsOptions) {
    this.#options = options;
  }

  static isPoint(name: string): name is FaultPoint {
    return (faultPointNames as readonly string[]).includes(name);
  }

  /** '' where nothing is armed */
  termOf(point: FaultPoint): string {
    return this.#armed.get(point)?.text ?? '';
  }

  /** how often it acted */
  hitsOf(point: FaultPoint): number {
    return this.#hits.get(point) ?? 0;
  }

  /** Throws SyntaxError. */
  arm(point: FaultPoint, text: string): void {
    const steps = parseFaultTerms(text).map((term) => ({ term, left: term.count }));
    this.#armed.set(point, { text: text.trim(), steps });
  }

  disarm(point: FaultPoint): void {
    this.#armed.delete(point);
  }

  readonly reach = (point: FaultPoint): Promise<void> | undefined => {
    const step = this.#armed.get(point)?.steps.find(({ left }) => left > 0);
    if (step === undefined) return undefined;
    const { term } = step;
    if (term.chance < 1 && (this.#options.random ?? systemRandom).next() >= term.chance) return undefined;
    step.left--;
    if (term.action === 'off') return undefined;
    this.#hits.set(point, this.hitsOf(point) + 1);
    this.#options.log.warn({ point, action: term.action, sleepMs: term.sleepMs, code: term.errorCode }, 'fault point');
    return this.#act(point, term);
  };

  async #act(point: FaultPoint, { action, sleepMs, errorCode }: FaultTerm): Promise<void> {
    if (action === 'panic') (this.#options.die ?? dieNow)();
    if (action === 'sleep') await sleep(sleepMs, this.#options.clock ?? systemClock);
    if (action === 'return') throw Object.assign(new Error(`${errorCode}: fault point ${point}`), { code: errorCode });
  }
}

// process.exit would let the database close itself
const dieNow = (): void => void process.kill(process.pid, 'SIGKILL');
