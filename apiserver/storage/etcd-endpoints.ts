import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { EtcdChannel, type EtcdTls } from './etcd-channel.ts';

const pingPeriodMs = 600;
/**
 * A member without a leader keeps what it is asked until there is one, and mostly there soon is one, for the others too: to
 * leave it is right only when it has stayed behind.
 */
const leaderlessPingsMax = 4;
/** how long a member that failed is passed over */
const avoidMs = 1_000;

/**
 * The members of the store, the own one first. One of them is in use; it is asked for its status all the time, so that
 * a member that is dead, paused or cut off is left within about two seconds.
 */
export class EtcdEndpoints {
  readonly #channels: readonly EtcdChannel[];
  readonly #avoidUntilMs = new Map<EtcdChannel, number>();
  readonly #log: Log;
  readonly #stopPinging: () => void;
  #inUse: EtcdChannel;
  #leaderlessPings = 0;

  constructor(urls: readonly string[], tls: EtcdTls | undefined, log: Log) {
    const [first, ...rest] = urls.map((url) => new EtcdChannel(url, tls));
    if (first === undefined) throw new Error('--etcd-servers names no server');
    this.#channels = [first, ...rest];
    this.#inUse = first;
    this.#log = log;
    this.#stopPinging = systemClock.every(pingPeriodMs, () => void this.#watchOver());
    void this.#watchOver();
  }

  get count(): number {
    return this.#channels.length;
  }

  pick(): EtcdChannel {
    if (!this.#avoided(this.#inUse)) return this.#inUse;
    const next = this.#channels.find((channel) => !this.#avoided(channel)) ?? this.#soonest();
    if (next !== this.#inUse) this.#log.info({ from: this.#inUse.url, to: next.url }, 'using another store member');
    this.#inUse = next;
    return next;
  }

  /** The member answered badly: it has no leader, or the connection failed. */
  avoid(channel: EtcdChannel): void {
    this.#avoidUntilMs.set(channel, systemClock.monotonicMs() + avoidMs);
  }

  close(): void {
    this.#stopPinging();
    for (const channel of this.#channels) channel.close();
  }

  #avoided(channel: EtcdChannel): boolean {
    return (this.#avoidUntilMs.get(channel) ?? 0) > systemClock.monotonicMs();
  }

  #soonest(): EtcdChannel {
    const until = (channel: EtcdChannel): number => this.#avoidUntilMs.get(channel) ?? 0;
    return this.#channels.reduce((best, channel) => (until(channel) < until(best) ? channel : best));
  }

  /** Pings the member in use, and the own one when another is in use, to come back to it. */
  async #watchOver(): Promise<void> {
    const inUse = this.#inUse;
    const own = this.#channels[0] as EtcdChannel;
    const [alive, ownAlive] = await Promise.all([inUse.ping(), inUse === own ? false : own.ping()]);
    if (!alive) {
      this.avoid(inUse);
      inUse.reset();
      this.pick();
      return;
    }
    this.#leaderlessPings = inUse.leader === 0n ? this.#leaderlessPings + 1 : 0;
    if (this.#leaderlessPings >= leaderlessPingsMax && this.#channels.length > 1) {
      this.#leaderlessPings = 0;
      this.avoid(inUse);
    } else if (ownAlive && own.leader !== 0n && !this.#avoided(own) && this.#inUse === inUse) {
      this.#inUse = own;
    }
  }
}
