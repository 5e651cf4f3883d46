import type { LogIndex } from '../types.ts';

/** The appends a follower has not acknowledged: a sliding window bounded by count and by bytes (0: no byte bound). */
export class Inflights {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #sent: { last: LogIndex; bytes: number }[] = [];
  #bytes = 0;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#sent.length;
  }

  /** The byte bound may be exceeded by the one message that reaches it, so that a large entry can pass at all. */
  get full(): boolean {
    return this.#sent.length >= this.#maxMessages || (this.#maxBytes > 0 && this.#bytes >= this.#maxBytes);
  }

  add(last: LogIndex, bytes: number): void {
    this.#sent.push({ last, bytes });
    this.#bytes += bytes;
  }

  /** An acknowledgement of `index` covers every message that ends at or before it. */
  freeTo(index: LogIndex): void {
    let freed = 0;
    while (freed < this.#sent.length && this.#sent[freed]!.last <= index) this.#bytes -= this.#sent[freed++]!.bytes;
    if (freed > 0) this.#sent.splice(0, freed);
  }

  reset(): void {
    this.#sent = [];
    this.#bytes = 0;
  }
}
