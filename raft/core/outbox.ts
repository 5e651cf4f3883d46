import type { Message, MessageType, NodeId } from './types.ts';

/**
 * Messages that promise something about our own disk. Beside acknowledgements and votes these are vote requests: they
 * describe our log, and a voter's grant rests on it. Were such a grant to outlive the loss of an unsynced tail, a
 * candidate without committed entries could win with it (sections 5.2 and 5.4.1).
 */
const waitsForDisk: ReadonlySet<MessageType> = new Set(['app-resp', 'vote', 'vote-resp']);

/** What waits for the next Ready, in the order it was said. */
export class Outbox {
  readonly #self: NodeId;
  #now: Message[] = [];
  #afterAppend: Message[] = [];

  constructor(self: NodeId) {
    this.#self = self;
  }

  get isEmpty(): boolean {
    return this.#now.length === 0 && this.#afterAppend.length === 0;
  }

  /** The message is taken over; `from` is filled in, unless it is passed on for another. */
  send(message: Omit<Message, 'from'> & { from?: NodeId }): void {
    // in place, as a copy of each message shows in profiles
    message.from ??= this.#self;
    const queue = waitsForDisk.has(message.type) ? this.#afterAppend : this.#now;
    queue.push(message as Message);
  }

  take(): { messages: Message[]; afterAppend: Message[] } {
    const taken = { messages: this.#now, afterAppend: this.#afterAppend };
    this.#now = [];
    this.#afterAppend = [];
    return taken;
  }
}
