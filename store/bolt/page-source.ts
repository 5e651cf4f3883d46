import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The file cannot be used; `offset` is where that shows. */
export class BoltFileError extends Error {
  override name = 'BoltFileError';
  readonly file: string;
  readonly offset: number;
  constructor(file: string, offset: number, what: string) {
    super(`${file} is damaged at byte ${offset}: ${what}`);
    this.file = file;
    this.offset = offset;
  }
}

const blockBytes = 1024 * 1024;
const blocksMax = 16;

/** Reads pieces of a file through a few large blocks, as most reading goes forward. */
export class PageSource {
  readonly file: string;
  /** what counts of the file: a checksum may stand behind it */
  readonly bytes: number;
  readonly #descriptor: number;
  /** by number, the one used last at the end */
  readonly #blocks = new Map<number, Buffer>();

  /** `bytes`: how much of the file counts, from its size */
  constructor(file: string, bytesOf: (size: number) => number = (size) => size) {
    this.file = file;
    this.#descriptor = openSync(file, 'r');
    this.bytes = bytesOf(fstatSync(this.#descriptor).size);
  }

  /** Throws BoltFileError where the file ends before. */
  read(offset: number, length: number): Buffer {
    if (offset + length > this.bytes) throw this.damaged(this.bytes, `it ends here, and goes on to ${offset + length}`);
    const block = Math.floor(offset / blockBytes);
    const within = offset - block * blockBytes;
    if (within + length <= blockBytes) return this.#block(block).subarray(within, within + length);
    return this.#readFile(offset, length);
  }

  damaged(offset: number, what: string): BoltFileError {
    return new BoltFileError(this.file, offset, what);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #block(number: number): Buffer {
    let block = this.#blocks.get(number);
    if (block === undefined) {
      const offset = number * blockBytes;
      block = this.#readFile(offset, Math.min(blockBytes, this.bytes - offset));
      const [oldest] = this.#blocks.keys();
      if (this.#blocks.size >= blocksMax && oldest !== undefined) this.#blocks.delete(oldest);
    } else {
      this.#blocks.delete(number);
    }
    this.#blocks.set(number, block);
    return block;
  }

  #readFile(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let have = 0; have < length;) {
      const got = readSync(this.#descriptor, bytes, have, length - have, offset + have);
      if (got === 0) throw this.damaged(offset + have, 'it ends here');
      have += got;
    }
    return bytes;
  }
}
