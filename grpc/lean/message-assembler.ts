import { gunzipSync, inflateSync } from 'node:zlib';
import { GrpcError, grpcCode } from '../server.ts';

/** before each message: whether it is compressed, and its length */
export const prefixBytes = 5;
const noBytes = Buffer.alloc(0);

/** `grpc-encoding` that a client may use for what it sends */
const decompressors: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
};
export const acceptedEncodings = ['identity', ...Object.keys(decompressors)].join(',');

/** Puts what a call's DATA frames carry together into messages. */
export interface RequestAssembler {
  /** bytes of a message that is not whole yet */
  readonly pendingBytes: number;
  /** Calls `take` for each whole message; throws GrpcError where one is too large or cannot be decompressed. */
  add(data: Buffer, take: (message: Buffer) => void): void;
  /** The client has finished; false where it broke off in the middle. */
  end(): boolean;
}

/** For plain HTTP: what comes is passed on. */
export class PartsAssembler implements RequestAssembler {
  readonly pendingBytes = 0;

  add(data: Buffer, take: (message: Buffer) => void): void {
    take(data);
  }

  end(): boolean {
    return true;
  }
}

/** For gRPC: each message has a prefix of five bytes. */
export class MessageAssembler implements RequestAssembler {
  readonly #bytesMax: number;
  readonly #encoding: string | undefined;
  #parts: Buffer[] = [];
  #have = 0;
  /** of the message under way, with its prefix; 0: not known yet */
  #need = 0;

  constructor(bytesMax: number, encoding: string | undefined) {
    this.#bytesMax = bytesMax;
    this.#encoding = encoding;
  }

  get pendingBytes(): number {
    return this.#have;
  }

  end(): boolean {
    return this.#have === 0;
  }

  add(data: Buffer, take: (message: Buffer) => void): void {
    let bytes = data;
    if (this.#have > 0) {
      this.#parts.push(data);
      this.#have += data.length;
      if (this.#have < Math.max(this.#need, prefixBytes)) return;
      bytes = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#have = 0;
      this.#need = 0;
    }
    let at = 0;
    while (bytes.length - at >= prefixBytes) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > this.#bytesMax) throw tooLarge(length, this.#bytesMax);
      this.#need = prefixBytes + length;
      if (bytes.length - at < this.#need) break;
      const message = bytes.subarray(at + prefixBytes, at + this.#need);
      take(bytes[at] === 0 ? message : this.#decompress(message, bytes[at]!));
      at += this.#need;
      this.#need = 0;
    }
    if (at === bytes.length) return;
    this.#parts = [at === 0 ? bytes : bytes.subarray(at)];
    this.#have = bytes.length - at;
  }

  #decompress(message: Buffer, flag: number): Buffer {
    const decompress = flag === 1 ? decompressors[this.#encoding ?? ''] : undefined;
    if (decompress === undefined) {
      const text = `grpc: Decompressor is not installed for grpc-encoding "${this.#encoding ?? 'identity'}"`;
      throw new GrpcError(grpcCode.unimplemented, text);
    }
    try {
      return message.length === 0 ? noBytes : decompress(message, { maxOutputLength: this.#bytesMax });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(`more than ${this.#bytesMax}`, this.#bytesMax);
      throw new GrpcError(grpcCode.internal, `grpc: failed to decompress the message: ${String(error)}`);
    }
  }
}

const tooLarge = (length: number | string, max: number): GrpcError =>
  new GrpcError(grpcCode.resourceExhausted, `grpc: received message larger than max (${length} vs. ${max})`);
