import type { PutRequest, RangeRequest, RequestOp, TxnRequest } from '../../proto/etcd-types.ts';
import { keyName } from '../mvcc/key-name.ts';
import { etcdError } from './errors.ts';

const sortOrderMax = 2;
const sortTargetMax = 4;

export function checkRange(r: RangeRequest): void {
  if (r.key.length === 0) throw etcdError('empty-key');
  const known = r.sortOrder >= 0 && r.sortOrder <= sortOrderMax && r.sortTarget >= 0 && r.sortTarget <= sortTargetMax;
  if (!known) throw etcdError('invalid-sort-option');
}

export function checkPut(p: PutRequest): void {
  if (p.key.length === 0) throw etcdError('empty-key');
  if (p.ignoreValue && p.value.length > 0) throw etcdError('value-provided');
  if (p.ignoreLease && p.lease !== 0n) throw etcdError('lease-provided');
}

export function checkDelete(d: { key: Uint8Array }): void {
  if (d.key.length === 0) throw etcdError('empty-key');
}

/** Each level of nesting takes from the operations that are left for those below it. */
export function checkTxn(t: TxnRequest, maxOps: number): void {
  checkShape(t, maxOps);
  checkOverlaps(t.success);
  checkOverlaps(t.failure);
}

function checkShape(t: TxnRequest, maxOps: number): void {
  const ops = Math.max(t.compare.length, t.success.length, t.failure.length);
  if (ops > maxOps) throw etcdError('too-many-ops');
  for (const c of t.compare) if (c.key.length === 0) throw etcdError('empty-key');
  for (const op of t.success) checkOp(op, maxOps - ops);
  for (const op of t.failure) checkOp(op, maxOps - ops);
}

function checkOp(op: RequestOp, maxOps: number): void {
  if (op.requestRange) checkRange(op.requestRange);
  else if (op.requestPut) checkPut(op.requestPut);
  else if (op.requestDeleteRange) checkDelete(op.requestDeleteRange);
  else if (op.requestTxn) checkShape(op.requestTxn, maxOps);
  // an operation without content
  else throw etcdError('key-not-found');
}

/** [start, end); end undefined: no bound */
interface Interval {
  readonly start: string;
  readonly end: string | undefined;
}

function intervalOf({ key, rangeEnd }: { key: Uint8Array; rangeEnd: Uint8Array }): Interval {
  const start = keyName(key);
  if (rangeEnd.length === 0) return { start, end: `${start}\0` };
  return { start, end: rangeEnd.length === 1 && rangeEnd[0] === 0 ? undefined : keyName(rangeEnd) };
}

interface Touched {
  readonly puts: Set<string>;
  readonly deletes: Interval[];
}

function addPut(touched: Touched, key: string, except?: ReadonlySet<string>): void {
  const twice = touched.puts.has(key) && !except?.has(key);
  const deleted = touched.deletes.some(({ start, end }) => key >= start && (end === undefined || key < end));
  if (twice || deleted) throw etcdError('duplicate-key');
  touched.puts.add(key);
}

/** No key may be put twice, or put and deleted. The two branches of a nested transaction exclude each other. */
function checkOverlaps(ops: readonly RequestOp[]): Touched {
  const touched: Touched = { puts: new Set(), deletes: [] };
  for (const op of ops) if (op.requestDeleteRange) touched.deletes.push(intervalOf(op.requestDeleteRange));
  for (const { requestTxn } of ops) {
    if (!requestTxn) continue;
    const success = checkOverlaps(requestTxn.success);
    const failure = checkOverlaps(requestTxn.failure);
    for (const key of success.puts) addPut(touched, key);
    for (const key of failure.puts) addPut(touched, key, success.puts);
    touched.deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const op of ops) if (op.requestPut) addPut(touched, keyName(op.requestPut.key));
  return touched;
}
