import { frameHeaderBytes } from './frame.ts';

const chunkBytes = 64 * 1024;
/** larger pieces go out as they are, uncopied */
const copyBytesMax = 8 * 1024;
/** below, a loop copies faster than a call of `set` */
const setBytesMin = 24;

/** What is to be written to a socket, gathered so that one write carries all of a turn. */
export class OutBuffer {
  #parts: Buffer[] = [];
  #chunk = Buffer.alloc(0);
  #from = 0;
  #to = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  frameHeader(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(frameHeaderBytes);
    const chunk = this.#chunk;
    let at = this.#to;
    chunk[at++] = length >>> 16;
    chunk[at++] = length >>> 8;
    chunk[at++] = length;
    chunk[at++] = type;
    chunk[at++] = flags;
    chunk[at++] = streamId >>> 24;
    chunk[at++] = streamId >>> 16;
    chunk[at++] = streamId >>> 8;
    chunk[at++] = streamId;
    this.#to = at;
    this.#bytes += frameHeaderBytes;
  }

  /** the five bytes before each gRPC message: not compressed, its length */
  messagePrefix(length: number): void {
    this.#reserve(5);
    this.#chunk[this.#to] = 0;
    this.#chunk.writeUInt32BE(length, this.#to + 1);
    this.#to += 5;
    this.#bytes += 5;
  }

  append(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (bytes.length > copyBytesMax) {
      this.#closePart();
      this.#parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      return;
    }
    this.#reserve(bytes.length);
    if (bytes.length >= setBytesMin) this.#chunk.set(bytes, this.#to);
    else for (let i = 0; i < bytes.length; i++) this.#chunk[this.#to + i] = bytes[i]!;
    this.#to += bytes.length;
  }

  /** What was gathered since the last call. The bytes stay as they are until the socket has written them. */
  take(): Buffer[] {
    this.#closePart();
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    return parts;
  }

  #reserve(length: number): void {
    if (this.#chunk.length - this.#to >= length) return;
    this.#closePart();
    this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
    this.#from = 0;
    this.#to = 0;
  }

  #closePart(): void {
    if (this.#to > this.#from) this.#parts.push(this.#chunk.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}
