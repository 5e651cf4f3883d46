import type { Lease, LeaseSpec } from '../api/types/coordination-v1.ts';
import type { Clock } from '../base/clock.ts';
import { rfc3339Micro, sleep, systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { Random } from '../base/random.ts';
import { isAlreadyExists, isConflict, isNotFound, messageOf } from './api-errors.ts';
import { linkedAbort } from './linked-abort.ts';
import { leases, resourcePath } from './resources.ts';
import type { KubeClient } from './types.ts';

export interface LeaderElectionOptions {
  readonly client: KubeClient;
  /** the Lease: e.g. `kube-system` and `kube-scheduler` */
  readonly namespace: string;
  readonly name: string;
  /** unique among all candidates, also over restarts of one */
  readonly identity: string;
  /** how long others wait for a silent leader; default 15 s */
  readonly leaseDurationMs?: number;
  /** a leader that could not renew this long steps down; default 10 s; must be below the lease's duration */
  readonly renewDeadlineMs?: number;
  /** pause between attempts; default 2 s */
  readonly retryPeriodMs?: number;
  /** called with the holder's identity each time it changes */
  onNewLeader?(identity: string): void;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
}

export interface LeaderElector {
  isLeader(): boolean;
  /** the last holder seen; '' where there is none */
  leader(): string;
  /** Ends the leading part, waits for it, gives the lease back, and resolves. */
  stop(): Promise<void>;
}

const jitterFactor = 1.2;

/**
 * Campaigns for the Lease for as long as it is not stopped. While it holds it, `lead(signal)` runs; `signal` aborts when the lease is lost or
 * on stop, and no new campaign begins before `lead` has returned. As client-go's leaderelection package, which also never compares another
 * machine's clock with ours: a lease is over when *we* have seen it unchanged for its duration.
 */
export function startLeaderElection(
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
): LeaderElector {
  const campaign = new Campaign(options, lead);
  const finished = campaign.run();
  return {
    isLeader: () => campaign.isLeader(),
    leader: () => campaign.observed.holderIdentity ?? '',
    async stop() {
      campaign.abort.abort(new Error('leader election was stopped'));
      await finished;
    },
  };
}

class Campaign {
  readonly abort = new AbortController();
  observed: LeaseSpec = {};
  readonly #options: LeaderElectionOptions;
  readonly #lead: (signal: AbortSignal) => Promise<void>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #durationMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  #observedLease: Lease | undefined;
  /** when we saw the record change last, by our own monotonic clock */
  #observedAtMs = 0;
  #renewedAtMs = 0;
  #leading = false;

  constructor(options: LeaderElectionOptions, lead: (signal: AbortSignal) => Promise<void>) {
    this.#options = options;
    this.#lead = lead;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#log = (options.log ?? silentLog).child({
      lease: `${options.namespace}/${options.name}`,
      identity: options.identity,
    });
    this.#durationMs = options.leaseDurationMs ?? 15_000;
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    if (this.#durationMs <= this.#deadlineMs)
      throw new Error('leader election: leaseDurationMs must be greater than renewDeadlineMs');
    if (this.#deadlineMs <= this.#retryMs * jitterFactor) {
      throw new Error(`leader election: renewDeadlineMs must be greater than retryPeriodMs * ${jitterFactor}`);
    }
  }

  isLeader(): boolean {
    return this.#leading && this.#clock.monotonicMs() - this.#renewedAtMs < this.#durationMs;
  }

  async run(): Promise<void> {
    const { signal } = this.abort;
    while (!signal.aborted) {
      if (await this.#tryAcquireOrRenew()) await this.#term();
      const pauseMs = this.#retryMs * (1 + this.#random.next() * (jitterFactor - 1));
      await sleep(pauseMs, this.#clock, signal).catch(() => {});
    }
  }

  /** From winning the lease until it is lost or given back. */
  async #term(): Promise<void> {
    const term = new AbortController();
    this.#leading = true;
    this.#log.info({}, 'became leader');
    const leading = this.#lead(term.signal).catch((error: unknown) => {
      this.#log.error({ error: messageOf(error) }, 'the leading part failed; giving the lease back');
    });
    const { controller: over, unlink } = linkedAbort([this.abort.signal]);
    const whenEnded = leading.finally(() => over.abort());
    const isOver = (): boolean => over.signal.aborted;
    while (!isOver()) {
      await sleep(this.#retryMs, this.#clock, over.signal).catch(() => {});
      if (isOver()) break;
      const renewed = await this.#tryAcquireOrRenew();
      if (!renewed && this.observed.holderIdentity !== this.#options.identity) break;
      if (this.#clock.monotonicMs() - this.#renewedAtMs >= this.#deadlineMs) break;
    }
    if (!isOver()) this.#log.warn({ leader: this.observed.holderIdentity }, 'lost the lease');
    unlink();
    term.abort(new Error('no longer the leader'));
    this.#leading = false;
    await whenEnded;
    await this.#release();
  }

  async #tryAcquireOrRenew(): Promise<boolean> {
    const startedMs = this.#clock.monotonicMs();
    try {
      // While our own record stands, the copy at hand is what the server has; a conflict tells us otherwise.
      const held = this.isLeader() && this.#observedLease !== undefined;
      if (!held) this.#observe(await this.#request('GET', undefined));
      const lease = this.#observedLease;
      if (!lease) return false;
      const holder = this.observed.holderIdentity ?? '';
      if (holder !== '' && holder !== this.#options.identity && this.#isValid()) return false;
      this.#observe(await this.#request('PUT', { ...lease, spec: this.#nextSpec() }));
    } catch (error) {
      if (!(await this.#recover(error))) return false;
    }
    // Counted from before the request: others may have seen the record that early.
    this.#renewedAtMs = startedMs;
    return true;
  }

  /** True when the lease did not exist and is ours now. */
  async #recover(error: unknown): Promise<boolean> {
    if (isNotFound(error)) {
      this.#observedLease = undefined;
      try {
        this.#observe(await this.#request('POST', this.#newLease()));
        return true;
      } catch (createError) {
        if (!isAlreadyExists(createError))
          this.#log.debug({ error: messageOf(createError) }, 'the lease cannot be created');
        return false;
      }
    }
    if (isConflict(error)) {
      try {
        this.#observe(await this.#request('GET', undefined));
      } catch (readError) {
        this.#log.debug({ error: messageOf(readError) }, 'the lease cannot be read');
      }
      return false;
    }
    if (!this.abort.signal.aborted) this.#log.debug({ error: messageOf(error) }, 'the lease cannot be read or written');
    return false;
  }

  #isValid(): boolean {
    const durationMs = (this.observed.leaseDurationSeconds ?? 0) * 1000;
    return this.#clock.monotonicMs() - this.#observedAtMs < durationMs;
  }

  #observe(lease: Lease): void {
    const before = this.observed;
    const spec = lease.spec ?? {};
    this.#observedLease = lease;
    const changed =
      before.holderIdentity !== spec.holderIdentity ||
      before.renewTime !== spec.renewTime ||
      before.acquireTime !== spec.acquireTime;
    if (!changed) return;
    this.observed = spec;
    this.#observedAtMs = this.#clock.monotonicMs();
    const holder = spec.holderIdentity ?? '';
    if (holder !== '' && holder !== before.holderIdentity) this.#options.onNewLeader?.(holder);
  }

  #nextSpec(): LeaseSpec {
    const now = rfc3339Micro(this.#clock.nowMs());
    const isOurs = this.observed.holderIdentity === this.#options.identity;
    return {
      ...this.#observedLease?.spec,
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
      renewTime: now,
      acquireTime: isOurs ? (this.observed.acquireTime ?? now) : now,
      leaseTransitions: (this.observed.leaseTransitions ?? 0) + (isOurs ? 0 : 1),
    };
  }

  #newLease(): Lease {
    const { name, namespace } = this.#options;
    this.observed = {};
    const spec = { ...this.#nextSpec(), leaseTransitions: 0 };
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
  }

  /** Hands the lease back, so that another need not wait for it to run out. */
  async #release(): Promise<void> {
    const lease = this.#observedLease;
    if (!lease || this.observed.holderIdentity !== this.#options.identity) return;
    const now = rfc3339Micro(this.#clock.nowMs());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      this.#observe(await this.#request('PUT', { ...lease, spec }));
      this.#log.info({}, 'gave the lease back');
    } catch (error) {
      this.#log.debug({ error: messageOf(error) }, 'the lease cannot be given back; it will run out');
    }
  }

  async #request(method: 'GET' | 'POST' | 'PUT', body: Lease | undefined): Promise<Lease> {
    const { client, namespace, name } = this.#options;
    const timeout = new AbortController();
    // A leader must know by its deadline whether it still leads, however long the server takes.
    const leftMs = this.#leading ? this.#renewedAtMs + this.#deadlineMs - this.#clock.monotonicMs() : Infinity;
    const timeoutMs = Math.max(1, Math.min(leftMs, Math.max(1_000, this.#deadlineMs / 2)));
    const cancel = this.#clock.after(timeoutMs, () => timeout.abort(new Error(`no answer within ${timeoutMs} ms`)));
    try {
      const path = resourcePath(leases, namespace, method === 'POST' ? '' : name);
      return await client.request<Lease>(method, path, body, timeout.signal);
    } finally {
      cancel();
    }
  }
}
