import { seededRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';

/** FNV-1a and a final mix: near seeds and names give streams that have nothing in common. */
function mixed(seed: number, name: string): number {
  let hash = 0x811c9dc5;
  const text = `${seed}/${name}`;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A stream of its own for each part, so that one more draw in one place changes nothing in another. */
export const randomStream = (seed: number, name: string): Random => seededRandom(mixed(seed, name));

/** Exponential: many small, a few far greater. */
export const tailed = (random: Random, mean: number): number => -Math.log(1 - random.next()) * mean;

export const chance = (random: Random, probability: number): boolean => probability > 0 && random.next() < probability;
