/** https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export const servingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const;
export type ServingStatus = (typeof servingStatus)[keyof typeof servingStatus];

/** Whether each service serves, and who wants to know when that changes. As etcd, '' (all of them) is the only one. */
export class ServingStatuses {
  readonly #byService = new Map<string, ServingStatus>([['', servingStatus.serving]]);
  readonly #listeners = new Set<() => void>();

  get(service: string): ServingStatus | undefined {
    return this.#byService.get(service);
  }

  all(): ReadonlyMap<string, ServingStatus> {
    return this.#byService;
  }

  /** before the member stops: clients that watch go elsewhere */
  stopServing(): void {
    for (const service of this.#byService.keys()) this.#byService.set(service, servingStatus.notServing);
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each change; returns its end. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
