import { describeOperation } from './describe.ts';
import type { History, MemberState, Operation } from './history.ts';
import type { Findings } from './report.ts';

export interface LivenessLimits {
  /** From the end of the last fault to the first answered write that was called after it, in units of Time. */
  readonly recoveryMax: number;
  /** Every operation called later than that after the faults has to be answered within this time; none: not checked. */
  readonly answerMax?: number;
}

/** At the end all members are at the same revision, and those that kept the same history have the same content. */
export function checkConverged(members: readonly MemberState[], findings: Findings): void {
  const [first, ...others] = [...members].sort((a, b) => b.revision - a.revision);
  if (first === undefined) return;
  const name = ({ member, revision, hash }: MemberState): string => `${member}: revision ${revision}, hash ${hash}`;
  const behind = others.filter(({ revision }) => revision !== first.revision);
  if (behind.length > 0) {
    findings.add('Converged', `members did not come to the same revision: ${[first, ...behind].map(name).join('; ')}`);
  }
  for (const [i, a] of members.entries()) {
    for (const b of members.slice(i + 1)) {
      const comparable = a.revision === b.revision && a.compactRevision === b.compactRevision;
      if (comparable && a.hash !== b.hash) {
        findings.add('Converged', `members differ at the same revision: ${name(a)}; ${name(b)}`);
      }
    }
  }
}

/** After the last fault the cluster has to work again, within a bound. */
export function checkLiveness(history: History, limits: LivenessLimits, findings: Findings): void {
  const { faultsEndedAt, operations, endedAt } = history;
  if (faultsEndedAt === undefined) return;
  const due = faultsEndedAt + limits.recoveryMax;
  if (endedAt !== undefined && endedAt < due) return; // it did not run for long enough to say
  const isWrite = ({ request: { kind } }: Operation): boolean => kind === 'put' || kind === 'delete' || kind === 'txn';
  const tried = operations.filter((operation) => operation.call >= faultsEndedAt && isWrite(operation));
  const isAnswered = ({ outcome }: Operation): boolean => outcome.status === 'ok' || outcome.status === 'error';
  const done = tried.some((operation) => isAnswered(operation) && (operation.return ?? Infinity) <= due);
  if (tried.length > 0 && !done) {
    const text = `no write was answered between the end of the faults (${faultsEndedAt}) and ${due}; the first tried:`;
    findings.add('Live', `${text}\n  ${describeOperation(tried[0]!)}`, [tried[0]!.id]);
  }
  if (limits.answerMax === undefined) return;
  for (const operation of operations) {
    const latest = operation.call + limits.answerMax;
    if (operation.call < due || (endedAt !== undefined && latest > endedAt)) continue;
    if (isAnswered(operation) && (operation.return ?? Infinity) <= latest) continue;
    const text = `not answered within ${limits.answerMax}, long after the faults had ended`;
    findings.add('Live', `${text}\n  ${describeOperation(operation)}`, [operation.id]);
  }
}
