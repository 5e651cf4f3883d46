import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../../base/message-of.ts';
import { systemClock } from '../../base/clock.ts';
import { GrpcError, grpcCode } from '../server.ts';
import type { GrpcCode } from '../server.ts';
import { fieldOf } from './call.ts';
import { defaultFrameBytes, defaultWindow, errorCode, frameFlag, frameType, preface, unpadded } from './frame.ts';
import type { Frame } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { HpackDecoder, literalField } from './hpack.ts';
import { MessageAssembler } from './message-assembler.ts';
import { OutBuffer } from './out-buffer.ts';
import { checkedSettings, headerListBytesMax } from './settings.ts';
import { contextOf, pemNow } from '../tls.ts';
import type { TlsSettings } from '../tls.ts';

/** `send` says to wait when so much has not gone out */
const outboundHighBytes = 256 * 1024;
/** a header block may come in several frames; ours are small */
const blockBytesMax = headerListBytesMax;
const streamId = 1;
/** a silent server is asked whether it is there, and left where it does not answer */
const keepAliveMs = 5_000;
const keepAliveAnswerMs = 3_000;
const noBytes = Buffer.alloc(0);

export interface LeanStreamTarget {
  /** `http://h:1` or `https://h:1` */
  readonly url: string;
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tls?: TlsSettings | undefined;
  readonly maxMessageBytes: number;
}

export interface LeanStreamEvents {
  onMessage(message: Buffer): void;
  /** `send` said false, and now there is room again */
  onDrain(): void;
  /** told once, and nothing after it; not told where this side closed */
  onEnd(code: GrpcCode, message: string): void;
}

/**
 * The client's half of one bidirectional call, on a connection of its own: framing straight on the socket, as the
 * server beside it. What is sent in one call of `send` leaves in one write.
 */
export class LeanStream {
  readonly #socket: Socket;
  readonly #events: LeanStreamEvents;
  readonly #reader = new FrameReader(false);
  readonly #decoder = new HpackDecoder(headerListBytesMax);
  readonly #assembler: MessageAssembler;
  readonly #out = new OutBuffer();
  readonly #stopKeepAlive: () => void;
  #connectionWindow = defaultWindow;
  #streamWindow = defaultWindow;
  #initialWindow = defaultWindow;
  /** waits for room at the server */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #told = false;
  #block: { parts: Buffer[]; bytes: number; endStream: boolean } | undefined;
  #heardAtMs = systemClock.monotonicMs();
  #ended = false;

  constructor(target: LeanStreamTarget, events: LeanStreamEvents) {
    this.#events = events;
    this.#assembler = new MessageAssembler(target.maxMessageBytes, undefined);
    this.#socket = open(target);
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => this.#end(grpcCode.unavailable, error.message));
    this.#socket.on('close', () => this.#end(grpcCode.unavailable, 'the connection was closed'));
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('drain', () => this.#maybeDrained());
    this.#stopKeepAlive = systemClock.every(keepAliveAnswerMs, () => this.#keepAlive());
    this.#begin(target);
  }

  /** False: what was sent has not gone out; `onDrain` tells when it has. The bytes must stay as they are. */
  send(message: Uint8Array): boolean {
    if (this.#ended) return true;
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    this.#waiting.push(prefix, Buffer.from(message.buffer, message.byteOffset, message.length));
    this.#waitingBytes += prefix.length + message.length;
    this.#pump();
    if (this.#unsentBytes < outboundHighBytes) return true;
    this.#told = true;
    return false;
  }

  /** Ends the call and the connection; what was not sent is dropped. */
  close(): void {
    this.#ended = true;
    this.#stopKeepAlive();
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#socket.destroy();
  }

  get #unsentBytes(): number {
    return this.#waitingBytes + this.#socket.writableLength;
  }

  #begin({ url, path, metadata }: LeanStreamTarget): void {
    const { protocol, host } = new URL(url);
    const fields = {
      ':method': 'POST',
      ':scheme': protocol.slice(0, -1),
      ':path': path,
      ':authority': host,
      te: 'trailers',
      'content-type': 'application/grpc',
      ...metadata,
    };
    const block = Buffer.concat(Object.entries(fields).map(([name, value]) => literalField(name, value)));
    this.#out.append(preface);
    this.#out.frameHeader(0, frameType.settings, 0, 0);
    this.#frame(frameType.headers, frameFlag.endHeaders, streamId, block);
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    this.#out.frameHeader(payload.length, type, flags, id);
    this.#out.append(payload);
    this.#flush();
  }

  #flush(): void {
    const parts = this.#out.take();
    if (parts.length === 0 || this.#socket.destroyed) return;
    if (parts.length > 1) this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    if (parts.length > 1) this.#socket.uncork();
  }

  /** Sends as much as the server has room for; a message and its prefix share a frame where they fit. */
  #pump(): void {
    let taken = 0;
    while (this.#waitingBytes > 0) {
      const room = Math.min(this.#waitingBytes, defaultFrameBytes, this.#connectionWindow, this.#streamWindow);
      if (room <= 0) break;
      this.#connectionWindow -= room;
      this.#streamWindow -= room;
      this.#waitingBytes -= room;
      this.#out.frameHeader(room, frameType.data, 0, streamId);
      for (let left = room; left > 0;) {
        const first = this.#waiting[taken]!;
        const piece = first.length <= left ? first : first.subarray(0, left);
        if (piece.length === first.length) taken++;
        else this.#waiting[taken] = first.subarray(piece.length);
        this.#out.append(piece);
        left -= piece.length;
      }
    }
    if (taken > 0) this.#waiting.splice(0, taken);
    this.#flush();
  }

  #maybeDrained(): void {
    if (!this.#told || this.#ended || this.#unsentBytes >= outboundHighBytes) return;
    this.#told = false;
    this.#events.onDrain();
  }

  #keepAlive(): void {
    const silentMs = systemClock.monotonicMs() - this.#heardAtMs;
    if (silentMs >= keepAliveMs + keepAliveAnswerMs) this.#end(grpcCode.unavailable, 'the peer does not answer');
    else if (silentMs >= keepAliveMs) this.#frame(frameType.ping, 0, 0, Buffer.alloc(8));
  }

