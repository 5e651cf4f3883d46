import { randomBytes, randomInt } from 'node:crypto';

/** A source of randomness, injected wherever chance decides. */
export interface Random {
  /** in [0, 1) */
  next(): number;
  /** an integer in [0, bound) */
  below(bound: number): number;
}

export const systemRandom: Random = {
  next: () => Math.random(),
  below: (bound) => Math.floor(Math.random() * bound),
};

/** The same numbers for the same seed (mulberry32), for tests and simulation. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}

/** Identities may not repeat, so the system's come from the kernel. */
const id64From = (random: Random): bigint =>
  random === systemRandom
    ? randomBytes(8).readBigUInt64BE()
    : (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));

/** A random 64-bit identity, never 0. */
export function randomId64(random: Random = systemRandom): bigint {
  return id64From(random) || 1n;
}

/** Of letters of the alphabet, for what nobody may guess. */
export function randomSecret(length: number, alphabet: string, random: Random = systemRandom): string {
  const below = random === systemRandom ? randomInt : (bound: number): number => random.below(bound);
  let out = '';
  for (let i = 0; i < length; i++) out += alphabet[below(alphabet.length)];
  return out;
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** The letters Kubernetes uses for generated names (no vowels, nothing that looks like another). */
export function nameSuffix(length: number, random: Random = systemRandom): string {
  let out = '';
  for (let i = 0; i < length; i++) out += suffixAlphabet[random.below(suffixAlphabet.length)];
  return out;
}
