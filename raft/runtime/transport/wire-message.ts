import type { SnapshotMeta } from '../../core/types.ts';

/** A message as an array of fields by position; a newer version may append some. */
export type WireEntry = [term: number, index: number, type: number, data: Uint8Array];
export type WireMessage = [
  type: number,
  from: string,
  to: string,
  term: number,
  index: number | null,
  logTerm: number | null,
  entries: WireEntry[] | null,
  commit: number | null,
  reject: boolean | null,
  rejectHint: number | null,
  context: string | null,
  snapshot: SnapshotMeta | null,
  commitTerm?: number | null,
];

type Check = (value: unknown) => boolean;
const optional =
  (check: Check): Check =>
  (value) =>
    value == null || check(value);

const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === 'string';
const isIds: Check = (value) => Array.isArray(value) && value.every(isText);

const isEntry: Check = (value) =>
  Array.isArray(value) && isCount(value[0]) && isCount(value[1]) && isCount(value[2]) && value[3] instanceof Uint8Array;

/** without a gap: each follows the one before it */
const isEntries: Check = (value) =>
  Array.isArray(value) &&
  value.every(isEntry) &&
  (value as WireEntry[]).every(
    ([, index], i) => i === 0 || index === 0 || index === (value as WireEntry[])[i - 1]![1] + 1,
  );

function isSnapshot(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { index, term, confState } = value as Partial<SnapshotMeta>;
  const { voters, votersOutgoing, learners, learnersNext } = confState ?? {};
  return isCount(index) && isCount(term) && [voters, votersOutgoing, learners, learnersNext].every(isIds);
}

const fields: readonly (readonly [name: string, check: Check])[] = [
  ['type', isCount],
  ['from', isText],
  ['to', isText],
  ['term', isCount],
  ['index', optional(isCount)],
  ['logTerm', optional(isCount)],
  ['entries', optional(isEntries)],
  ['commit', optional(isCount)],
  ['reject', optional((value) => typeof value === 'boolean')],
  ['rejectHint', optional(isCount)],
  ['context', optional(isText)],
  ['snapshot', optional(isSnapshot)],
  ['commitTerm', optional(isCount)],
];

/** Throws RangeError: the core trusts its messages to be well-formed, so what is not must not reach it. */
export function checkWireMessage(wire: unknown): asserts wire is WireMessage {
  if (!Array.isArray(wire)) throw new RangeError('a peer sent something else than a message');
  for (const [i, [name, check]] of fields.entries()) {
    if (!check(wire[i])) throw new RangeError(`a peer sent a message whose ${name} cannot be`);
  }
}