  #receive(chunk: Buffer): void {
    this.#heardAtMs = systemClock.monotonicMs();
    try {
      this.#reader.read(chunk, this.#take);
    } catch (error) {
      const code = error instanceof GrpcError ? error.code : grpcCode.internal;
      this.#end(code, messageOf(error));
    }
  }

  readonly #take = (frame: Frame): void => {
    if (this.#ended) return;
    const { type, flags, payload } = frame;
    if (type === frameType.data) this.#onData(frame);
    else if (type === frameType.headers) this.#onHeaders(frame);
    else if (type === frameType.continuation) this.#onContinuation(flags, payload);
    else if (type === frameType.settings) this.#onSettings(frame);
    else if (type === frameType.windowUpdate) this.#onWindowUpdate(frame);
    else if (type === frameType.ping && (flags & frameFlag.ack) === 0) {
      this.#frame(frameType.ping, frameFlag.ack, 0, payload);
    } else if (type === frameType.rstStream) {
      const cancelled = payload.length === 4 && payload.readUInt32BE(0) === errorCode.cancel;
      this.#end(cancelled ? grpcCode.cancelled : grpcCode.unavailable, 'the peer reset the stream');
    } else if (type === frameType.goaway) this.#end(grpcCode.unavailable, 'the peer is going away');
  };

  #onData(frame: Frame): void {
    const { length } = frame.payload;
    this.#assembler.add(unpadded(frame), this.#onMessage);
    if (length === 0 || this.#ended) return;
    const room = Buffer.alloc(4);
    room.writeUInt32BE(length);
    for (const id of [0, streamId]) this.#frame(frameType.windowUpdate, 0, id, room);
  }

  readonly #onMessage = (message: Buffer): void => {
    if (!this.#ended) this.#events.onMessage(message);
  };

  #onHeaders(frame: Frame): void {
    const endStream = (frame.flags & frameFlag.endStream) !== 0;
    let payload = unpadded(frame);
    if ((frame.flags & frameFlag.priority) !== 0) payload = payload.subarray(5);
    this.#block = { parts: [], bytes: 0, endStream };
    this.#onContinuation(frame.flags, payload);
  }

  #onContinuation(flags: number, payload: Buffer): void {
    const block = this.#block;
    if (block === undefined) throw new Error('CONTINUATION of nothing');
    block.parts.push(payload);
    block.bytes += payload.length;
    if (block.bytes > blockBytesMax) throw new Error('a header block is too long');
    if ((flags & frameFlag.endHeaders) === 0) return;
    this.#block = undefined;
    const fields = this.#decoder.decode(Buffer.concat(block.parts));
    if (!block.endStream) return;
    const status = Number(fieldOf(fields, 'grpc-status') ?? grpcCode.unknown);
    const known = Object.values(grpcCode).find((code) => code === status) ?? grpcCode.unknown;
    const text = fieldOf(fields, 'grpc-message') ?? `HTTP status ${fieldOf(fields, ':status') ?? 'missing'}`;
    this.#end(known, percentDecoded(text));
  }

  #onSettings({ streamId: id, flags, payload }: Frame): void {
    const values = checkedSettings(id, flags, payload);
    if (values === undefined) return;
    if (values.initialWindowSize !== undefined) {
      this.#streamWindow += values.initialWindowSize - this.#initialWindow;
      this.#initialWindow = values.initialWindowSize;
    }
    this.#frame(frameType.settings, frameFlag.ack, 0, noBytes);
    this.#pump();
    this.#maybeDrained();
  }

  #onWindowUpdate({ streamId: id, payload }: Frame): void {
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    if (id === 0) this.#connectionWindow += bytes;
    else this.#streamWindow += bytes;
    this.#pump();
    this.#maybeDrained();
  }

  #end(code: GrpcCode, message: string): void {
    if (this.#ended) return;
    this.close();
    this.#events.onEnd(code, message);
  }
}

function open({ url, tls }: LeanStreamTarget): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'https:') return connect({ host, port: Number(port || 80) });
  if (tls === undefined) throw new Error(`${url} needs a certificate and a key`);
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({
    host,
    port: Number(port || 443),
    ...contextOf(tls, pemNow(tls), 'client'),
    ...servername,
    rejectUnauthorized: tls.trustsAnybody !== true,
    ALPNProtocols: ['h2'],
  });
}

/** `grpc-message` is percent-encoded UTF-8 */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
