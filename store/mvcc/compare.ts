import type { Compare, KeyValue } from './types.ts';

const compareTarget = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;
const noBytes = new Uint8Array(0);

/** what an absent key is compared as */
const absent: KeyValue = { key: noBytes, createRevision: 0, modRevision: 0, version: 0, value: noBytes, lease: 0n };

function sign(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const differences: Readonly<Record<number, (kv: KeyValue, c: Compare) => number>> = {
  [compareTarget.version]: (kv, c) => sign(kv.version, c.version ?? 0),
  [compareTarget.create]: (kv, c) => sign(kv.createRevision, c.createRevision ?? 0),
  [compareTarget.mod]: (kv, c) => sign(kv.modRevision, c.modRevision ?? 0),
  [compareTarget.value]: (kv, c) => Buffer.compare(kv.value, c.value ?? noBytes),
  [compareTarget.lease]: (kv, c) => sign(kv.lease, c.lease ?? 0n),
};

const verdicts: Readonly<Record<number, (difference: number) => boolean>> = {
  0: (d) => d === 0,
  1: (d) => d > 0,
  2: (d) => d < 0,
  3: (d) => d !== 0,
};

function holdsFor(c: Compare, kv: KeyValue): boolean {
  const difference = differences[c.target]?.(kv, c) ?? 0;
  return verdicts[c.result]?.(difference) ?? true;
}

/**
 * A comparison over a range holds when it holds for each key. Of no key at all it is made with zeros, but a comparison
 * of values fails then: an absent value is not an empty one.
 */
export function compareHolds(c: Compare, kvs: readonly KeyValue[]): boolean {
  if (kvs.length === 0) return c.target !== compareTarget.value && holdsFor(c, absent);
  return kvs.every((kv) => holdsFor(c, kv));
}
