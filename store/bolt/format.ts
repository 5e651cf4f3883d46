/**
 * The file format of bbolt (https://github.com/etcd-io/bbolt), the database in which etcd keeps and hands out its data.
 * All numbers are little-endian. A file is a row of pages of 4096 bytes; one that does not fit goes on in those behind it
 * (`overflow`). Each bucket is a B+ tree: leaf pages hold its entries, branch pages the first key of each page below.
 *
 *     page      | id u64 | flags u16 | count u16 | overflow u32 | elements ... | keys and values ... |      16 bytes + ...
 *     leaf      | flags u32 (1: a bucket) | pos u32 | key size u32 | value size u32 |                      an element
 *     branch    | pos u32 | key size u32 | page u64 |                                                      an element
 *     meta      | magic u32 | version u32 | page size u32 | flags u32 | root page u64 | sequence u64 |
 *               | freelist page u64 | pages in use u64 | transaction u64 | FNV-1a of all before it u64 |
 *
 * `pos` counts from the element itself to its key; the value follows the key. A bucket is an entry of the root tree whose
 * value is its root page and its sequence, both u64. A bucket that is small enough has root page 0, and its only leaf page
 * (with its own 16 bytes in front) stands behind that in the value.
 *
 * A file with the buckets `key` (three entries of 2,000 bytes) and `meta` (one of 3 bytes):
 *
 *     page 0  meta, transaction 2        ─┐ root page 6, freelist 2, 7 pages in use
 *     page 1  meta, transaction 1        ─┘ the newer sound one counts
 *     page 2  freelist, no entries
 *     page 3  leaf    a b               ◀─┐
 *     page 4  leaf    c                 ◀─┤
 *     page 5  branch  a → 3, c → 4 ───────┘◀─┐
 *     page 6  leaf    key  → root page 5 ────┘
 *                     meta → root page 0 | leaf page of 16 + 16 + 3 + ... bytes
 *
 * bolt-file.test.ts writes and reads this one.
 */
export const pageBytes = 4096;
export const pageHeaderBytes = 16;
export const elementBytes = 16;
export const bucketHeaderBytes = 16;
/** of a bucket's page that stands in its entry */
export const inlinePageBytesMax = pageBytes / 4;

export const pageFlag = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
export const bucketFlag = 0x01;
/** a freelist of so many pages or more says how many in its first element */
export const freelistCountMax = 0xffff;
/** instead of the freelist's page: it was not written */
export const noFreelist = 0xffff_ffff_ffff_ffffn;

const magic = 0xed0cdaed;
const formatVersion = 2;
const metaBytes = 64;

export interface BoltMeta {
  readonly pageBytes: number;
  readonly root: number;
  readonly freelist: number | undefined;
  /** all pages are below it */
  readonly pageCount: number;
  readonly transaction: number;
}

const mask64 = 0xffff_ffff_ffff_ffffn;

/** 64 bits of FNV-1a. http://www.isthe.com/chongo/tech/comp/fnv/ */
export function fnv1a64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask64;
  return hash;
}

/** Everything of a page in front of its elements. */
export function writePageHeader(page: Buffer, id: number, flags: number, count: number, overflow: number): void {
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(flags, 8);
  page.writeUInt16LE(count, 10);
  page.writeUInt32LE(overflow, 12);
}

export function encodeMetaPage(id: 0 | 1, meta: Omit<BoltMeta, 'pageBytes'>): Buffer {
  const page = Buffer.alloc(pageBytes);
  writePageHeader(page, id, pageFlag.meta, 0, 0);
  const body = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
  body.writeUInt32LE(magic, 0);
  body.writeUInt32LE(formatVersion, 4);
  body.writeUInt32LE(pageBytes, 8);
  body.writeBigUInt64LE(BigInt(meta.root), 16);
  body.writeBigUInt64LE(meta.freelist === undefined ? noFreelist : BigInt(meta.freelist), 32);
  body.writeBigUInt64LE(BigInt(meta.pageCount), 40);
  body.writeBigUInt64LE(BigInt(meta.transaction), 48);
  body.writeBigUInt64LE(fnv1a64(body.subarray(0, 56)), 56);
  return page;
}

/** `page`: at least its first 80 bytes. Text: what is wrong with it. */
export function decodeMetaPage(page: Buffer): BoltMeta | string {
  if (page.length < pageHeaderBytes + metaBytes) return 'it ends within its first page';
  const body = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
  if (body.readUInt32LE(0) !== magic) return 'this is no bbolt database';
  const version = body.readUInt32LE(4);
  if (version !== formatVersion) return `bbolt's format ${version}, and only ${formatVersion} is known`;
  if (fnv1a64(body.subarray(0, 56)) !== body.readBigUInt64LE(56)) return 'its head does not match its checksum';
  const freelist = body.readBigUInt64LE(32);
  return {
    pageBytes: body.readUInt32LE(8),
    root: Number(body.readBigUInt64LE(16)),
    freelist: freelist === noFreelist ? undefined : Number(freelist),
    pageCount: Number(body.readBigUInt64LE(40)),
    transaction: Number(body.readBigUInt64LE(48)),
  };
}

export interface BoltEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
