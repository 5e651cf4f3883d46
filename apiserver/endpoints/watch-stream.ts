import type { ReplyStream } from '../pipeline.ts';

/** Frames a client may be behind; then its watch ends, and it resumes from its last version. */
export const watchQueueFramesMax = 10_000;
/** of the objects that those frames will show */
export const watchQueueBytesMax = 64 * 1024 * 1024;
const chunkBytesMax = 256 * 1024;
const pendingBytesMax = 1024 * 1024;

/**
 * Frames on their way to one client. They are made when they are sent, and those of one turn go out together. What
 * `initial` holds goes first and is not counted: it is the state, which the server has anyway.
 */
export class WatchStream {
  readonly #stream: ReplyStream;
  readonly #queue: { readonly frame: () => Uint8Array; readonly bytes: number }[] = [];
  #queuedBytes = 0;
  #initial: Iterator<() => Uint8Array> | undefined;
  #pumping = false;
  #ended = false;
  #endWhenSent = false;

  constructor(stream: ReplyStream, initial: Iterable<() => Uint8Array>) {
    this.#stream = stream;
    this.#initial = initial[Symbol.iterator]();
    this.#schedule();
  }

  /** False: the client is too far behind, and the watch has ended. `bytes`: about how much the frame keeps. */
  push(frame: () => Uint8Array, bytes = 0): boolean {
    if (this.#ended || this.#endWhenSent) return false;
    if (this.#queue.length >= watchQueueFramesMax || this.#queuedBytes + bytes > watchQueueBytesMax) {
      this.abort();
      return false;
    }
    this.#queue.push({ frame, bytes });
    this.#queuedBytes += bytes;
    this.#schedule();
    return true;
  }

  /** Ends after what is queued. */
  end(): void {
    this.#endWhenSent = true;
    this.#schedule();
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#initial = undefined;
    this.#stream.end();
  }

  #schedule(): void {
    if (this.#pumping || this.#ended) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pump().catch(() => this.abort());
    });
  }

  async #pump(): Promise<void> {
    for (;;) {
      const chunk = this.#chunk();
      if (chunk === undefined) break;
      this.#stream.write(chunk);
      if (this.#stream.pendingBytes > pendingBytesMax) await this.#stream.drained();
      if (this.#stream.signal.aborted) this.abort();
    }
    this.#pumping = false;
    if (this.#endWhenSent) this.abort();
  }

  #next(): (() => Uint8Array) | undefined {
    const initial = this.#initial?.next();
    if (initial?.done === false) return initial.value;
    this.#initial = undefined;
    const next = this.#queue.shift();
    if (next !== undefined) this.#queuedBytes -= next.bytes;
    return next?.frame;
  }

  #chunk(): Uint8Array | undefined {
    const frames: Uint8Array[] = [];
    let bytes = 0;
    while (bytes < chunkBytesMax && !this.#ended) {
      const next = this.#next();
      if (next === undefined) break;
      const frame = next();
      frames.push(frame);
      bytes += frame.length;
    }
    if (frames.length === 0) return undefined;
    return frames.length === 1 ? frames[0] : Buffer.concat(frames, bytes);
  }
}
