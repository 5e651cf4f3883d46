import type { Random } from '../../base/random.ts';
import { noLease } from '../../sim/check/history.ts';
import type { Compare, Key, LeaseName, Request, TxnRequest } from '../../sim/check/history.ts';

/** All of the load's keys begin with it: only they are in the history. */
export const prefix = 'chaos/';
export const prefixEnd = 'chaos0';
const keyCount = 24;

/** What a client remembers, to ask for what makes sense. */
export interface Memory {
  readonly client: number;
  /** of its last answer */
  revision: number;
  readonly seen: Map<Key, { readonly value: string; readonly modRevision: number; readonly version: number }>;
  lease: LeaseName;
  writes: number;
}

export const newMemory = (client: number): Memory => ({
  client,
  revision: 0,
  seen: new Map(),
  lease: noLease,
  writes: 0,
});

const keyOf = (random: Random): Key => `${prefix}k${String(random.below(keyCount)).padStart(2, '0')}`;
/** never twice in a run: a value tells who wrote it */
const newValue = (memory: Memory): string => `c${memory.client}-${++memory.writes}`;

function drawCompare(random: Random, memory: Memory, key: Key): Compare {
  const seen = memory.seen.get(key);
  if (seen === undefined) return { key, target: 'version', result: random.below(2) === 0 ? '=' : '>', operand: 0 };
  const choices: Compare[] = [
    { key, target: 'mod', result: '=', operand: seen.modRevision },
    { key, target: 'value', result: '=', operand: seen.value },
    { key, target: 'version', result: random.below(2) === 0 ? '<' : '>', operand: seen.version },
    { key, target: 'create', result: '!=', operand: 0 },
  ];
  return choices[random.below(choices.length)]!;
}

function drawTxn(random: Random, memory: Memory): TxnRequest {
  const [a, b] = [keyOf(random), keyOf(random)];
  const put = { kind: 'put', key: a, value: newValue(memory), prevKv: random.below(3) === 0 } as const;
  const second = random.below(3);
  return {
    kind: 'txn',
    compare: [drawCompare(random, memory, a)],
    success: [
      { kind: 'range', key: a },
      put,
      ...(second === 0 && b !== a ? [{ kind: 'put', key: b, value: newValue(memory) } as const] : []),
      ...(second === 1 && b !== a ? [{ kind: 'delete', key: b } as const] : []),
    ],
    failure: [{ kind: 'range', key: prefix, rangeEnd: prefixEnd, limit: 5 }],
  };
}

function drawRange(random: Random, memory: Memory): Request {
  const past = memory.revision > 40 && random.below(4) === 0 ? memory.revision - random.below(20) : 0;
  return {
    kind: 'range',
    key: prefix,
    rangeEnd: prefixEnd,
    ...(random.below(3) === 0 && { limit: 1 + random.below(8) }),
    ...(random.below(5) === 0 && { countOnly: true }),
    ...(random.below(5) === 0 && { keysOnly: true }),
    ...(past > 0 ? { revision: past } : random.below(3) === 0 && { serializable: true }),
  };
}

function drawLease(random: Random, memory: Memory): Request {
  const { lease } = memory;
  if (lease === noLease || random.below(8) === 0) {
    const name = String(1 + memory.client * 1_000_000_000 + random.below(1_000_000_000));
    return { kind: 'lease-grant', lease: name, ttlSeconds: 2 + random.below(6) };
  }
  const kind = random.below(4) === 0 ? 'lease-revoke' : 'lease-keep-alive';
  return { kind, lease };
}

type Draw = (random: Random, memory: Memory) => Request;
const mix: readonly (readonly [weight: number, draw: Draw])[] = [
  [30, (random, memory) => ({ kind: 'put', key: keyOf(random), value: newValue(memory) })],
  [4, (random, memory) => ({ kind: 'put', key: keyOf(random), value: newValue(memory), prevKv: true })],
  [6, (random, memory) => ({ kind: 'put', key: keyOf(random), value: newValue(memory), lease: memory.lease })],
  [18, (random) => ({ kind: 'range', key: keyOf(random) })],
  [5, (random) => ({ kind: 'range', key: keyOf(random), serializable: true })],
  [8, drawRange],
  [16, drawTxn],
  [6, (random) => ({ kind: 'delete', key: keyOf(random), prevKv: random.below(2) === 0 })],
  [1, () => ({ kind: 'delete', key: `${prefix}k0`, rangeEnd: `${prefix}k1` })],
  [6, drawLease],
];
const weights = mix.reduce((sum, [weight]) => sum + weight, 0);

export function drawRequest(random: Random, memory: Memory): Request {
  let left = random.below(weights);
  for (const [weight, draw] of mix) {
    left -= weight;
    if (left < 0) return draw(random, memory);
  }
  return { kind: 'range', key: prefix, rangeEnd: prefixEnd };
}
