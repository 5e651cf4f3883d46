import type { Call } from './call.ts';
import { ConnectionError, defaultFrameBytes, defaultWindow, errorCode, StreamError, windowMax } from './frame.ts';

/** Writes a piece of a call's answer as a DATA frame. */
export type WritePiece = (call: Call, piece: Buffer) => void;

/** How much the client has room for, in all and for each call, and the answers that wait for it (RFC 9113, section 5.2). */
export class SendWindows {
  readonly #write: WritePiece;
  readonly #onSent: (call: Call) => void;
  readonly #waiting = new Set<Call>();
  #connection = defaultWindow;
  #initial = defaultWindow;
  #queuedBytes = 0;

  /** `onSent` is called when all that a call had waiting has been written. */
  constructor(write: WritePiece, onSent: (call: Call) => void) {
    this.#write = write;
    this.#onSent = onSent;
  }

  /** of a new stream */
  get initial(): number {
    return this.#initial;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Takes room for one frame of so many bytes; false, and nothing taken, where there is none or others wait before it. */
  take(call: Call, bytes: number): boolean {
    if (bytes > defaultFrameBytes || bytes > this.#connection || bytes > call.sendWindow || call.outboundBytes > 0) {
      return false;
    }
    this.#connection -= bytes;
    call.sendWindow -= bytes;
    return true;
  }

  /** The bytes go out as room comes, behind those that wait already. */
  queue(call: Call, bytes: Uint8Array): void {
    call.outbound.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    call.outboundBytes += bytes.length;
    this.#queuedBytes += bytes.length;
    this.#waiting.add(call);
    this.#pump(call);
  }

  /** WINDOW_UPDATE of the connection (`call` undefined) or of a stream */
  grow(call: Call | undefined, bytes: number): void {
    if (call === undefined) {
      this.#connection += bytes;
      if (this.#connection > windowMax) {
        throw new ConnectionError(errorCode.flowControlError, 'the window of the connection is too large');
      }
      for (const waiting of this.#waiting) this.#pump(waiting);
      return;
    }
    call.sendWindow += bytes;
    if (call.sendWindow > windowMax) {
      throw new StreamError(call.id, errorCode.flowControlError, 'the window of the stream is too large');
    }
    this.#pump(call);
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changes the windows of open streams as well; they may become negative. */
  setInitial(bytes: number, calls: Iterable<Call>): void {
    if (bytes > windowMax) throw new ConnectionError(errorCode.flowControlError, 'the initial window is too large');
    const change = bytes - this.#initial;
    this.#initial = bytes;
    for (const call of calls) {
      call.sendWindow += change;
      if (call.sendWindow > windowMax) {
        throw new ConnectionError(errorCode.flowControlError, 'the window of a stream is too large');
      }
      this.#pump(call);
    }
  }

  /** The call is over: what it had waiting goes nowhere. */
  forget(call: Call): void {
    this.#queuedBytes -= call.outboundBytes;
    this.#waiting.delete(call);
  }

  #pump(call: Call): void {
    if (!this.#waiting.has(call)) return;
    while (call.outbound.length > 0) {
      const room = Math.min(this.#connection, call.sendWindow, defaultFrameBytes);
      if (room <= 0) break;
      const first = call.outbound[0]!;
      const piece = first.length <= room ? first : first.subarray(0, room);
      if (piece.length === first.length) call.outbound.shift();
      else call.outbound[0] = first.subarray(piece.length);
      this.#connection -= piece.length;
      call.sendWindow -= piece.length;
      call.outboundBytes -= piece.length;
      this.#queuedBytes -= piece.length;
      this.#write(call, piece);
    }
    call.releaseDrained();
    if (call.outbound.length > 0) return;
    this.#waiting.delete(call);
    this.#onSent(call);
  }
}
