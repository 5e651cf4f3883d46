/**
 * A snapshot of the store as a stream of bytes, to be sent to a member that lags behind:
 *
 *     "KUORUM-STORE\x00\x01"                              magic and format version
 *     per entry: length of key, length of value (4 bytes each, big endian), key, value
 *     0xffffffff, number of entries                       the end
 *
 * Frames cross the borders of chunks. A checksum is the transport's business.
 */
import { BackendError } from './backend.ts';
import type { BackendEntry } from './backend.ts';

const magic = Buffer.from('KUORUM-STORE\x00\x01', 'latin1');
const endMark = 0xffffffff;
export const imageChunkBytesMax = 1024 * 1024;

function frame(first: number, second: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(first, 0);
  header.writeUInt32BE(second, 4);
  return header;
}

/** Puts pieces together into chunks of at most `imageChunkBytesMax`. */
class Chunker {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  *add(piece: Uint8Array): Iterable<Uint8Array> {
    let rest = piece;
    while (this.#bytes + rest.length >= imageChunkBytesMax) {
      const room = imageChunkBytesMax - this.#bytes;
      this.#pieces.push(rest.subarray(0, room));
      yield this.take();
      rest = rest.subarray(room);
    }
    if (rest.length === 0) return;
    this.#pieces.push(rest);
    this.#bytes += rest.length;
  }

  take(): Uint8Array {
    const chunk = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    return chunk;
  }
}

export async function* encodeImage(entries: AsyncIterable<readonly BackendEntry[]>): AsyncIterable<Uint8Array> {
  const chunker = new Chunker();
  yield* chunker.add(magic);
  let count = 0;
  for await (const batch of entries) {
    for (const { key, value } of batch) {
      count++;
      yield* chunker.add(frame(key.length, value.length));
      yield* chunker.add(key);
      yield* chunker.add(value);
    }
  }
  yield* chunker.add(frame(endMark, count >>> 0));
  yield chunker.take();
}

const damaged = (what: string): BackendError =>
  new BackendError('corrupt', `the snapshot received is damaged: ${what}`);

/** Throws BackendError where the image is cut off or is none. */
export async function* decodeImage(chunks: AsyncIterable<Uint8Array>): AsyncIterable<readonly BackendEntry[]> {
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  let ended = false;
  let count = 0;
  for await (const chunk of chunks) {
    if (ended) throw damaged('there is more behind its end');
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    if (!begun) {
      if (rest.length < magic.length) continue;
      if (!rest.subarray(0, magic.length).equals(magic)) throw damaged('it is of another kind or a newer format');
      begun = true;
      at = magic.length;
    }
    const batch: BackendEntry[] = [];
    while (rest.length - at >= 8) {
      const keyLength = rest.readUInt32BE(at);
      const valueLength = rest.readUInt32BE(at + 4);
      if (keyLength === endMark) {
        if (valueLength !== count >>> 0) throw damaged(`it has ${count} entries and should have ${valueLength}`);
        ended = true;
        at += 8;
        break;
      }
      const start = at + 8;
      if (rest.length - start < keyLength + valueLength) break;
      const key = rest.subarray(start, start + keyLength);
      batch.push({ key, value: rest.subarray(start + keyLength, start + keyLength + valueLength) });
      at = start + keyLength + valueLength;
      count++;
    }
    if (batch.length > 0) yield batch;
    rest = rest.subarray(at);
    if (ended && rest.length > 0) throw damaged('there is more behind its end');
  }
  if (!ended) throw damaged('it ends early');
}
