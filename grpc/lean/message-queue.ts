/** Messages of a streaming call on their way to its handler; the flow-control window bounds how much can wait. */
export class MessageQueue<T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #onTaken: () => void;
  #items: { readonly message: T; readonly bytes: number }[] = [];
  #bytes = 0;
  #waiting: ((result: IteratorResult<T, undefined>) => void) | undefined;
  #ended = false;

  /** `onTaken` is called when the handler took something that had to wait. */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  /** of the messages that wait */
  get bytes(): number {
    return this.#bytes;
  }

  push(message: T, bytes: number): void {
    if (this.#ended) return;
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#items.push({ message, bytes });
      this.#bytes += bytes;
      return;
    }
    this.#waiting = undefined;
    waiting({ done: false, value: message });
  }

  /** nothing more comes; what waits is still handed out */
  end(): void {
    this.#ended = true;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#bytes -= item.bytes;
      this.#onTaken();
      return Promise.resolve({ done: false, value: item.message });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  /** the handler reads no further: what comes is dropped */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#ended = true;
    this.#items = [];
    this.#bytes = 0;
    this.#onTaken();
    return Promise.resolve({ done: true, value: undefined });
  }
}
