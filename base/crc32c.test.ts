import t from 'tap';
import { crc32c } from './crc32c.ts';

/** RFC 3720, appendix B.4 (there with the bytes of the checksum in wire order). */
const cases: readonly [name: string, bytes: Uint8Array, crc: number][] = [
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 ascending', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 descending', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
];

void t.test('crc32c gives the checksums of RFC 3720', (t) => {
  for (const [name, bytes, crc] of cases) t.equal(crc32c(bytes), crc, name);
  t.end();
});

void t.test('crc32c continues from a seed at any split', (t) => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i * 7);
  for (let at = 0; at <= bytes.length; at++) {
    t.equal(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at))), crc32c(bytes), `split at ${at}`);
  }
  t.end();
});
