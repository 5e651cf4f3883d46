import type { Claims } from './by-revision.ts';
import { describeOperation } from './describe.ts';
import { resultDifference } from './difference.ts';
import { evaluate } from './evaluate.ts';
import type { Operation } from './history.ts';
import type { Findings } from './report.ts';
import type { Timeline } from './timeline.ts';

/**
 * Serializable reads may be stale, but not made up: each shows the state at its revision, no later one than had been
 * written, and a member does not go back in time while it runs (operations with a `session`).
 */
export function checkSerializable(
  timeline: Timeline,
  operations: readonly Operation[],
  claims: Claims,
  findings: Findings,
): void {
  const reads = operations.filter(({ request }) => request.kind === 'range' && request.serializable === true);
  const sessions = new Map<string, Operation[]>();
  for (const operation of reads) {
    const { outcome, member, session } = operation;
    if (outcome.status !== 'ok') continue;
    const text = problemOf(timeline, operation, claims);
    if (text !== undefined) findings.add('Serializable', `${text}\n  ${describeOperation(operation)}`, [operation.id]);
    if (session === undefined) continue;
    const name = `${member ?? ''}/${session}`;
    const list = sessions.get(name);
    if (list === undefined) sessions.set(name, [operation]);
    else list.push(operation);
  }
  for (const list of sessions.values()) checkSession(list, findings);
}

const revisionOf = ({ outcome }: Operation): number => (outcome.status === 'ok' ? outcome.response.revision : 0);

function problemOf(timeline: Timeline, operation: Operation, claims: Claims): string | undefined {
  const { outcome, request } = operation;
  if (outcome.status !== 'ok') return undefined;
  const { revision } = outcome.response;
  if (revision < timeline.first || revision > timeline.last) return `read from revision ${revision}, which never was`;
  const effect = evaluate(timeline.view(revision), request);
  if ('error' in effect) return `should be refused as ${effect.error}`;
  const text = resultDifference(effect.result, outcome.response);
  if (text !== undefined) return `wrong answer at revision ${revision}: ${text}`;
  const maker = claims.get(revision);
  if (maker === undefined || maker === 'lease-end' || maker.call <= (operation.return ?? Infinity)) return undefined;
  return `read from the future: revision ${revision} was made by #${maker.id}, called later`;
}

function checkSession(reads: readonly Operation[], findings: Findings): void {
  const byCall = [...reads].sort((a, b) => a.call - b.call);
  const byReturn = [...reads].sort((a, b) => (a.return ?? Infinity) - (b.return ?? Infinity));
  let over = 0;
  let highest: Operation | undefined;
  for (const read of byCall) {
    while (over < byReturn.length && (byReturn[over]!.return ?? Infinity) < read.call) {
      const done = byReturn[over++]!;
      if (highest === undefined || revisionOf(done) > revisionOf(highest)) highest = done;
    }
    if (highest === undefined || revisionOf(highest) <= revisionOf(read)) continue;
    const text = `a member went back in time, from revision ${revisionOf(highest)} to ${revisionOf(read)}`;
    const lines = [highest, read].map((operation) => `  ${describeOperation(operation)}`);
    findings.add('Serializable', [text, ...lines].join('\n'), [highest.id, read.id]);
  }
}
