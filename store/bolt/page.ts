import { elementBytes, freelistCountMax, pageFlag, pageHeaderBytes } from './format.ts';
import type { BranchElement, LeafElement } from './tree-writer.ts';

/** A page as it was read: with all of its overflow, or the one of an inline bucket. */
export interface ReadPage {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  readonly overflow: number;
  readonly bytes: Buffer;
}

/** A fault within a page: how far in, and what. */
export class PageFault extends Error {
  override name = 'PageFault';
  readonly at: number;
  constructor(at: number, what: string) {
    super(what);
    this.at = at;
  }
}

export const readPageHeader = (bytes: Buffer): Omit<ReadPage, 'bytes'> => ({
  id: Number(bytes.readBigUInt64LE(0)),
  flags: bytes.readUInt16LE(8),
  count: bytes.readUInt16LE(10),
  overflow: bytes.readUInt32LE(12),
});

function slice(bytes: Buffer, element: number, from: number, length: number): Buffer {
  if (from + length > bytes.length) throw new PageFault(element, 'an element reaches beyond its page');
  return bytes.subarray(from, from + length);
}

function* elementsAt({ bytes, count }: ReadPage): Generator<number> {
  if (pageHeaderBytes + count * elementBytes > bytes.length) {
    throw new PageFault(10, `${count} elements do not fit in the page`);
  }
  for (let i = 0; i < count; i++) yield pageHeaderBytes + i * elementBytes;
}

/** What the page says, nothing copied. Throws PageFault. */
export function leafElements(page: ReadPage): LeafElement[] {
  const { bytes } = page;
  const elements: LeafElement[] = [];
  for (const at of elementsAt(page)) {
    const from = at + bytes.readUInt32LE(at + 4);
    const keyBytes = bytes.readUInt32LE(at + 8);
    const key = slice(bytes, at, from, keyBytes);
    const value = slice(bytes, at, from + keyBytes, bytes.readUInt32LE(at + 12));
    elements.push({ flags: bytes.readUInt32LE(at), key, value });
  }
  return elements;
}

export function branchElements(page: ReadPage): BranchElement[] {
  const { bytes } = page;
  const elements: BranchElement[] = [];
  for (const at of elementsAt(page)) {
    const key = slice(bytes, at, at + bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
    elements.push({ key, child: Number(bytes.readBigUInt64LE(at + 8)) });
  }
  if (elements.length === 0) throw new PageFault(10, 'a branch page without children');
  return elements;
}

/** The pages that are free. */
export function freelistPages(page: ReadPage): number[] {
  const { bytes, flags, count } = page;
  if (flags !== pageFlag.freelist) throw new PageFault(8, 'this should be the freelist');
  const counted = count === freelistCountMax;
  const first = pageHeaderBytes + (counted ? 8 : 0);
  const total = counted ? Number(slice(bytes, 10, pageHeaderBytes, 8).readBigUInt64LE(0)) : count;
  const list = slice(bytes, 10, first, total * 8);
  return Array.from({ length: total }, (_, i) => Number(list.readBigUInt64LE(i * 8)));
}
