/** One call of the load, for availability and throughput. Times in milliseconds since the run began. */
export interface Done {
  readonly startMs: number;
  readonly endMs: number;
  readonly ok: boolean;
  readonly write: boolean;
}

export type ApiName = 'etcd' | 'kubernetes';

/** What the load got done, by API. */
export class Activity {
  readonly done: Readonly<Record<ApiName, Done[]>> = { etcd: [], kubernetes: [] };
  readonly errors = new Map<string, number>();
  #startMs = performance.now();

  /** Time counts from now on. */
  begin(): void {
    this.#startMs = performance.now();
  }

  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  add(api: ApiName, startMs: number, ok: boolean, write: boolean): void {
    this.done[api].push({ startMs, endMs: this.nowMs(), ok, write });
  }

  /** Errors by text, so that a report can say what clients were told. */
  error(api: ApiName, reason: string): void {
    const text = reason
      .replace(/\d+\.\d+\.\d+\.\d+:\d+/g, 'ADDRESS')
      .replace(/^(Deadline exceeded).*/, '$1')
      .replace(/ Resolution note:.*/, '');
    const key = `${api}: ${text.slice(0, 120)}`;
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1);
  }
}
