import type { Clock } from '../../base/clock.ts';
import type { NodeId } from '../core/types.ts';

/** Since when each peer is connected, as etcd's health check of a membership change wants to know. */
export class PeerLinks {
  readonly #clock: Clock;
  readonly #since = new Map<NodeId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  up(peer: NodeId): void {
    this.#since.set(peer, this.#clock.monotonicMs());
  }

  keepOnly(peers: readonly { readonly id: NodeId }[]): void {
    const known = new Set(peers.map(({ id }) => id));
    for (const id of this.#since.keys()) if (!known.has(id)) this.#since.delete(id);
  }

  connectedMs(peer: NodeId): number | undefined {
    const since = this.#since.get(peer);
    return since === undefined ? undefined : this.#clock.monotonicMs() - since;
  }
}
