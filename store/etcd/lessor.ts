import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Lease } from '../mvcc/types.ts';

export interface LessorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly leases: () => ReadonlyMap<bigint, Lease>;
  /** the term this member leads, undefined where it does not; as it believes */
  readonly leadingTerm: () => number | undefined;
  /** resolves when a quorum has confirmed that this member leads */
  readonly confirm: () => Promise<void>;
  readonly revoke: (id: bigint, expiry: { term: number; renewals: number }) => Promise<unknown>;
}

const checkEveryMs = 500;
const revokesPerCheckMax = 500;

/**
 * The time of leases. It lives outside the replicated state: every member counts from when it applied the grant or the
 * last renewal, and the leader alone proposes to revoke what is over. With a new leader every lease begins anew, so
 * that a lease may last longer than asked, never shorter.
 */
export class Lessor {
  readonly #options: LessorOptions;
  readonly #expiresAtMs = new Map<bigint, number>();
  readonly #stopCheck: () => void;
  #checking = false;

  constructor(options: LessorOptions) {
    this.#options = options;
    this.#stopCheck = options.clock.every(checkEveryMs, () => void this.check());
  }

  started(lease: Lease): void {
    this.#expiresAtMs.set(lease.id, this.#options.clock.monotonicMs() + lease.ttl * 1000);
  }

  ended(id: bigint): void {
    this.#expiresAtMs.delete(id);
  }

  /** a new leader, a restart, a restored snapshot: all leases get their whole time again */
  extendAll(): void {
    this.#expiresAtMs.clear();
    for (const lease of this.#options.leases().values()) this.started(lease);
  }

  /** whole seconds; undefined: over or unknown */
  remainingS(id: bigint): number | undefined {
    const atMs = this.#expiresAtMs.get(id);
    if (atMs === undefined) return undefined;
    const leftMs = atMs - this.#options.clock.monotonicMs();
    return leftMs <= 0 ? undefined : Math.floor(leftMs / 1000);
  }

  expiresAtMs(id: bigint): number {
    return this.#expiresAtMs.get(id) ?? Infinity;
  }

  /** Revokes what is over, if this member is confirmed to lead. */
  async check(): Promise<void> {
    const term = this.#options.leadingTerm();
    if (term === undefined || this.#checking) return;
    const over = this.#over();
    if (over.length === 0) return;
    this.#checking = true;
    try {
      // a leader that was paused may have been deposed meanwhile (etcd PR 17425)
      await this.#options.confirm();
      if (this.#options.leadingTerm() !== term) return;
      await Promise.allSettled(over.map((lease) => this.#options.revoke(lease.id, { term, renewals: lease.renewals })));
    } catch (error) {
      this.#options.log.debug({ err: error }, 'could not confirm leadership; expired leases wait');
    } finally {
      this.#checking = false;
    }
  }

  stop(): void {
    this.#stopCheck();
  }

  #over(): Lease[] {
    const now = this.#options.clock.monotonicMs();
    const over: Lease[] = [];
    for (const [id, atMs] of this.#expiresAtMs) {
      const lease = atMs <= now ? this.#options.leases().get(id) : undefined;
      if (lease !== undefined && over.push(lease) >= revokesPerCheckMax) break;
    }
    return over;
  }
}
