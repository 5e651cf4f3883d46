const multiply = Math.imul;

/** FNV-1a over bytes, continued from `hash` */
function overBytes(hash: number, bytes: Uint8Array): number {
  let h = multiply(hash ^ bytes.length, 0x01000193);
  for (let i = 0; i < bytes.length; i++) h = multiply(h ^ bytes[i]!, 0x01000193);
  return h;
}

function overNumber(hash: number, value: number): number {
  const h = multiply(hash ^ (value >>> 0), 0x01000193);
  return multiply(h ^ Math.floor(value / 4294967296), 0x01000193);
}

/**
 * 32 bits of all that defines a value. The hash of a store is the sum of those of its values, so it is kept up to date
 * as values come and go, and the hash at an earlier revision follows by taking away what came later.
 */
export function recordHash(
  key: Uint8Array,
  value: Uint8Array,
  modRevision: number,
  sub: number,
  createRevision: number,
  version: number,
  lease: bigint,
): number {
  let h = overBytes(0x811c9dc5, key);
  h = overBytes(h, value);
  h = overNumber(h, modRevision);
  h = overNumber(h, sub);
  h = overNumber(h, createRevision);
  h = overNumber(h, version);
  if (lease !== 0n) h = overNumber(h, Number(BigInt.asUintN(48, lease)));
  // FNV's low bits are weak; sums need good ones
  h ^= h >>> 16;
  h = multiply(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = multiply(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
