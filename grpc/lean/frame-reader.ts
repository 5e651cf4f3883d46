import { ConnectionError, defaultFrameBytes, errorCode, frameHeaderBytes, preface, protocolError } from './frame.ts';
import type { Frame } from './frame.ts';

const nothing = Buffer.alloc(0);

/** Cuts what comes from a socket into frames. Holds back at most one unfinished frame. */
export class FrameReader {
  #rest: Buffer = nothing;
  #prefaceSeen: boolean;

  /** a server waits for the client's preface, a client for nothing */
  constructor(awaitPreface = true) {
    this.#prefaceSeen = !awaitPreface;
  }

  /** false until the client has sent the connection preface */
  get started(): boolean {
    return this.#prefaceSeen;
  }

  /** Calls `take` for each whole frame; throws ConnectionError on bytes that are no HTTP/2. */
  read(chunk: Buffer, take: (frame: Frame) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (!this.#prefaceSeen) {
      const length = Math.min(bytes.length, preface.length);
      if (preface.compare(bytes, 0, length, 0, length) !== 0) throw protocolError('this is not an HTTP/2 preface');
      if (length === preface.length) {
        this.#prefaceSeen = true;
        at = length;
      } else {
        this.#rest = bytes;
        return;
      }
    }
    while (bytes.length - at >= frameHeaderBytes) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
      if (length > defaultFrameBytes) {
        const text = `a frame of ${length} bytes: more than the ${defaultFrameBytes} that were announced`;
        throw new ConnectionError(errorCode.frameSizeError, text);
      }
      const end = at + frameHeaderBytes + length;
      if (end > bytes.length) break;
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      const payload = bytes.subarray(at + frameHeaderBytes, end);
      take({ type: bytes[at + 3]!, flags: bytes[at + 4]!, streamId, payload });
      at = end;
    }
    this.#rest = at === bytes.length ? nothing : bytes.subarray(at);
  }
}
