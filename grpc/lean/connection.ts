import type { Socket } from 'node:net';
import { AnswerWriter } from './answer-writer.ts';
import { CallTable } from './calls.ts';
import type { ConnectionOptions } from './calls.ts';
import { FloodGuard } from './flood-guard.ts';
import {
  ConnectionError,
  defaultWindow,
  errorCode,
  frameFlag,
  frameType,
  protocolError,
  StreamError,
  unpadded,
} from './frame.ts';
import type { Frame } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { HeadCache } from './head-cache.ts';
import { HpackDecoder } from './hpack.ts';
import { announced, checkedSettings, connectionWindow, headerListBytesMax } from './settings.ts';

const continuationsMax = 32;
/** what the socket has not taken: beyond, nothing more is read from it */
const unwrittenBytesMax = 4 * 1024 * 1024;
const noBytes = Buffer.alloc(0);

interface HeaderBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

/** One HTTP/2 connection that carries calls: what its frames mean. */
export class Connection {
  /** last time anything came */
  heardAtMs: number;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader = new FrameReader();
  readonly #heads = new HeadCache(new HpackDecoder(headerListBytesMax));
  readonly #writer: AnswerWriter;
  readonly #flood: FloodGuard;
  readonly #calls: CallTable;
  #block: HeaderBlock | undefined;
  #lastStreamId = 0;
  #received = 0;
  #settingsSeen = false;
  #closing = false;
  #ended = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#flood = new FloodGuard(options.nowMs);
    this.heardAtMs = options.nowMs();
    this.#writer = new AnswerWriter(socket, options.soon, (call) => this.#calls.done(call));
    const peer = `${socket.remoteAddress ?? 'unix'}:${socket.remotePort ?? 0}`;
    this.#calls = new CallTable(options, this.#writer, peer);
    this.#writer.settings(announced(options.maxConcurrentCalls));
    this.#writer.giveWindow(0, connectionWindow - defaultWindow);
    this.#writer.flush();
  }

  get callCount(): number {
    return this.#calls.size;
  }

  /** the client has shown that it speaks HTTP/2 */
  get started(): boolean {
    return this.#settingsSeen;
  }

  receive(chunk: Buffer): void {
    if (this.#ended) return;
    this.heardAtMs = this.#options.nowMs();
    try {
      this.#reader.read(chunk, this.#take);
    } catch (error) {
      this.#fail(error);
    }
    this.#writer.flush();
    if (this.#writer.unwrittenBytes > unwrittenBytesMax) this.#socket.pause();
  }

  /** the socket has taken all that was written */
  drained(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** the socket is gone */
  lost(): void {
    this.#ended = true;
    this.#calls.cancelAll();
  }

  /** No new calls from here on; those under way may finish. */
  goAway(): void {
    if (this.#closing || this.#ended) return;
    this.#closing = true;
    this.#writer.goAway(this.#lastStreamId, errorCode.noError, '');
    this.#writer.flush();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends calls whose time is over. */
  expire(nowMs: number): void {
    this.#calls.expire(nowMs);
  }

  ping(): void {
    this.#writer.ping();
    this.#writer.flush();
  }

  #fail(error: unknown): void {
    const known = error instanceof ConnectionError;
    const text = error instanceof Error ? error.message : String(error);
    this.#writer.goAway(this.#lastStreamId, known ? error.code : errorCode.internalError, text);
    this.#writer.flush();
    this.lost();
    this.#socket.end();
  }

  readonly #take = (frame: Frame): void => {
    if (this.#ended) return;
    const { type, streamId } = frame;
    if (this.#block !== undefined && (type !== frameType.continuation || streamId !== this.#block.streamId)) {
      throw protocolError('a header block must be finished before anything else');
    }
    if (!this.#settingsSeen && type !== frameType.settings) throw protocolError('the first frame must be SETTINGS');
    const handle = this.#handlers[type];
    if (handle === undefined) this.#flood.count('empty');
    else {
      try {
        handle(frame);
      } catch (error) {
        if (!(error instanceof StreamError)) throw error;
        this.#resetStream(error);
      }
    }
  };

  readonly #handlers: readonly ((frame: Frame) => void)[] = [
    (frame) => this.#onData(frame),
    (frame) => this.#onHeaders(frame),
    (frame) => this.#onPriority(frame),
    (frame) => this.#onReset(frame),
    (frame) => this.#onSettings(frame),
    () => {
      throw protocolError('a client does not push');
    },
    (frame) => this.#onPing(frame),
    ({ streamId }) => {
      if (streamId !== 0) throw protocolError('GOAWAY belongs to the connection');
    },
    (frame) => this.#onWindowUpdate(frame),
    (frame) => this.#onContinuation(frame),
  ];

  #resetStream({ streamId, code }: StreamError): void {
    this.#writer.reset(streamId, code);
    const call = this.#calls.get(streamId);
    if (call !== undefined) this.#calls.drop(call);
  }

  #onPriority({ streamId, payload }: Frame): void {
    if (streamId === 0) throw protocolError('PRIORITY needs a stream');
    if (payload.length !== 5) throw new StreamError(streamId, errorCode.frameSizeError, 'PRIORITY has five bytes');
    if ((payload.readUInt32BE(0) & 0x7fffffff) === streamId) {
      throw new StreamError(streamId, errorCode.protocolError, 'a stream depends on itself');
    }
    this.#flood.count('empty');
  }

  #onReset({ streamId, payload }: Frame): void {
    if (streamId === 0 || streamId > this.#lastStreamId) throw protocolError('RST_STREAM of a stream that is not open');
    if (payload.length !== 4) throw new ConnectionError(errorCode.frameSizeError, 'RST_STREAM has four bytes');
    const call = this.#calls.get(streamId);
    if (call === undefined) return;
    this.#calls.drop(call);
    this.#flood.count('reset');
  }

  #onSettings({ streamId, flags, payload }: Frame): void {
    const values = checkedSettings(streamId, flags, payload);
    this.#settingsSeen = true;
    if (values === undefined) return;
    this.#flood.count('settings');
    const { initialWindowSize, headerTableSize } = values;
    if (headerTableSize !== undefined) this.#writer.blocks.tableBytes(headerTableSize);
    if (initialWindowSize !== undefined) this.#writer.windows.setInitial(initialWindowSize, this.#calls.values());
    this.#writer.acknowledge(frameType.settings, noBytes);
  }

  #onPing({ streamId, flags, payload }: Frame): void {
    if (streamId !== 0) throw protocolError('PING belongs to the connection');
    if (payload.length !== 8) throw new ConnectionError(errorCode.frameSizeError, 'PING has eight bytes');
    if ((flags & frameFlag.ack) !== 0) return;
    this.#flood.count('ping');
    this.#writer.acknowledge(frameType.ping, payload);
  }

  #onWindowUpdate({ streamId, payload }: Frame): void {
    if (payload.length !== 4) throw new ConnectionError(errorCode.frameSizeError, 'WINDOW_UPDATE has four bytes');
    if (streamId > this.#lastStreamId) throw protocolError('WINDOW_UPDATE of a stream that was not opened');
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    const call = this.#calls.get(streamId);
    if (bytes === 0) {
      if (streamId === 0) throw protocolError('WINDOW_UPDATE by nothing');
      throw new StreamError(streamId, errorCode.protocolError, 'WINDOW_UPDATE by nothing');
    }
    if (streamId === 0) this.#writer.windows.grow(undefined, bytes);
    else if (call !== undefined) this.#writer.windows.grow(call, bytes);
  }

  #onData(frame: Frame): void {
    const { streamId, flags, payload } = frame;
    if (streamId === 0) throw protocolError('DATA needs a stream');
    const end = (flags & frameFlag.endStream) !== 0;
    const data = unpadded(frame);
    if (payload.length === 0 && !end) this.#flood.count('empty');
    this.#received += payload.length;
    if (this.#received > connectionWindow) {
      throw new ConnectionError(errorCode.flowControlError, 'more DATA than the connection has room for');
    }
    // The connection's room is given back at once: what may wait is bounded for each call and over all of them.
    if (this.#received >= connectionWindow / 2) {
      this.#writer.giveWindow(0, this.#received);
      this.#received = 0;
    }
    const call = this.#calls.get(streamId);
    if (call === undefined || call.halfClosed) {
      if (streamId > this.#lastStreamId) throw protocolError('DATA on a stream that was not opened');
      throw new StreamError(streamId, errorCode.streamClosed, 'the stream is closed');
    }
    this.#calls.receive(call, data, payload.length, end);
  }

  #onHeaders(frame: Frame): void {
    const { streamId, flags } = frame;
    if (streamId === 0 || streamId % 2 === 0) throw protocolError('a client opens streams with odd numbers');
    let payload = unpadded(frame);
    if ((flags & frameFlag.priority) !== 0) {
      if (payload.length < 5) throw new ConnectionError(errorCode.frameSizeError, 'HEADERS is too short');
      if ((payload.readUInt32BE(0) & 0x7fffffff) === streamId) throw protocolError('a stream depends on itself');
      payload = payload.subarray(5);
    }
    const endStream = (flags & frameFlag.endStream) !== 0;
    if ((flags & frameFlag.endHeaders) !== 0) this.#onHeaderBlock(streamId, payload, endStream);
    else this.#block = { streamId, endStream, parts: [payload], bytes: payload.length };
  }

  #onContinuation({ streamId, flags, payload }: Frame): void {
    const block = this.#block;
    if (block === undefined) throw protocolError('CONTINUATION of nothing');
    block.parts.push(payload);
    block.bytes += payload.length;
    if (block.parts.length > continuationsMax || block.bytes > headerListBytesMax) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'a header block is too long');
    }
    if ((flags & frameFlag.endHeaders) === 0) return;
    this.#block = undefined;
    this.#onHeaderBlock(streamId, Buffer.concat(block.parts), block.endStream);
  }

  #onHeaderBlock(streamId: number, block: Buffer, endStream: boolean): void {
    const decoded = this.#heads.decode(block); // always: later blocks build on it
    const open = this.#calls.get(streamId);
    if (open !== undefined) {
      this.#calls.trailers(open, decoded.fields, endStream);
      return;
    }
    if (streamId <= this.#lastStreamId) throw new ConnectionError(errorCode.streamClosed, 'HEADERS on a closed stream');
    this.#lastStreamId = streamId;
    if (this.#closing) throw new StreamError(streamId, errorCode.refusedStream, 'the server is stopping');
    this.#calls.open(streamId, decoded.head(streamId), decoded.fields, endStream);
  }
}
