import { systemClock } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import type { Random } from '../../base/random.ts';
import type { Message, NodeId } from '../core/types.ts';
import { systemDisk } from './disk.ts';
import type { Disk } from './disk.ts';
import { Transport } from './transport/transport.ts';
import type { TransportOptions } from './transport/transport.ts';
import type { PeerAddress } from './types.ts';

/** All connections of one member to its peers. */
export interface PeerTransport {
  /** in the order of the listening URLs */
  readonly ports: readonly number[];
  /** both lanes to the peer stand */
  isUp(peer: NodeId): boolean;
  /** those that are not among them are left */
  setPeers(peers: readonly PeerAddress[]): void;
  /** never waits; what cannot be sent is dropped, and `onUnreachable` tells */
  send(message: Message): void;
  /** streams an image; resolves when the peer has it durably */
  sendSnapshot(offer: Message, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  close(): Promise<void>;
}

/** Everything of the world outside that a member touches: time, chance, disk and network. */
export interface RaftPlatform {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  startTransport(options: TransportOptions): Promise<PeerTransport>;
}

export const systemPlatform: RaftPlatform = {
  clock: systemClock,
  random: systemRandom,
  disk: systemDisk,
  startTransport: (options) => Transport.start(options),
};
