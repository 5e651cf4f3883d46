import type { Probe } from '../../api/types/core-v1.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';
export const probeKinds: readonly ProbeKind[] = ['startup', 'liveness', 'readiness'];

/** Counts the same outcomes in a row; `ok` turns when there are enough of them. */
export interface ProbeState {
  readonly ok: boolean;
  readonly last: boolean | undefined;
  readonly inARow: number;
}

/** Before the first probe a container counts as alive, and neither as started nor as ready. */
export const initialProbeState = (kind: ProbeKind): ProbeState => ({
  ok: kind === 'liveness',
  last: undefined,
  inARow: 0,
});

export function afterProbe(state: ProbeState, probe: Probe, success: boolean): ProbeState {
  const inARow = state.last === success ? state.inARow + 1 : 1;
  const needed = success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { ok: inARow >= needed ? success : state.ok, last: success, inARow };
}

/** A startup probe that used up its failures: the container is killed. */
export const startupFailed = (state: ProbeState, probe: Probe): boolean =>
  !state.ok && state.last === false && state.inARow >= (probe.failureThreshold ?? 3);
