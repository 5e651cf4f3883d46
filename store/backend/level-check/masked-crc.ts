import { crc32c } from '../../../base/crc32c.ts';

const maskDelta = 0xa282ead8;

/** LevelDB stores checksums turned and shifted, as those of content that holds checksums are weak. */
export function maskedCrcFits(bytes: Uint8Array, masked: number): boolean {
  const rotated = (masked - maskDelta) >>> 0;
  return crc32c(bytes) === ((rotated << 15) | (rotated >>> 17)) >>> 0;
}
