import { sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/message-of.ts';
import type { ChaosCluster } from '../cluster/chaos-cluster.ts';
import type { Sampler } from '../cluster/sampler.ts';
import { faultKindOf } from '../scenario/fault-kinds.ts';
import type { FaultName } from '../scenario/fault-kinds.ts';
import type { PlannedFault } from '../scenario/fault-plan.ts';
import { NotNowError } from './injector.ts';
import { injectors } from './injectors.ts';

export interface FaultRecord {
  readonly number: number;
  readonly fault: FaultName;
  readonly victims: readonly string[];
  readonly leaderHit: boolean;
  readonly detail: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** what was wrong about how the cluster took it */
  readonly problem?: string;
}

export interface FaultRunnerOptions {
  readonly cluster: ChaosCluster;
  readonly sampler: Sampler;
  readonly nowMs: () => number;
  readonly onFault: (record: FaultRecord) => void;
  /** a planned fault that could not be carried out at that moment */
  readonly onSkipped: (planned: PlannedFault, reason: string) => void;
}

/** how long replicas may take to serve again before the next destructive fault comes */
const recoveryMs = 20_000;

/** Carries a plan out, one fault after the other, or two at a time where the plan says so; never breaks a majority for good. */
export class FaultRunner {
  readonly records: FaultRecord[] = [];
  readonly #options: FaultRunnerOptions;
  readonly #struck = new Set<string>();
  /** those of them that may not take part in a majority meanwhile */
  readonly #out = new Set<string>();
  #inFlight: Promise<void>[] = [];

  constructor(options: FaultRunnerOptions) {
    this.#options = options;
  }

  async run(plan: Iterable<PlannedFault>, untilMs: number): Promise<void> {
    const { nowMs } = this.#options;
    for (const planned of plan) {
      const alone = !planned.overlaps || faultKindOf(planned.fault).hits === 'all';
      if (alone || this.#inFlight.length > 1) await this.#quiet();
      await sleep(planned.gapMs);
      if (nowMs() + planned.durationMs > untilMs) break;
      const strike = this.#strike(planned);
      this.#inFlight.push(strike);
      void strike.then(() => (this.#inFlight = this.#inFlight.filter((one) => one !== strike)));
    }
    await this.#quiet();
  }

  async #quiet(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  /** Whom it hits: nobody who is hit already, and never so many that no majority is whole. */
  #victims({ fault, target, pick }: PlannedFault): readonly string[] {
    const { cluster, sampler } = this.#options;
    const { hits, soft } = faultKindOf(fault);
    const minority = Math.floor((cluster.names.length - 1) / 2);
    if (hits === 'all') return this.#struck.size === 0 ? cluster.names : [];
    const room = soft === true ? 1 : minority - this.#out.size;
    const wanted = hits === 'minority' ? minority : 1;
    if (room < wanted) return [];
    const free = cluster.names.filter((name) => !this.#struck.has(name) && cluster.isRunning(name));
    const leader = sampler.leader;
    const others = free.filter((name) => name !== leader);
    const first = target === 'leader' && leader !== undefined && free.includes(leader) ? [leader] : [];
    const at = Math.floor(pick * others.length);
    return [...first, ...others.slice(at), ...others.slice(0, at)].slice(0, wanted);
  }

  async #strike(planned: PlannedFault): Promise<void> {
    const { cluster, sampler, nowMs, onFault, onSkipped } = this.#options;
    await this.#untilAllServe();
    const victims = this.#victims(planned);
    if (victims.length === 0) {
      onSkipped(planned, 'it would leave no majority');
      return;
    }
    for (const victim of victims) this.#struck.add(victim);
    if (faultKindOf(planned.fault).soft !== true) for (const victim of victims) this.#out.add(victim);
    const leaderHit = victims.includes(sampler.leader ?? '');
    const fromMs = nowMs();
    try {
      const injected = await injectors[planned.fault]({ cluster, victims, planned });
      await sleep(Math.max(0, planned.durationMs - (nowMs() - fromMs)));
      const problem = await injected.heal();
      const { number, fault } = planned;
      const { detail } = injected;
      const record = { number, fault, victims, leaderHit, detail, fromMs, toMs: nowMs(), ...(problem && { problem }) };
      this.records.push(record);
      onFault(record);
    } catch (error) {
      if (error instanceof NotNowError) {
        onSkipped(planned, error.message);
      } else {
        const { number, fault } = planned;
        const problem = `the fault could not be carried out: ${messageOf(error)}`;
        this.records.push({ number, fault, victims, leaderHit, detail: '', fromMs, toMs: nowMs(), problem });
      }
    } finally {
      for (const victim of victims) {
        this.#struck.delete(victim);
        this.#out.delete(victim);
      }
    }
  }

  /** After what ends processes, those must be back before others are taken down: a minority is what a cluster survives. */
  async #untilAllServe(): Promise<void> {
    const { cluster, sampler, nowMs } = this.#options;
    const deadline = nowMs() + recoveryMs;
    const serves = (name: string): boolean => {
      const role = sampler.roleOf(name);
      return this.#struck.has(name) || role === 'leader' || role === 'follower';
    };
    while (!cluster.names.every(serves) && nowMs() < deadline) await sleep(50);
  }
}
