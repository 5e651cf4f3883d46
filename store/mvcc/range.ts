import type { KeyIndex } from './key-index.ts';
import { keyName, keyRange } from './key-name.ts';
import { noKey } from './key-table.ts';
import type { KeyId } from './key-table.ts';
import { noPosition } from './record-log.ts';
import type { Position, RecordLog } from './record-log.ts';
import type { KeyValue, RangeRequest, RangeResult } from './types.ts';

const noBytes = new Uint8Array(0);

const sortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;
const sortOrder = { none: 0, ascend: 1, descend: 2 } as const;

type Order = (a: KeyValue, b: KeyValue) => number;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const orders: Readonly<Record<number, Order>> = {
  [sortTarget.key]: (a, b) => compareText(keyName(a.key), keyName(b.key)),
  [sortTarget.version]: (a, b) => a.version - b.version,
  [sortTarget.create]: (a, b) => a.createRevision - b.createRevision,
  [sortTarget.mod]: (a, b) => a.modRevision - b.modRevision,
  [sortTarget.value]: (a, b) => compareText(keyName(a.value), keyName(b.value)),
};

const hasFilters = (r: RangeRequest): boolean =>
  (r.minModRevision ?? 0) !== 0 ||
  (r.maxModRevision ?? 0) !== 0 ||
  (r.minCreateRevision ?? 0) !== 0 ||
  (r.maxCreateRevision ?? 0) !== 0;

/** a target other than the key sorts ascending unless told otherwise; keys are in ascending order anyway */
function orderOf(r: RangeRequest): Order | undefined {
  const target = r.sortTarget ?? sortTarget.key;
  const wanted = r.sortOrder ?? sortOrder.none;
  if (target === sortTarget.key && wanted !== sortOrder.descend) return undefined;
  const order = orders[target];
  if (order === undefined) return undefined;
  return wanted === sortOrder.descend ? (a, b) => order(b, a) : order;
}

/** As etcd: where no order is asked for, only the first keys, and one more, are sorted by the target. */
const limitBeforeSort = (r: RangeRequest, filtered: boolean, limit: number): number =>
  filtered || (r.sortOrder ?? sortOrder.none) !== sortOrder.none ? Infinity : limit + 1;

function passes(r: RangeRequest, kv: KeyValue): boolean {
  if (r.maxModRevision && kv.modRevision > r.maxModRevision) return false;
  if (r.minModRevision && kv.modRevision < r.minModRevision) return false;
  if (r.maxCreateRevision && kv.createRevision > r.maxCreateRevision) return false;
  return !(r.minCreateRevision && kv.createRevision < r.minCreateRevision);
}

/** `current`: nothing newer than `revision` exists, so that counts need no look at each key */
export interface ReadPoint {
  readonly revision: number;
  readonly current: boolean;
}

/** What is read: which keys there are, and what they hold. */
export interface Readable {
  readonly index: KeyIndex;
  readonly log: RecordLog;
}

/** Where the values of [start, end) as of `at` are, up to `limit`; and how many there are in all (`counted`; else how many were found). */
export function collect(
  index: KeyIndex,
  bounds: ReturnType<typeof keyRange>,
  at: ReadPoint,
  limit: number,
  counted = true,
): { positions: Position[]; count: number } {
  const { current, revision } = at;
  const find = (id: KeyId): Position => (current ? index.latest(id) : index.positionAt(id, revision));
  if (bounds.single) {
    const id = index.find(bounds.start);
    const position = id === noKey ? noPosition : find(id);
    if (position === noPosition) return { positions: [], count: 0 };
    return { positions: limit === 0 ? [] : [position], count: 1 };
  }
  const positions: Position[] = [];
  let count = 0;
  if (limit > 0 || !at.current) {
    index.visit(bounds.start, bounds.end, (id) => {
      const position = find(id);
      if (position === noPosition) return true;
      count++;
      if (positions.length < limit) positions.push(position);
      return (counted && !current) || positions.length < limit;
    });
  }
  const all = counted && current && positions.length === limit;
  return { positions, count: all ? index.countLive(bounds.start, bounds.end) : count };
}

/**
 * etcd's Range. `count` is of all keys in the range, whatever the limit and the filters; `more` says that the limit
 * cut something off. The limit counts after filtering and sorting.
 */
export function readRange({ index, log }: Readable, r: RangeRequest, at: ReadPoint, headRevision: number): RangeResult {
  const bounds = keyRange(r.key, r.rangeEnd);
  const header = { revision: headRevision };
  if (r.countOnly) return { header, kvs: [], more: false, count: collect(index, bounds, at, 0).count };
  const limit = r.limit !== undefined && r.limit > 0 ? r.limit : Infinity;
  const order = orderOf(r);
  const filtered = hasFilters(r);
  const simple = order === undefined && !filtered;
  const oneMore = r.uncounted === true && simple;
  const wanted = simple ? limit + Number(oneMore) : limitBeforeSort(r, filtered, limit);
  const { positions, count } = collect(index, bounds, at, wanted, !oneMore);
  let kvs: KeyValue[] = positions.map((position) => log.read(position));
  if (filtered) kvs = kvs.filter((kv) => passes(r, kv));
  if (order !== undefined) kvs = kvs.sort(order);
  const more = simple && !oneMore ? count > kvs.length : kvs.length > limit;
  if (kvs.length > limit) kvs = kvs.slice(0, limit);
  if (r.keysOnly) kvs = kvs.map((kv) => ({ ...kv, value: noBytes }));
  return { header, kvs, more, count };
}
