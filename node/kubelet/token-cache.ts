import type { PodSources, TokenOptions } from './pod-sources.ts';

interface Kept {
  readonly token: string;
  readonly issuedMs: number;
  readonly lifeMs: number;
}

/** more than the pods of a node have volumes of tokens */
const tokensMax = 4_096;
/** when so much of its life is over, or after a day, a token is replaced */
const oldPart = 0.8;
const ageMsMax = 24 * 3_600_000;
const defaultSeconds = 3_600;

/** Tokens of pods, asked for again only when they grow old. */
export class TokenCache {
  readonly #ask: PodSources['token'];
  readonly #nowMs: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(ask: PodSources['token'], nowMs: () => number) {
    this.#ask = ask;
    this.#nowMs = nowMs;
  }

  readonly get: PodSources['token'] = async (namespace, account, options) => {
    const key = JSON.stringify([namespace, account, options.pod.uid, options.audience, options.expirationSeconds]);
    const known = this.#kept.get(key);
    if (known !== undefined && !this.#isOld(known)) return known.token;
    const token = await this.#askAgain(namespace, account, options, known);
    if (token === undefined) return undefined;
    this.#kept.delete(key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= tokensMax && oldest !== undefined) this.#kept.delete(oldest);
    const lifeMs = (options.expirationSeconds ?? defaultSeconds) * 1000;
    this.#kept.set(key, token === known?.token ? known : { token, issuedMs: this.#nowMs(), lifeMs });
    return token;
  };

  #isOld({ issuedMs, lifeMs }: Kept): boolean {
    const ageMs = this.#nowMs() - issuedMs;
    return ageMs > lifeMs * oldPart || ageMs > ageMsMax;
  }

  /** Where there is no new one to be had, the old one is better than none, while it lasts. */
  async #askAgain(
    namespace: string,
    account: string,
    options: TokenOptions,
    known: Kept | undefined,
  ): Promise<string | undefined> {
    try {
      return await this.#ask(namespace, account, options);
    } catch (error) {
      if (known !== undefined && this.#nowMs() - known.issuedMs < known.lifeMs) return known.token;
      throw error;
    }
  }
}
