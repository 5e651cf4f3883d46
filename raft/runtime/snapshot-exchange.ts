import { messageOf } from '../../base/message-of.ts';
import type { Log } from '../../base/log.ts';
import type { ConfState, LogIndex, Message, NodeId, Term } from '../core/types.ts';
import type { ReachFaultPoint } from './fault-point.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { PeerTransport } from './platform.ts';
import type { StateMachine } from './types.ts';

/** Images sent at once; a further follower waits for its next turn. */
const sendsMax = 2;

export interface SnapshotExchangeHost {
  readonly machine: StateMachine;
  readonly snapshots: SnapshotStore;
  transport(): PeerTransport;
  appliedIndex(): LogIndex;
  lastGivenIndex(): LogIndex;
  confStateAt(index: LogIndex): ConfState;
  /** undefined where the log no longer reaches */
  termAt(index: LogIndex): Term | undefined;
  report(peer: NodeId, outcome: 'finished' | 'failed'): void;
  /** a received image is durable */
  onReceived(offer: Message): void;
  readonly log: Log;
  readonly faultPoint?: ReachFaultPoint;
}

/** Sends images to followers that are too far behind, and stores those that a leader sends. Beside the log, never in its way. */
export class SnapshotExchange {
  readonly #host: SnapshotExchangeHost;
  readonly #sending = new Map<NodeId, Promise<void>>();
  #receiving = false;
  #stopped = false;

  constructor(host: SnapshotExchangeHost) {
    this.#host = host;
  }

  /** `offer` is what the core wants sent; the image that is sent is at least as new. */
  send(offer: Message): void {
    if (this.#stopped || this.#sending.has(offer.to)) return;
    if (this.#sending.size >= sendsMax) {
      this.#host.report(offer.to, 'failed');
      return;
    }
    const done = this.#send(offer).then(
      () => this.#finish(offer.to, 'finished'),
      (error: unknown) => {
        this.#host.log.warn({ peer: offer.to, error: messageOf(error) }, 'a snapshot could not be sent; trying again');
        this.#finish(offer.to, 'failed');
      },
    );
    this.#sending.set(offer.to, done);
  }

  async receive(offer: Message, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#stopped || this.#receiving) throw new Error('another snapshot is being received');
    const { snapshots, log, faultPoint } = this.#host;
    const { snapshot } = offer;
    if (snapshot === undefined) throw new Error('the message offers no snapshot');
    this.#receiving = true;
    try {
      await faultPoint?.('raftBeforeSaveSnap');
      const file = await snapshots.save(snapshot, chunks);
      await faultPoint?.('raftAfterSaveSnap');
      log.info({ from: offer.from, index: snapshot.index, term: snapshot.term, file }, 'received a snapshot');
    } finally {
      this.#receiving = false;
    }
    if (!this.#stopped) this.#host.onReceived(offer);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#sending.values());
  }

  #finish(peer: NodeId, outcome: 'finished' | 'failed'): void {
    this.#sending.delete(peer);
    if (!this.#stopped) this.#host.report(peer, outcome);
  }

  async #send(offer: Message): Promise<void> {
    const { machine, log, faultPoint } = this.#host;
    await faultPoint?.('raftBeforeSendSnap');
    const applied = this.#host.appliedIndex();
    const given = this.#host.lastGivenIndex();
    const appliedTerm = this.#host.termAt(applied);
    const image = await machine.openSnapshot();
    try {
      // Entries that are not given to the machine change nothing: an image of all given to it is one of all applied.
      const index = image.index >= given ? Math.max(image.index, applied) : image.index;
      const term = index === applied ? appliedTerm : this.#host.termAt(index);
      if (term === undefined) throw new Error(`the image is of entry ${index}, which the log does not reach any more`);
      const snapshot = { index, term, confState: this.#host.confStateAt(index) };
      log.info({ peer: offer.to, index, term }, 'sending a snapshot');
      await this.#host.transport().sendSnapshot({ ...offer, snapshot }, image.chunks);
      log.info({ peer: offer.to, index }, 'the snapshot arrived');
    } finally {
      // Whoever did not read the image to its end must still let go of it.
      await image.chunks[Symbol.asyncIterator]().return?.();
    }
  }
}
