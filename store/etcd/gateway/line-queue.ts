/** a handler is told to wait when so much has not been taken */
const highBytes = 256 * 1024;

/**
 * The lines of a streamed answer between the handler that makes them and the connection that takes them. A handler that
 * heeds `push` and `drained` bounds what waits here.
 */
export class LineQueue implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  #lines: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #taker: (() => void) | undefined;
  #waiting: (() => void)[] = [];

  /** False: enough waits; see `drained`. */
  push(line: string): boolean {
    if (this.#ended) return true;
    const bytes = Buffer.from(`${line}\n`);
    this.#lines.push(bytes);
    this.#bytes += bytes.length;
    this.#wake();
    return this.#bytes < highBytes;
  }

  /** Nothing more comes; what waits is still handed out. */
  end(): void {
    this.#ended = true;
    this.#wake();
    this.#release();
  }

  drained(): Promise<void> {
    if (this.#ended || this.#bytes < highBytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves once there is a line, or the end came without one. */
  begun(): Promise<void> {
    return this.#something();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** all that waits, in one piece */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#something();
    if (this.#lines.length === 0) return { done: true, value: undefined };
    const value = Buffer.concat(this.#lines);
    this.#lines = [];
    this.#bytes = 0;
    this.#release();
    return { done: false, value };
  }

  /** the client takes no more */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#lines = [];
    this.#bytes = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  async #something(): Promise<void> {
    if (this.#lines.length > 0 || this.#ended) return;
    await new Promise<void>((resolve) => (this.#taker = resolve));
  }

  #wake(): void {
    this.#taker?.();
    this.#taker = undefined;
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
