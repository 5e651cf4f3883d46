import type { Message } from '../../raft/core/types.ts';
import type { PeerAddress } from '../../raft/runtime/types.ts';
import type { SimNetwork } from './sim-network.ts';
import { OrderedStream } from './sim-path.ts';
import type { Connection, SimPath } from './sim-path.ts';
import { chance } from './sim-random.ts';
import type { SimTransport } from './sim-transport.ts';

const pieceBytes = 16 * 1024;
/** pieces that the receiver has not taken yet */
const windowPieces = 8;
const stallMs = 30_000;

const broken = (): Error => new Error('the snapshot stream broke');

/** A bounded hand-over between two lives: what the receiver reads, what the sender waits for. */
class Transfer implements Connection {
  readonly #network: SimNetwork;
  readonly #from: SimTransport;
  readonly #to: SimTransport;
  readonly #forth: SimPath;
  readonly #back: SimPath;
  readonly #stream: OrderedStream;
  readonly #arrived: Uint8Array[] = [];
  #ended = false;
  /** as the receiver knows it */
  #cut: Error | undefined;
  #wakeReceiver: (() => void) | undefined;
  #sent = 0;
  #taken = 0;
  #wakeSender: (() => void) | undefined;
  /** as the sender knows it */
  outcome: 'open' | 'done' | Error = 'open';

  constructor(from: SimTransport, to: SimTransport) {
    this.#network = from.network;
    this.#from = from;
    this.#to = to;
    this.#forth = from.network.path(from.place, to.place);
    this.#back = from.network.path(to.place, from.place);
    this.#stream = new OrderedStream(this.#forth, to.life);
    this.#forth.connections.add(this);
    this.#back.connections.add(this);
    this.#network.transfers.add(this);
  }

  /** either of its ends is this one */
  touches(transport: SimTransport): boolean {
    return this.#from === transport || this.#to === transport;
  }

  begin(offer: Message): void {
    this.#stream.send(() => {
      this.#to.events.onSnapshot(offer, this.#pieces()).then(
        () => this.#answer('done'),
        (error: unknown) => this.#answer(error instanceof Error ? error : broken()),
      );
    });
  }

  /** resolves when there is room, and also when the stream has ended: see `outcome` */
  async push(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && this.outcome === 'open'; at += pieceBytes) {
      if (chance(this.#forth.random, this.#network.snapshotBreaks)) return this.reset();
      const piece = chunk.slice(at, at + pieceBytes);
      this.#sent++;
      this.#stream.send(() => {
        this.#arrived.push(piece);
        this.#wakeReceiver?.();
      });
      while (this.outcome === 'open' && this.#sent - this.#taken >= windowPieces) await this.#senderWoken();
    }
  }

  async finish(): Promise<void> {
    this.#stream.send(() => {
      this.#ended = true;
      this.#wakeReceiver?.();
    });
    while (this.outcome === 'open') await this.#senderWoken();
    if (this.outcome !== 'done') throw this.outcome;
  }

  /** The sender gives up, or is done. */
  leave(): void {
    if (this.outcome === 'open') this.#cutReceiver();
    this.#forget();
  }

  expire(): void {
    this.reset();
  }

  reset(): void {
    this.#forget();
    this.#cutReceiver();
    const { queue } = this.#network;
    queue.plan(this.#back.delayUs(), this.#from.life, () => this.#settle(broken()));
  }

  #forget(): void {
    this.#stream.close();
    this.#forth.connections.delete(this);
    this.#back.connections.delete(this);
    this.#network.transfers.delete(this);
  }

  #cutReceiver(): void {
    this.#network.queue.plan(this.#forth.delayUs(), this.#to.life, () => {
      this.#cut = broken();
      this.#wakeReceiver?.();
    });
  }

  #answer(outcome: 'done' | Error): void {
    // an answer that cannot pass is lost; the keep-alive tells the sender
    if (this.#back.blocked) return;
    this.#network.queue.plan(this.#back.delayUs(), this.#from.life, () => this.#settle(outcome));
  }

  #settle(outcome: 'done' | Error): void {
    if (this.outcome === 'open') this.outcome = outcome;
    this.#wakeSender?.();
  }

  #senderWoken(): Promise<void> {
    return new Promise((resolve) => {
      const { queue } = this.#network;
      const stall = queue.plan(stallMs * 1000, this.#from.life, () => this.#settle(new Error('the snapshot stalled')));
      this.#wakeSender = () => {
        stall.action = undefined;
        this.#wakeSender = undefined;
        resolve();
      };
    });
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const piece = this.#arrived.shift();
      if (piece !== undefined) {
        this.#credit();
        yield piece;
      } else if (this.#cut !== undefined) {
        throw this.#cut;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wakeReceiver = resolve));
        this.#wakeReceiver = undefined;
      }
    }
  }

  #credit(): void {
    this.#network.queue.plan(this.#back.delayUs(), this.#from.life, () => {
      this.#taken++;
      this.#wakeSender?.();
    });
  }
}
export type { Transfer };

/** Streams an image piece by piece; resolves when the peer has it durably. */
export async function sendSnapshot(
  from: SimTransport,
  { id, urls }: PeerAddress,
  offer: Message,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { network } = from;
  const to = network.placeOf(urls[0] ?? '');
  const target = to === undefined ? undefined : network.listening(to);
  const forth = to === undefined ? undefined : network.path(from.place, to);
  await new Promise<void>((resolve) => network.queue.plan(forth?.delayUs() ?? 1, from.life, resolve));
  const reachable = target?.life.alive === true && !forth!.blocked && from.means(target, id);
  if (!reachable) throw new Error(`member ${id} cannot be reached`);
  const transfer = new Transfer(from, target);
  try {
    transfer.begin(offer);
    for await (const chunk of chunks) {
      await transfer.push(chunk);
      if (transfer.outcome !== 'open') break;
    }
    await transfer.finish();
  } finally {
    transfer.leave();
  }
}
