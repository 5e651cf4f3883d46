import type { Outcome, StateError } from '../../sim/check/history.ts';

/** Texts by which the store says something about its state. */
const stateErrors: Readonly<Record<string, StateError>> = {
  'etcdserver: mvcc: required revision has been compacted': 'compacted',
  'etcdserver: mvcc: required revision is a future revision': 'future-revision',
  'etcdserver: requested lease not found': 'lease-not-found',
  'etcdserver: lease already exists': 'lease-exists',
  'etcdserver: key not found': 'key-not-found',
};

/** Refused before anything was proposed, or never sent at all. */
const neverApplied = [/^No connection established/, /^etcdserver: too many requests/, /ECONNREFUSED/];

/** What an error of a call says of the operation. What is not known to be harmless is unknown. */
export function outcomeOfError(error: unknown): Outcome {
  const { details, message = String(error) } = error as { details?: string; message?: string };
  const reason = details ?? message;
  const known = stateErrors[reason];
  // the servers compact by themselves, which the history does not hold: it says nothing that could be checked
  if (known === 'compacted') return { status: 'failed', reason };
  if (known !== undefined) return { status: 'error', error: known };
  return { status: neverApplied.some((pattern) => pattern.test(reason)) ? 'failed' : 'unknown', reason };
}
