/** What deciding needs of a backend. */
export interface BackendHealth {
  /** probes and connections that failed in a row */
  readonly failures: number;
}

/**
 * The order in which to try the backends for connection number `turn`: those without failures first, each group
 * starting one further than the last time, so that connections spread.
 *
 *     failures 0 3 0, turn 1  →  third, first, second
 */
export function chooseBackend<B extends BackendHealth>(backends: readonly B[], turn: number): B[] {
  const rotate = (group: B[]): B[] => {
    const start = group.length === 0 ? 0 : turn % group.length;
    return [...group.slice(start), ...group.slice(0, start)];
  };
  const healthy = rotate(backends.filter((backend) => backend.failures === 0));
  const doubtful = backends.filter((backend) => backend.failures > 0).sort((a, b) => a.failures - b.failures);
  return [...healthy, ...doubtful];
}
