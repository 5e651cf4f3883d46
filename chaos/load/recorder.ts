import type { Operation, Outcome, Request, Watch, WatchRequest, WatchResponse } from '../../sim/check/history.ts';

/** Microseconds in a second: the unit of all times of a recorded history. */
export const unitsPerSecond = 1_000_000;

export interface RunningWatch {
  add(response: Omit<WatchResponse, 'time'>): void;
  close(): void;
  readonly id: number;
}

/** What all clients saw, in the order in which it was known, on one monotonic clock. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly watches: Watch[] = [];
  readonly #startMs = performance.now();
  #ids = 0;

  now(): number {
    return Math.round((performance.now() - this.#startMs) * 1000);
  }

  /** The returned function is called once, with the outcome. */
  begin(client: number, member: string, session: number, request: Request): (outcome: Outcome) => void {
    const id = ++this.#ids;
    const call = this.now();
    return (outcome) => {
      const end = outcome.status === 'unknown' ? {} : { return: this.now() };
      this.operations.push({ id, client, member, session, call, ...end, request, outcome });
    };
  }

  watch(client: number, member: string, request: WatchRequest, resumes?: number): RunningWatch {
    const id = ++this.#ids;
    const responses: WatchResponse[] = [];
    const watch: { -readonly [K in keyof Watch]: Watch[K] } = {
      id,
      client,
      member,
      request,
      opened: this.now(),
      ...(resumes !== undefined && { resumes }),
      responses,
    };
    this.watches.push(watch);
    return {
      id,
      add: (response) => {
        if (watch.closed === undefined) responses.push({ time: this.now(), ...response });
      },
      close: () => {
        watch.closed ??= this.now();
      },
    };
  }
}
