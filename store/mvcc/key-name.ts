/**
 * Keys are bytes; the index holds them as strings with one character a byte (latin-1), which compare in the same order
 * as the bytes do, and fast.
 */
export type KeyName = string;

export const keyName = (key: Uint8Array): KeyName =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');

export const keyBytes = (name: KeyName): Uint8Array => {
  const bytes = new Uint8Array(name.length);
  for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i);
  return bytes;
};

/** [start, end); `end` undefined: no upper bound; `single`: `start` alone */
export interface KeyRange {
  readonly start: KeyName;
  readonly end: KeyName | undefined;
  readonly single: boolean;
}

/** etcd's meaning of key and range_end. */
export function keyRange(key: Uint8Array, rangeEnd: Uint8Array | undefined): KeyRange {
  const start = keyName(key);
  if (rangeEnd === undefined || rangeEnd.length === 0) return { start, end: undefined, single: true };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { start, end: undefined, single: false };
  return { start, end: keyName(rangeEnd), single: false };
}

export const inRange = (range: KeyRange, name: KeyName): boolean =>
  range.single ? name === range.start : name >= range.start && (range.end === undefined || name < range.end);
