import { textOf } from './wire.ts';
import type { Sorting, WireKv } from './wire.ts';

const fields: readonly ((kv: WireKv) => string | number)[] = [
  (kv) => textOf(kv.key),
  (kv) => kv.version,
  (kv) => kv.createRevision,
  (kv) => kv.modRevision,
  (kv) => textOf(kv.value),
];
const descending = 2;

/** Whether an answer has the order that was asked for. */
export function isSorted(kvs: readonly WireKv[], { sortOrder, sortTarget }: Sorting): boolean {
  const field = fields[sortTarget]!;
  return kvs.every((kv, i) => {
    if (i === 0) return true;
    const [before, now] = [field(kvs[i - 1]!), field(kv)];
    return sortOrder === descending ? before >= now : before <= now;
  });
}
