/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step; node:zlib has the other polynomial only. */

const polynomial = 0x82f63b78;
const lanes = 8;

function makeTables(): Uint32Array {
  const tables = new Uint32Array(256 * lanes);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[byte] = crc >>> 0;
  }
  for (let byte = 0; byte < 256; byte++) {
    let crc = tables[byte]!;
    for (let lane = 1; lane < lanes; lane++) {
      crc = (tables[crc & 0xff]! ^ (crc >>> 8)) >>> 0;
      tables[lane * 256 + byte] = crc;
    }
  }
  return tables;
}

const table = makeTables();

/** The checksum of `bytes` that continues from `seed`: crc32c(b, crc32c(a)) is that of a followed by b. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  const end = bytes.length;
  let i = 0;
  for (const last = end - lanes; i <= last; i += lanes) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      table[1792 + (crc & 0xff)]! ^
      table[1536 + ((crc >>> 8) & 0xff)]! ^
      table[1280 + ((crc >>> 16) & 0xff)]! ^
      table[1024 + (crc >>> 24)]! ^
      table[768 + bytes[i + 4]!]! ^
      table[512 + bytes[i + 5]!]! ^
      table[256 + bytes[i + 6]!]! ^
      table[bytes[i + 7]!]!;
  }
  for (; i < end; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
