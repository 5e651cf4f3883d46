import type { Socket } from 'node:net';
import { grpcCode } from '../server.ts';
import type { GrpcCode } from '../server.ts';
import type { Call } from './call.ts';
import { errorCode, frameFlag, frameType } from './frame.ts';
import type { ErrorCode } from './frame.ts';
import { OutBuffer } from './out-buffer.ts';
import type { PlainHead } from './plain-http.ts';
import { errorTrailers, plainHead, ResponseBlocks } from './response-blocks.ts';
import { SendWindows } from './send-windows.ts';

const debugDataBytesMax = 256;
const messagePrefixBytes = 5;
const noBytes = Buffer.alloc(0);
const headersEnd = frameFlag.endHeaders | frameFlag.endStream;

/** The sending half of a connection: everything of a turn leaves in one write. */
export class AnswerWriter {
  readonly blocks = new ResponseBlocks();
  readonly windows: SendWindows;
  readonly #socket: Socket;
  readonly #soon: (action: () => void) => void;
  readonly #onDone: (call: Call) => void;
  readonly #out = new OutBuffer();
  #flushPlanned = false;

  /** `onDone` is called when the last frame of a call was written. */
  constructor(socket: Socket, soon: (action: () => void) => void, onDone: (call: Call) => void) {
    this.#socket = socket;
    this.#soon = soon;
    this.#onDone = onDone;
    this.windows = new SendWindows(
      (call, piece) => {
        this.#out.frameHeader(piece.length, frameType.data, 0, call.id);
        this.#out.append(piece);
        this.flushSoon();
      },
      (call) => {
        if (call.trailers) this.#writeEnd(call);
      },
    );
  }

  /** bytes that the socket has not taken */
  get unwrittenBytes(): number {
    return this.#socket.writableLength + this.#out.bytes;
  }

  send(call: Call, message: Uint8Array): void {
    if (!call.headersSent) this.#writeHeaders(call);
    const total = message.length + messagePrefixBytes;
    if (this.windows.take(call, total)) {
      this.#out.frameHeader(total, frameType.data, 0, call.id);
      this.#out.messagePrefix(message.length);
      this.#out.append(message);
    } else {
      const prefix = Buffer.alloc(messagePrefixBytes);
      prefix.writeUInt32BE(message.length, 1);
      this.windows.queue(call, prefix);
      this.windows.queue(call, message);
    }
    this.flushSoon();
  }

  finish(call: Call, code: GrpcCode, message: string): void {
    if (code !== grpcCode.ok) {
      this.#frame(frameType.headers, headersEnd, call.id, errorTrailers(code, message, !call.headersSent));
      this.#over(call);
      return;
    }
    if (!call.headersSent) this.#writeHeaders(call);
    this.#endBehindAnswer(call);
  }

  /** An error for a request that became no call. */
  refuse(streamId: number, code: GrpcCode, message: string, halfClosed: boolean): void {
    this.#frame(frameType.headers, headersEnd, streamId, errorTrailers(code, message, true));
    if (!halfClosed) this.reset(streamId, errorCode.noError);
  }

  /** What an answer of plain HTTP begins with; parts follow, `finishPlain` ends it. */
  sendPlainHead(call: Call, { status, headers }: PlainHead): void {
    call.headersSent = true;
    this.#frame(frameType.headers, frameFlag.endHeaders, call.id, plainHead(status, headers));
  }

  sendPlain(call: Call, part: Uint8Array): void {
    if (part.length > 0) this.windows.queue(call, part);
  }

  finishPlain(call: Call): void {
    this.#endBehindAnswer(call);
  }

  reset(streamId: number, code: ErrorCode): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    this.#frame(frameType.rstStream, 0, streamId, payload);
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    const payload = Buffer.alloc(6 * values.length);
    for (const [i, [id, value]] of values.entries()) {
      payload.writeUInt16BE(id, 6 * i);
      payload.writeUInt32BE(value, 6 * i + 2);
    }
    this.#frame(frameType.settings, 0, 0, payload);
  }

  acknowledge(type: number, payload: Buffer): void {
    this.#frame(type, frameFlag.ack, 0, payload);
  }

  ping(): void {
    this.#frame(frameType.ping, 0, 0, Buffer.alloc(8));
  }

  /** room for more from the client; stream 0 is the connection */
  giveWindow(streamId: number, bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.#frame(frameType.windowUpdate, 0, streamId, payload);
  }

  goAway(lastStreamId: number, code: ErrorCode, text: string): void {
    const debug = Buffer.from(text.slice(0, debugDataBytesMax));
    const payload = Buffer.alloc(8 + debug.length);
    payload.writeUInt32BE(lastStreamId, 0);
    payload.writeUInt32BE(code, 4);
    debug.copy(payload, 8);
    this.#frame(frameType.goaway, 0, 0, payload);
  }

  flush(): void {
    if (this.#out.bytes === 0 || this.#socket.destroyed) return;
    const parts = this.#out.take();
    if (parts.length === 1) {
      this.#socket.write(parts[0]!);
      return;
    }
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  flushSoon(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    this.#soon(() => {
      this.#flushPlanned = false;
      this.flush();
    });
  }

  #frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.#out.frameHeader(payload.length, type, flags, streamId);
    this.#out.append(payload);
    this.flushSoon();
  }

  #writeHeaders(call: Call): void {
    call.headersSent = true;
    this.#frame(frameType.headers, frameFlag.endHeaders, call.id, this.blocks.headers());
  }

  /** at once, or as soon as what waits for room has gone */
  #endBehindAnswer(call: Call): void {
    if (call.outbound.length > 0) call.trailers = true;
    else this.#writeEnd(call);
  }

  #writeEnd(call: Call): void {
    if (call.plain) this.#frame(frameType.data, frameFlag.endStream, call.id, noBytes);
    else this.#frame(frameType.headers, headersEnd, call.id, this.blocks.okTrailers());
    this.#over(call);
  }

  /** A client that has not finished its request need not (RFC 9113, section 8.1). */
  #over(call: Call): void {
    if (!call.halfClosed) this.reset(call.id, errorCode.noError);
    this.windows.forget(call);
    this.#onDone(call);
  }
}
