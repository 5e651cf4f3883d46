/** One thing that will happen; `action` undefined: it was cancelled. */
export interface SimEvent {
  timeUs: number;
  /** breaks ties: what was planned first comes first */
  sequence: number;
  action: (() => void) | undefined;
  life: Life | undefined;
}

/**
 * One run of one process. What is bound to a life waits while it is paused and never happens once it has ended: the
 * async functions of a crashed member simply do not go on.
 */
export class Life {
  #alive = true;
  #paused = false;
  #waiting: SimEvent[] = [];
  /** has died or goes on; for those who keep something for it */
  readonly #queue: EventQueue;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get paused(): boolean {
    return this.#paused;
  }

  end(): void {
    this.#alive = false;
    this.#waiting = [];
  }

  pause(): void {
    this.#paused = true;
  }

  /** All that came up meanwhile happens now, in order. */
  resume(): void {
    this.#paused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const event of waiting) this.#queue.again(event, 0);
  }

  /** true: run it now */
  admits(event: SimEvent): boolean {
    if (!this.#alive) return false;
    if (!this.#paused) return true;
    this.#waiting.push(event);
    return false;
  }
}

/** Virtual time: a binary heap of events, and a shorter way for what happens now. Times are whole microseconds. */
export class EventQueue {
  #heap: SimEvent[] = [];
  #now: SimEvent[] = [];
  #nowHead = 0;
  #sequence = 0;
  #timeUs = 0;
  #run = 0;

  get timeUs(): number {
    return this.#timeUs;
  }

  /** events that have happened */
  get eventsRun(): number {
    return this.#run;
  }

  /** `delayUs` is rounded up; 0: after all that happens now already */
  plan(delayUs: number, life: Life | undefined, action: () => void): SimEvent {
    const event: SimEvent = { timeUs: 0, sequence: 0, action, life };
    this.again(event, delayUs);
    return event;
  }

  /** The same event once more; it must not be planned now. */
  again(event: SimEvent, delayUs: number): void {
    event.sequence = ++this.#sequence;
    if (delayUs <= 0) {
      event.timeUs = this.#timeUs;
      this.#now.push(event);
      return;
    }
    event.timeUs = this.#timeUs + Math.ceil(delayUs);
    this.#push(event);
  }

  /** when the next event is; Infinity: there is none */
  get nextUs(): number {
    if (this.#nowHead < this.#now.length) return this.#timeUs;
    return this.#heap[0]?.timeUs ?? Infinity;
  }

  /** Runs the next event that is not cancelled and up to `untilUs`; false: there is none, and it is `untilUs`. */
  step(untilUs: number): boolean {
    for (;;) {
      const event = this.#take(untilUs);
      if (event === undefined) {
        if (untilUs !== Infinity) this.#timeUs = Math.max(this.#timeUs, untilUs);
        return false;
      }
      const { action, life } = event;
      if (action === undefined || (life !== undefined && !life.admits(event))) continue;
      this.#run++;
      action();
      return true;
    }
  }

  #take(untilUs: number): SimEvent | undefined {
    // what is due in the heap at this time was planned before what happens now
    const first = this.#heap[0];
    if (this.#nowHead < this.#now.length && (first === undefined || first.timeUs > this.#timeUs)) {
      const event = this.#now[this.#nowHead]!;
      if (++this.#nowHead === this.#now.length) {
        this.#now = [];
        this.#nowHead = 0;
      }
      return event;
    }
    if (first === undefined || first.timeUs > untilUs) return undefined;
    this.#timeUs = first.timeUs;
    return this.#pop();
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent]!;
      if (!isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): SimEvent {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: SimEvent, b: SimEvent): boolean =>
  a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.sequence < b.sequence);
