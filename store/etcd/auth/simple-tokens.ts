import type { Clock } from '../../../base/clock.ts';
import { randomSecret } from '../../../base/random.ts';
import type { Random } from '../../../base/random.ts';
import type { AuthInfo } from '../../auth/types.ts';
import type { Authenticated } from './apply-auth.ts';
import type { TokenProvider } from './token-provider.ts';

export interface SimpleTokensOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** after its last use */
  readonly ttlMs: number;
  readonly appliedIndex: () => number;
  /** resolves when all is applied here that was committed anywhere before */
  readonly catchUp: () => Promise<void>;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const prefixLength = 16;
/** beyond, the token unused for longest is forgotten: its owner authenticates again */
const tokensMax = 100_000;

interface Held {
  readonly user: string;
  untilMs: number;
}

/**
 * `--auth-token=simple`: random texts, `<16 letters>.<index of the entry>`. Each member remembers those whose
 * authentication it has applied, so that all know a token, and each counts for itself how long it was not used. A
 * restart forgets them.
 */
export class SimpleTokens implements TokenProvider {
  readonly #options: SimpleTokensOptions;
  /** in the order of their last use */
  readonly #held = new Map<string, Held>();

  constructor(options: SimpleTokensOptions) {
    this.#options = options;
  }

  prefix(): string {
    return randomSecret(prefixLength, alphabet, this.#options.random);
  }

  issue(_user: string, { token }: Authenticated): string {
    return token;
  }

  async owner(token: string, revision: number): Promise<AuthInfo | undefined> {
    const index = /^[^.]*\.(\d{1,15})$/.exec(token)?.[1];
    if (index === undefined) return undefined;
    // made by a member that is ahead of this one
    if (Number(index) > this.#options.appliedIndex()) await this.#options.catchUp();
    const user = this.#use(token);
    return user === undefined ? undefined : { user, revision };
  }

  given(user: string, token: string): void {
    this.#dropOld();
    this.#held.set(token, { user, untilMs: this.#nextEndMs });
  }

  forget(user: string): void {
    for (const [token, held] of this.#held) if (held.user === user) this.#held.delete(token);
  }

  forgetAll(): void {
    this.#held.clear();
  }

  get #nextEndMs(): number {
    return this.#options.clock.monotonicMs() + this.#options.ttlMs;
  }

  #use(token: string): string | undefined {
    const held = this.#held.get(token);
    if (held === undefined) return undefined;
    this.#held.delete(token);
    if (held.untilMs <= this.#options.clock.monotonicMs()) return undefined;
    held.untilMs = this.#nextEndMs;
    this.#held.set(token, held);
    return held.user;
  }

  /** Those in front were not used for longest. */
  #dropOld(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [token, { untilMs }] of this.#held) {
      if (untilMs > nowMs && this.#held.size < tokensMax) return;
      this.#held.delete(token);
    }
  }
}
