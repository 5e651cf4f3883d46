import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { EventQueue, Life, SimEvent } from './event-queue.ts';
import type { SimClockControl } from './types.ts';

/** 2026-01-01T00:00:00Z: the wall clock of all members begins about here */
const epochMs = 1_767_225_600_000;

/** The clock of one machine: runs a little fast or slow, jumps, and goes on over restarts and pauses of the process. */
export class MachineClock implements SimClockControl {
  readonly #queue: EventQueue;
  readonly #random: Random;
  /** a turn of the event loop takes up to so long to come; more than one message may reach it then */
  readonly #turnUsMax: number;
  /** local microseconds a global one */
  #rate = 1;
  #localAtUs: number;
  #globalAtUs: number;
  #wallOffsetMs: number;

  constructor(queue: EventQueue, random: Random, turnUsMax: number) {
    this.#queue = queue;
    this.#random = random;
    this.#turnUsMax = turnUsMax;
    this.#globalAtUs = queue.timeUs;
    this.#localAtUs = Math.floor(random.next() * 1e9);
    this.#wallOffsetMs = epochMs - this.#localAtUs / 1000 + Math.floor(random.next() * 50);
  }

  setDrift(ppm: number): void {
    this.#localAtUs = this.#localUs();
    this.#globalAtUs = this.#queue.timeUs;
    this.#rate = 1 + ppm / 1e6;
  }

  jump(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** the clock as a process sees it */
  of(life: Life): Clock {
    const queue = this.#queue;
    let turnUs = -1;
    const cancellation = (event: SimEvent) => (): void => {
      event.action = undefined;
    };
    return {
      nowMs: () => Math.floor(this.#localUs() / 1000 + this.#wallOffsetMs),
      monotonicMs: () => this.#localUs() / 1000,
      after: (delayMs, action) => cancellation(queue.plan(this.#globalUs(delayMs), life, action)),
      every: (periodMs, action) => {
        const event: SimEvent = queue.plan(this.#globalUs(periodMs), life, () => {
          // as setInterval: however long it was held up, it fires once
          queue.again(event, this.#globalUs(periodMs));
          action();
        });
        return cancellation(event);
      },
      soon: (action) => {
        // all that asks before a turn has come shares it, in order
        if (turnUs <= queue.timeUs) turnUs = queue.timeUs + this.#turnDelayUs();
        queue.plan(turnUs - queue.timeUs, life, action);
      },
    };
  }

  #turnDelayUs(): number {
    return this.#turnUsMax === 0 ? 0 : this.#random.below(this.#turnUsMax);
  }

  #localUs(): number {
    return this.#localAtUs + (this.#queue.timeUs - this.#globalAtUs) * this.#rate;
  }

  #globalUs(delayMs: number): number {
    return Math.max(1, (delayMs * 1000) / this.#rate);
  }
}
