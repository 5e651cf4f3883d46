/**
 * The client's side of SPDY/3.1 as far as kubelets and runtimes speak it: streams that this side opens, data, ends. Their
 * servers (moby/spdystream) keep no flow control windows, so neither does this.
 *
 *     SYN_STREAM 1 {streamtype: stdin} →      DATA 1 "ls\n" →      DATA 1 FIN →
 *     ← SYN_REPLY 1                           ← DATA 3 "bin etc\n"             ← DATA 3 FIN
 *
 * Header blocks go out as a zlib stream of stored blocks: it is legal, needs no dictionary, and there are five of them in
 * the life of a connection. Those that come in say nothing that is needed, and are skipped.
 */
import type { Duplex } from 'node:stream';

const controlBit = 0x8000_0000;
const version = 3;
const type = { synStream: 1, rstStream: 3, ping: 6, goAway: 7 } as const;
const flagFin = 1;
const headBytes = 8;
/** larger frames than any server sends would hold memory here */
const frameBytesMax = 1024 * 1024;
const zlibHeader = Buffer.from([0x78, 0x01]);
const storedBytesMax = 0xffff;

export interface SpdyStream {
  /** false: the connection is full; `drained` of the client tells when it is not */
  write(data: Uint8Array): boolean;
  /** this side sends no more on it */
  end(): void;
}

export interface SpdyStreamHandlers {
  data(chunk: Buffer): void;
  /** the other side sends no more on it */
  end(): void;
}

function headerBlock(headers: Readonly<Record<string, string>>, isFirst: boolean): Buffer {
  const entries = Object.entries(headers);
  const text = (value: string): Buffer[] => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  };
  const count = Buffer.alloc(4);
  count.writeUInt32BE(entries.length);
  const plain = Buffer.concat([
    count,
    ...entries.flatMap(([name, value]) => [...text(name.toLowerCase()), ...text(value)]),
  ]);
  if (plain.length > storedBytesMax) throw new RangeError('headers of a SPDY stream are too long');
  return Buffer.concat([...(isFirst ? [zlibHeader] : []), storedBlock(plain), storedBlock(Buffer.alloc(0))]);
}

/** An empty one behind tells the reader that all is there. */
function storedBlock(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(bytes.length ^ 0xffff, 3);
  return Buffer.concat([head, bytes]);
}

function controlFrame(kind: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE((controlBit | (version << 16) | kind) >>> 0, 0);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

function dataFrame(id: number, flags: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(id, 0);
  head.writeUInt32BE(((flags << 24) | data.length) >>> 0, 4);
  return Buffer.concat([head, data]);
}

export class SpdyClient {
  readonly #socket: Duplex;
  readonly #streams = new Map<number, SpdyStreamHandlers>();
  #nextId = 1;
  #unread: Buffer = Buffer.alloc(0);

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.once('close', () => {
      for (const id of this.#streams.keys()) this.#ended(id);
    });
    if (head.length > 0) this.#receive(head);
  }

  open(headers: Readonly<Record<string, string>>, handlers: SpdyStreamHandlers): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#streams.set(id, handlers);
    const start = Buffer.alloc(10); // id, no associated stream, highest priority
    start.writeUInt32BE(id, 0);
    this.#socket.write(controlFrame(type.synStream, Buffer.concat([start, headerBlock(headers, id === 1)])));
    return {
      write: (data) => this.#socket.write(dataFrame(id, 0, data)),
      end: () => void this.#socket.write(dataFrame(id, flagFin, Buffer.alloc(0))),
    };
  }

  #receive(chunk: Buffer): void {
    let bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (bytes.length >= headBytes) {
      const length = bytes.readUIntBE(5, 3);
      if (length > frameBytesMax) {
        this.#socket.destroy(new Error(`a SPDY frame of ${length} bytes`));
        return;
      }
      if (bytes.length < headBytes + length) break;
      this.#take(bytes.readUInt32BE(0), bytes[4] ?? 0, bytes.subarray(headBytes, headBytes + length));
      bytes = bytes.subarray(headBytes + length);
    }
    this.#unread = bytes;
  }

  #take(word: number, flags: number, payload: Buffer): void {
    if (word < controlBit) {
      if (payload.length > 0) this.#streams.get(word)?.data(payload);
      if ((flags & flagFin) !== 0) this.#ended(word);
      return;
    }
    const kind = word & 0xffff;
    if (kind === type.ping) this.#socket.write(controlFrame(type.ping, payload));
    else if (kind === type.rstStream && payload.length >= 4) this.#ended(payload.readUInt32BE(0));
    else if (kind === type.goAway) this.#socket.end();
    // SYN_REPLY and HEADERS may end a stream as well
    else if ((flags & flagFin) !== 0 && payload.length >= 4) this.#ended(payload.readUInt32BE(0) & ~controlBit);
  }

  #ended(id: number): void {
    const handlers = this.#streams.get(id);
    this.#streams.delete(id);
    handlers?.end();
  }
}
