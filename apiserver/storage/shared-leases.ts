import type { Clock } from '../../base/clock.ts';
import { EtcdError, type EtcdClient } from './etcd-client.ts';

/** A lease takes objects for this long, so the last of them lives no shorter than the first asked for. */
export const leaseReuseSeconds = 60;
/** Objects on one lease: they all go at the same moment. */
export const leaseObjectsMax = 1_000;

interface Shared {
  readonly lease: Promise<string>;
  readonly untilMs: number;
  objects: number;
}

/**
 * Leases for objects that are forgotten after a time, such as events. Many objects share one: a lease for each would
 * double the writes, and the leases to look after.
 */
export class SharedLeases {
  readonly #client: Pick<EtcdClient, 'leaseGrant'>;
  readonly #clock: Clock;
  /** the one in use, by time to live */
  readonly #current = new Map<number, Shared>();

  constructor(client: Pick<EtcdClient, 'leaseGrant'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Writes with a lease of at least `ttlSeconds`; once more where that lease turns out to be gone. */
  async write<T>(ttlSeconds: number, write: (lease: string) => Promise<T>): Promise<T> {
    const shared = this.#take(ttlSeconds);
    const lease = await shared.lease;
    try {
      return await write(lease);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.kind !== 'lease-not-found') throw error;
      this.#forget(ttlSeconds, shared);
      return write(await this.#take(ttlSeconds).lease);
    }
  }

  #forget(ttlSeconds: number, shared: Shared): void {
    if (this.#current.get(ttlSeconds) === shared) this.#current.delete(ttlSeconds);
  }

  #take(ttlSeconds: number): Shared {
    const now = this.#clock.monotonicMs();
    let shared = this.#current.get(ttlSeconds);
    if (shared === undefined || now >= shared.untilMs || shared.objects >= leaseObjectsMax) {
      const lease = this.#client.leaseGrant(ttlSeconds + leaseReuseSeconds);
      const made = { lease, untilMs: now + leaseReuseSeconds * 1000, objects: 0 };
      // whoever waits for it is told; the next one asks anew
      lease.catch(() => this.#forget(ttlSeconds, made));
      this.#current.set(ttlSeconds, made);
      shared = made;
    }
    shared.objects++;
    return shared;
  }
}
