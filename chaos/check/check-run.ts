import { checkHistory } from '../../sim/check/index.ts';
import type { History, MemberState, RevisionRecord, Watch } from '../../sim/check/history.ts';
import type { Violation } from '../../sim/check/index.ts';
import type { Load } from '../load/load.ts';
import { unitsPerSecond } from '../load/recorder.ts';
import type { RunResult } from '../report/run-result.ts';
import { checkKubeHistory } from './check-kube.ts';
import { Projection } from './projection.ts';

/** The search tries orders; revisions tell the order here, so it only confirms short histories. */
const searchOperationsMax = 2000;

export interface CheckedRun {
  readonly violations: readonly Violation[];
  readonly checked: RunResult['checked'];
  /** as it was checked, to be kept where something is wrong */
  readonly history: History;
}

/**
 * Each revision with the time at which somebody knew of it first: what was asked for later cannot have made it. (An
 * answer that shows it counts too, which the checker sees for itself.)
 */
export function withTimes(records: readonly RevisionRecord[], watches: readonly Watch[]): RevisionRecord[] {
  const seen = new Map(records.map(({ revision, time }) => [revision, time ?? Infinity]));
  for (const { time, events = [] } of watches.flatMap(({ responses }) => responses)) {
    for (const { kv } of events) {
      const known = seen.get(kv.modRevision);
      if (known !== undefined && time < known) seen.set(kv.modRevision, time);
    }
  }
  return records.map((record) => ({ ...record, time: seen.get(record.revision) }));
}

/** All checks of what the clients saw. */
export function checkRun(load: Load, members: readonly MemberState[]): CheckedRun {
  const startMs = performance.now();
  const { recorder, truth, kube } = load;
  const projection = new Projection(truth.records.map(({ revision }) => revision));
  const history = projection.history({
    unitsPerSecond,
    operations: recorder.operations,
    watches: recorder.watches,
    revisions: withTimes(truth.records, recorder.watches),
    members,
    endedAt: recorder.now(),
  });
  const { violations, stats } = checkHistory(history, { searchOperationsMax });
  const kubeViolations = checkKubeHistory(kube.history);
  const told = truth.problems.map((text): Violation => ({ checker: 'TruthWatch', text, operations: [] }));
  return {
    violations: [...violations, ...told, ...kubeViolations],
    history,
    checked: {
      operations: stats.operations,
      unknown: stats.unknown,
      revisions: stats.revisions,
      watches: stats.watches,
      watchEvents: stats.watchEvents,
      kubeWrites: kube.writes.length,
      kubeReads: kube.reads.length,
      kubeIncrements: kube.increments.length,
      kubeEvents: kube.watches.reduce((sum, { events }) => sum + events.length, 0),
      kubeGaps: kube.watches.reduce((sum, { gaps }) => sum + gaps.length, 0),
      checkMs: Math.round(performance.now() - startMs),
    },
  };
}
