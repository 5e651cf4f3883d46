import type { Entry } from './types.ts';

/** What an entry costs beside its payload, on the wire and in memory; keeps floods of empty entries bounded. */
const entryOverheadBytes = 24;

export const entryBytes = (entry: Entry): number => entry.data.length + entryOverheadBytes;

export const emptyData = new Uint8Array(0);

/** Payload only: what a bound on the uncommitted tail counts, so that the empty entry of a new leader is free. */
export function payloadBytes(entries: readonly Entry[]): number {
  let sum = 0;
  for (const entry of entries) sum += entry.data.length;
  return sum;
}

export function totalBytes(entries: readonly Entry[]): number {
  let sum = 0;
  for (const entry of entries) sum += entryBytes(entry);
  return sum;
}

/** The longest prefix within `maxBytes`; never empty unless `entries` is. */
export function limitBytes(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let sum = 0;
  for (let i = 0; i < entries.length; i++) {
    sum += entryBytes(entries[i]!);
    if (i > 0 && sum > maxBytes) return entries.slice(0, i);
  }
  return entries;
}
