import { noLease } from './history.ts';
import type { DeleteResult, Event, Kv, RangeResult, Response, Result, TxnStepResult } from './history.ts';
import { describeEvent, describeEvents, describeKv } from './describe.ts';

export function sameKv(a: Kv | undefined, b: Kv | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.key === b.key &&
    a.value === b.value &&
    a.createRevision === b.createRevision &&
    a.modRevision === b.modRevision &&
    a.version === b.version &&
    (a.lease || noLease) === (b.lease || noLease)
  );
}

/** Without prevKv: a watch need not ask for it. */
export const sameEvent = (a: Event, b: Event): boolean => a.type === b.type && sameKv(a.kv, b.kv);

/** The order within a revision counts too: members apply a transaction's steps one after another. */
export function eventsDifference(expected: readonly Event[], found: readonly Event[]): string | undefined {
  if (expected.length === found.length && expected.every((event, i) => sameEvent(event, found[i]!))) return undefined;
  const at = expected.findIndex((event, i) => found[i] === undefined || !sameEvent(event, found[i]));
  const [should, is] = [expected[at], found[at]];
  if (should !== undefined && is !== undefined && describeEvent(should) === describeEvent(is)) {
    return `should be ${describeKv(should.kv)}, is ${describeKv(is.kv)}`;
  }
  return `should be ${describeEvents(expected)}, is ${describeEvents(found)}`;
}

function kvsDifference(expected: readonly Kv[], found: readonly Kv[]): string | undefined {
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    if (!sameKv(expected[i], found[i])) return `should have ${describeKv(expected[i])}, has ${describeKv(found[i])}`;
  }
  return undefined;
}

function rangeDifference(expected: RangeResult, found: RangeResult): string | undefined {
  const kvs = kvsDifference(expected.kvs, found.kvs);
  if (kvs !== undefined) return kvs;
  if (expected.count !== found.count) return `should count ${expected.count} keys, counts ${found.count}`;
  if (found.more !== undefined && found.more !== expected.more) {
    return `should say more=${expected.more}, says ${found.more}`;
  }
  return undefined;
}

function deleteDifference(expected: DeleteResult, found: DeleteResult): string | undefined {
  if (expected.deleted !== found.deleted) return `should have deleted ${expected.deleted}, says ${found.deleted}`;
  return kvsDifference(expected.prevKvs ?? [], found.prevKvs ?? []);
}

function stepsDifference(expected: readonly TxnStepResult[], found: readonly TxnStepResult[]): string | undefined {
  if (expected.length !== found.length) return `should have ${expected.length} step results, has ${found.length}`;
  for (const [i, should] of expected.entries()) {
    const text = resultDifference(should, found[i]!);
    if (text !== undefined) return `step ${i + 1}: ${text}`;
  }
  return undefined;
}

/** What is wrong with a result, in words; undefined where nothing is. */
export function resultDifference(expected: Result, found: Result | Response): string | undefined {
  if (expected.kind === 'put' && found.kind === 'put') {
    if (sameKv(expected.prevKv, found.prevKv)) return undefined;
    return `prevKv should be ${describeKv(expected.prevKv)}, is ${describeKv(found.prevKv)}`;
  }
  if (expected.kind === 'range' && found.kind === 'range') return rangeDifference(expected, found);
  if (expected.kind === 'delete' && found.kind === 'delete') return deleteDifference(expected, found);
  if (expected.kind === 'txn' && found.kind === 'txn') {
    if (expected.succeeded === found.succeeded) return stepsDifference(expected.responses, found.responses);
    return `should have ${expected.succeeded ? 'succeeded' : 'taken the else branch'}, says ${found.succeeded}`;
  }
  if (expected.kind === 'lease-grant' && found.kind === 'lease-grant') {
    const granted = expected.lease === noLease || expected.lease === found.lease;
    return granted ? undefined : `should grant lease ${expected.lease}, grants ${found.lease}`;
  }
  // the remaining time of a lease depends on clocks: that it exists or not is looked at where time is known
  return expected.kind === found.kind ? undefined : `should answer a ${expected.kind}, answers a ${found.kind}`;
}
