/** All checks of a client history. Pure: the same history gives the same report. */
import { ByRevision, deriveRevisions } from './by-revision.ts';
import type { Claims } from './by-revision.ts';
import { checkConverged, checkLiveness } from './converged.ts';
import type { LivenessLimits } from './converged.ts';
import { describeModelOperation, EtcdModel, stateAfter, timedOperations } from './etcd-model.ts';
import type { History } from './history.ts';
import { checkLeaseLives } from './lease-lives.ts';
import { LeaseTimes } from './lease-times.ts';
import { checkLinearizability } from './linearizability.ts';
import { Findings } from './report.ts';
import type { Violation } from './report.ts';
import { Refusals } from './refusals.ts';
import { checkSerializable } from './serializable.ts';
import { Timeline } from './timeline.ts';
import { checkWatches } from './watch.ts';
import type { WatchOptions } from './watch.ts';

export type { History, Operation, RevisionRecord, Watch, WatchResponse } from './history.ts';
export type { Violation } from './report.ts';

export interface CheckOptions {
  /**
   * The search is asked too, for histories of up to so many operations; 0: never. Where revisions alone cannot tell, it
   * is asked for ten times as many.
   */
  readonly searchOperationsMax?: number;
  /** Steps of the search; it gives up beyond them. */
  readonly searchStepsMax?: number;
  /** None: not checked. */
  readonly liveness?: LivenessLimits;
  readonly watches?: WatchOptions;
}
const searchOperationsMaxDefault = 2_000;
const searchStepsMaxDefault = 200_000;

export interface CheckStats {
  readonly operations: number;
  readonly answered: number;
  readonly unknown: number;
  readonly watches: number;
  readonly watchEvents: number;
  readonly revisions: number;
  /** Whether revisions told the order, and what the search said: `skipped` and `undecided` are no violations. */
  readonly byRevision: 'checked' | 'undecided';
  readonly search: 'ok' | 'violation' | 'undecided' | 'skipped';
  readonly searchSteps: number;
}

export interface Report {
  readonly violations: readonly Violation[];
  readonly stats: CheckStats;
}

/**
 * Checks everything that the history has the material for. Without `revisions` they are worked out from the
 * acknowledged writes; where unanswered ones made some of them, only the search and the checks that need no true
 * history are left, and `stats.byRevision` says so; so do watches that tell of later revisions go unchecked.
 */
export function checkHistory(history: History, options: CheckOptions = {}): Report {
  const findings = new Findings();
  const timeline = new Timeline(history.initial);
  const known = fill(timeline, history, findings);
  const leases = new LeaseTimes(history);
  let claims: Claims = new Map();
  if (known) claims = new ByRevision(timeline, history.operations, findings).check(history.operations, leases);
  new Refusals(history, leases, findings).check(history.operations);
  const search = runSearch(history, options, findings, known);
  if (known) {
    checkLeaseLives(history, timeline, findings);
    checkSerializable(timeline, history.operations, claims, findings);
    if (toldOf(history) <= timeline.last || history.revisions !== undefined) {
      checkWatches(history, timeline, claims, findings, options.watches);
    }
  }
  checkConverged(history.members ?? [], findings);
  if (options.liveness !== undefined) checkLiveness(history, options.liveness, findings);
  return {
    violations: findings.violations,
    stats: { ...countsOf(history, timeline), ...search, byRevision: known ? 'checked' : 'undecided' },
  };
}

function fill(timeline: Timeline, history: History, findings: Findings): boolean {
  if (history.revisions === undefined) return deriveRevisions(timeline, history);
  for (const record of history.revisions) {
    for (const problem of timeline.append(record)) findings.add('History', problem);
  }
  return true;
}

/** The highest revision that a watch tells of: an unanswered write may have made it, so that no answer does. */
const toldOf = ({ watches = [] }: History): number =>
  watches.flatMap(({ responses }) => responses).reduce((high, { revision }) => Math.max(high, revision), 0);

/** Its word counts only where nothing else found anything: the others say more exactly what is wrong. */
function runSearch(
  history: History,
  options: CheckOptions,
  findings: Findings,
  known: boolean,
): Pick<CheckStats, 'search' | 'searchSteps'> {
  const most = (options.searchOperationsMax ?? searchOperationsMaxDefault) * (known ? 1 : 10);
  if (history.operations.length > most || findings.count > 0) return { search: 'skipped', searchSteps: 0 };
  const model = new EtcdModel(history);
  const stepsMax = options.searchStepsMax ?? searchStepsMaxDefault;
  const verdict = checkLinearizability(model, timedOperations(history), { stepsMax });
  if (verdict.verdict !== 'violation') {
    return { search: verdict.verdict === 'ok' ? 'ok' : 'undecided', searchSteps: verdict.steps };
  }
  const shownMax = 8;
  const state = stateAfter(model, verdict.linearized);
  const before = verdict.linearized.slice(-shownMax).map((op) => `  ${describeModelOperation(op)}`);
  const stuck = verdict.stuck.map(
    (op) => `  ${describeModelOperation(op)}: ${model.explain(state, op) ?? 'no way on'}`,
  );
  const text = [
    `no order of the operations explains the answers; the longest has ${verdict.linearized.length}, the last of them:`,
    ...before,
    `then the store is at revision ${state.revision}, and one of these has to follow:`,
    ...stuck,
  ].join('\n');
  findings.add(
    'Linearizable',
    text,
    verdict.stuck.map(({ id }) => id).filter((id) => id > 0),
  );
  return { search: 'violation', searchSteps: verdict.steps };
}

function countsOf(history: History, timeline: Timeline): Omit<CheckStats, 'search' | 'searchSteps' | 'byRevision'> {
  const { operations, watches = [] } = history;
  const responses = watches.flatMap((watch) => watch.responses);
  return {
    operations: operations.length,
    answered: operations.filter(({ outcome: { status } }) => status === 'ok' || status === 'error').length,
    unknown: operations.filter(({ outcome: { status } }) => status === 'unknown').length,
    watches: watches.length,
    watchEvents: responses.reduce((sum, { events = [] }) => sum + events.length, 0),
    revisions: timeline.last - timeline.first,
  };
}
