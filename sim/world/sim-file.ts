import type { Random } from '../../base/random.ts';
import { chance } from './sim-random.ts';
import type { UnsyncedFate } from './types.ts';

/** What a disk writes whole, or not at all, as far as one can hope. */
export const sectorBytes = 512;
const pageBytes = 4096;

/** Bytes that grow. */
class Extent {
  #bytes = Buffer.alloc(0);
  size = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.#bytes.length) {
      const bigger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length, pageBytes));
      this.#bytes.copy(bigger, 0, 0, this.size);
      this.#bytes = bigger;
    }
    this.#bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
  }

  /** what comes in again later is zeros */
  truncate(size: number): void {
    if (size < this.size) this.#bytes.fill(0, size, this.size);
    else if (size > this.size) this.write(this.size, Buffer.alloc(size - this.size));
    this.size = size;
  }

  assign(other: Extent): void {
    this.#bytes = Buffer.from(other.bytes);
    this.size = other.size;
  }
}

/** `size` is that of the file after it */
type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array; readonly size: number }
  | { readonly kind: 'truncate'; readonly size: number };

function apply(extent: Extent, change: Change): void {
  if (change.kind === 'write') extent.write(change.offset, change.bytes);
  else extent.truncate(change.size);
}

/**
 * One file: as processes see it, as it is on the platter, and the changes between the two in the order in which they
 * were made. A sync takes those that were made before it began.
 */
export class SimFile {
  readonly #seen = new Extent();
  readonly #durable = new Extent();
  #unsynced: Change[] = [];
  /** changes ever made, and how many of them are on the platter or given up */
  #made = 0;
  #settled = 0;

  get size(): number {
    return this.#seen.size;
  }

  get content(): Buffer {
    return this.#seen.bytes;
  }

  /** a mark for `synced`: everything up to now */
  get made(): number {
    return this.#made;
  }

  /** `bytes` must not change any more. */
  write(offset: number, bytes: Uint8Array): void {
    this.#seen.write(offset, bytes);
    this.#unsynced.push({ kind: 'write', offset, bytes, size: this.#seen.size });
    this.#made++;
  }

  truncate(size: number): void {
    this.#seen.truncate(size);
    this.#unsynced.push({ kind: 'truncate', size });
    this.#made++;
  }

  /** All that was made up to the mark is on the platter. */
  synced(mark: number): void {
    for (const change of this.#takeTo(mark)) apply(this.#durable, change);
  }

  /**
   * A sync failed: the system takes the pages for clean and does not write them again, so a later sync says nothing of
   * them (as Linux does since "fsyncgate"). What reached the platter is as after a crash.
   */
  syncFailed(mark: number, random: Random): void {
    survive(this.#durable, this.#takeTo(mark), 'scattered', random);
  }

  /** The machine lost its power. */
  lose(fate: UnsyncedFate, random: Random): void {
    survive(this.#durable, this.#takeTo(this.#made), fate, random);
    this.#seen.assign(this.#durable);
  }

  /** on the platter, and for all who read it later; false: there is no such byte */
  flipBit(offset: number, bit: number): boolean {
    if (offset >= this.#durable.size || offset >= this.#seen.size) return false;
    for (const extent of [this.#durable, this.#seen]) {
      extent.write(offset, Uint8Array.of(extent.bytes[offset]! ^ (1 << bit)));
    }
    return true;
  }

  #takeTo(mark: number): Change[] {
    const taken = this.#unsynced.splice(0, Math.max(0, mark - this.#settled));
    this.#settled = Math.max(this.#settled, mark);
    return taken;
  }
}

/** Which of the changes are there after all. */
function survive(durable: Extent, changes: readonly Change[], fate: UnsyncedFate, random: Random): void {
  if (fate === 'lost' || changes.length === 0) return;
  if (fate === 'kept') for (const change of changes) apply(durable, change);
  else if (fate === 'torn') tear(durable, changes, random);
  else scatter(durable, changes, random);
}

/** The first of them, up to some byte of one. */
function tear(durable: Extent, changes: readonly Change[], random: Random): void {
  const whole = random.below(changes.length + 1);
  for (const change of changes.slice(0, whole)) apply(durable, change);
  const torn = changes[whole];
  if (torn?.kind === 'write') durable.write(torn.offset, torn.bytes.subarray(0, random.below(torn.bytes.length + 1)));
}

/**
 * Each block of the file has some of the changes that touched it, from the first on: blocks are written in any order, each
 * as it was at some moment. The size is that of some moment too; what it covers and nobody wrote reads as zeros.
 */
function scatter(durable: Extent, changes: readonly Change[], random: Random): void {
  const blockBytes = chance(random, 0.5) ? sectorBytes : pageBytes;
  const changesOfBlock = new Map<number, number>();
  const survives = (block: number, change: number): boolean => {
    let until = changesOfBlock.get(block);
    if (until === undefined) {
      until = chance(random, 0.5) ? changes.length : random.below(changes.length + 1);
      changesOfBlock.set(block, until);
    }
    return change < until;
  };
  const sizeChanges = random.below(changes.length + 1);
  const size = sizeChanges === 0 ? durable.size : changes[sizeChanges - 1]!.size;
  for (const [i, change] of changes.entries()) {
    if (change.kind === 'truncate') {
      if (i < sizeChanges) durable.truncate(change.size);
      continue;
    }
    const { offset, bytes } = change;
    for (let at = 0; at < bytes.length;) {
      const block = Math.floor((offset + at) / blockBytes);
      const end = Math.min(bytes.length, (block + 1) * blockBytes - offset);
      if (survives(block, i)) durable.write(offset + at, bytes.subarray(at, end));
      at = end;
    }
  }
  durable.truncate(size);
}
