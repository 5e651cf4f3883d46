import type { Clock } from '../../base/clock.ts';
import type { PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts';
import type { SeatLimits } from './concurrency.ts';
import { dealHand } from './shuffle-sharding.ts';

export type Rejection = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled';

/** What a request needs of its level. */
export interface SeatRequest {
  /** flow schema and distinguisher */
  readonly flow: string;
  readonly schema: string;
  readonly seats: number;
  readonly waitMsMax: number;
  readonly signal: AbortSignal;
}

interface Waiting extends SeatRequest {
  readonly arrivedMs: number;
  readonly start: (release: () => void) => void;
  readonly refuse: (why: Rejection) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  executing: number;
  seatsInUse: number;
  /** seat-milliseconds that it had, on a scale that all queues of the level share */
  virtualWork: number;
}

/** until it has finished, a request is taken to hold its seats this long */
const estimatedMs = 50;

export interface LevelCounts {
  executingRequests: number;
  executingSeats: number;
  waitingRequests: number;
  dispatched: number;
  rejected: number;
  timedOut: number;
  cancelled: number;
}

/**
 * Seats of one priority level, and the queues of those that wait for one. A free seat costs an addition; queues are only
 * looked at when all are taken. Of the queues, the one whose requests have had least goes first.
 */
export class PriorityLevel {
  readonly name: string;
  readonly #clock: Clock;
  #configuration: PriorityLevelConfiguration;
  #limits: SeatLimits = { nominal: 0, min: 0, max: 0 };
  #seats = 0;
  #queues: Queue[] = [];
  #peakSeats = 0;
  readonly counts: LevelCounts = {
    executingRequests: 0,
    executingSeats: 0,
    waitingRequests: 0,
    dispatched: 0,
    rejected: 0,
    timedOut: 0,
    cancelled: 0,
  };

  constructor(configuration: PriorityLevelConfiguration, clock: Clock) {
    this.name = configuration.metadata?.name ?? '';
    this.#configuration = configuration;
    this.#clock = clock;
  }

  get uid(): string {
    return this.#configuration.metadata?.uid ?? '';
  }
  get isExempt(): boolean {
    return this.#configuration.spec?.type === 'Exempt';
  }
  get limits(): SeatLimits {
    return this.#limits;
  }
  /** seats that it has now, borrowed and lent ones counted */
  get seats(): number {
    return this.#seats;
  }
  set seats(seats: number) {
    this.#seats = seats;
    this.#dispatch();
  }
  get queues(): readonly Readonly<Queue>[] {
    return this.#queues;
  }

  reconfigure(configuration: PriorityLevelConfiguration, limits: SeatLimits): void {
    this.#configuration = configuration;
    this.#limits = limits;
    const { limitResponse } = configuration.spec?.limited ?? {};
    const wanted = limitResponse?.type === 'Queue' ? (limitResponse.queuing?.queues ?? 64) : 0;
    const makeQueue = (): Queue => ({ waiting: [], executing: 0, seatsInUse: 0, virtualWork: 0 });
    while (this.#queues.length < wanted) this.#queues.push(makeQueue());
    // queues that are not wanted any more stay until nobody waits in them
    while (this.#queues.length > wanted && this.#queues.at(-1)?.waiting.length === 0) this.#queues.pop();
    this.seats = Math.min(limits.max, Math.max(limits.min, this.#seats === 0 ? limits.nominal : this.#seats));
  }

  /** The most seats that were asked for at a time since this was last asked. */
  takePeakSeats(): number {
    const peak = this.#peakSeats;
    this.#peakSeats = this.#demand();
    return peak;
  }

  #demand(): number {
    let waiting = 0;
    if (this.counts.waitingRequests > 0) {
      for (const queue of this.#queues) for (const request of queue.waiting) waiting += request.seats;
    }
    return this.counts.executingSeats + waiting;
  }

  /** Its seats at once; undefined: it has to wait, or is refused. */
  tryStart(seats: number): (() => void) | undefined {
    if (!this.isExempt && (this.counts.waitingRequests > 0 || !this.#fits(seats))) return undefined;
    return this.#begin(seats, undefined);
  }

  /** A request that is wider than the level starts when nobody else is there. */
  #fits(seats: number): boolean {
    const { executingSeats } = this.counts;
    return executingSeats + seats <= this.#seats || (executingSeats === 0 && this.#seats > 0);
  }

  #begin(seats: number, queue: Queue | undefined): () => void {
    const { counts } = this;
    counts.executingRequests++;
    counts.executingSeats += seats;
    counts.dispatched++;
    if (counts.executingSeats > this.#peakSeats) this.#peakSeats = counts.executingSeats;
    const startedMs = queue === undefined ? 0 : this.#clock.monotonicMs();
    if (queue !== undefined) {
      queue.executing++;
      queue.seatsInUse += seats;
      queue.virtualWork += seats * estimatedMs;
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      counts.executingRequests--;
      counts.executingSeats -= seats;
      if (queue !== undefined) {
        queue.executing--;
        queue.seatsInUse -= seats;
        queue.virtualWork += seats * (this.#clock.monotonicMs() - startedMs - estimatedMs);
      }
      if (counts.waitingRequests > 0) this.#dispatch();
    };
  }

  /** Waits for seats. Resolves with what gives them back, or with why there are none. */
  wait(request: SeatRequest): Promise<(() => void) | Rejection> {
    const { limitResponse } = this.#configuration.spec?.limited ?? {};
    const queuing = limitResponse?.queuing;
    if (limitResponse?.type !== 'Queue' || this.#queues.length === 0) return this.#rejected('concurrency-limit');
    const hand = dealHand(request.flow, this.#queues.length, queuing?.handSize ?? 8);
    const queue = this.#shortest(hand);
    if (queue === undefined || queue.waiting.length >= (queuing?.queueLengthLimit ?? 50)) {
      return this.#rejected('queue-full');
    }
    return this.#enqueue(queue, request);
  }

  #rejected(why: Rejection): Promise<Rejection> {
    this.counts.rejected++;
    return Promise.resolve(why);
  }

  #shortest(hand: readonly number[]): Queue | undefined {
    let best: Queue | undefined;
    let least = Infinity;
    for (const index of hand) {
      const queue = this.#queues[index];
      if (queue === undefined) continue;
      const load = queue.waiting.length + queue.executing;
      if (load < least) [best, least] = [queue, load];
    }
    return best;
  }

  #enqueue(queue: Queue, request: SeatRequest): Promise<(() => void) | Rejection> {
    if (queue.waiting.length === 0 && queue.executing === 0) {
      // who was away has saved nothing up
      const active = this.#queues.filter(({ waiting, executing }) => waiting.length > 0 || executing > 0);
      const least = active.reduce((min, { virtualWork }) => Math.min(min, virtualWork), Infinity);
      if (least !== Infinity) queue.virtualWork = Math.max(queue.virtualWork, least);
    }
    return new Promise((resolve) => {
      const leave = (): boolean => {
        cancelTimeout();
        request.signal.removeEventListener('abort', onAbort);
        const index = queue.waiting.indexOf(waiting);
        if (index < 0) return false;
        queue.waiting.splice(index, 1);
        this.counts.waitingRequests--;
        return true;
      };
      const refuse = (why: Rejection): void => {
        if (!leave()) return;
        if (why === 'time-out') this.counts.timedOut++;
        else this.counts.cancelled++;
        resolve(why);
      };
      const onAbort = (): void => refuse('cancelled');
      const start = (release: () => void): void => {
        leave();
        resolve(release);
      };
      const waiting: Waiting = { ...request, arrivedMs: this.#clock.monotonicMs(), start, refuse };
      const cancelTimeout = this.#clock.after(request.waitMsMax, () => refuse('time-out'));
      request.signal.addEventListener('abort', onAbort, { once: true });
      queue.waiting.push(waiting);
      this.counts.waitingRequests++;
      this.#peakSeats = Math.max(this.#peakSeats, this.#demand());
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.counts.waitingRequests > 0) {
      let next: Queue | undefined;
      for (const queue of this.#queues) {
        if (queue.waiting.length > 0 && (next === undefined || queue.virtualWork < next.virtualWork)) next = queue;
      }
      const first = next?.waiting[0];
      if (next === undefined || first === undefined || !this.#fits(first.seats)) return;
      first.start(this.#begin(first.seats, next));
    }
  }
}
