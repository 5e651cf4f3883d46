import { createHash } from 'node:crypto';
import type { TokenReviewStatus } from '../../api/types/authentication-v1.ts';
import type { User } from '../pipeline.ts';
import { WebhookClient, type WebhookTarget } from '../transport/webhook-client.ts';
import type { TokenAuthenticator } from './bearer-authenticator.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { askWithRetries } from './webhook-retries.ts';

export interface TokenWebhookSettings {
  readonly target: WebhookTarget;
  /** of TokenReview */
  readonly version: 'v1' | 'v1beta1';
  readonly cacheTtlMs: number;
}

const cachedTokensMax = 4_096;
const timeoutMs = 30_000;

interface Answer {
  readonly user: User | undefined;
}

const userOf = (status: TokenReviewStatus): User | undefined => {
  const { username = '', uid, groups = [], extra } = status.user ?? {};
  if (status.authenticated !== true) return undefined;
  return { name: username, groups, ...(uid && { uid }), ...(extra && { extra }) };
};

/** Tokens that another server knows: it is asked with a TokenReview, and its answer kept for a while. */
export class WebhookTokenAuthenticator implements TokenAuthenticator {
  readonly #settings: TokenWebhookSettings;
  readonly #client: WebhookClient;
  readonly #audiences: readonly string[];
  readonly #cache: ExpiringCache<Answer>;

  /** `audiences`: of this server */
  constructor(settings: TokenWebhookSettings, audiences: readonly string[], nowMs: () => number) {
    this.#settings = settings;
    this.#client = new WebhookClient(settings.target);
    this.#audiences = audiences;
    this.#cache = new ExpiringCache(cachedTokensMax, nowMs);
  }

  /** Rejects where the other server cannot be asked: then nothing is known of the token. */
  async authenticateToken(token: string, audiences?: readonly string[]): Promise<User | undefined> {
    const key = createHash('sha256')
      .update(JSON.stringify([token, audiences]))
      .digest('base64');
    const known = this.#cache.get(key);
    if (known !== undefined) return known.user;
    const user = await this.#ask(token, audiences);
    this.#cache.set(key, { user }, this.#settings.cacheTtlMs);
    return user;
  }

  async #ask(token: string, audiences: readonly string[] | undefined): Promise<User | undefined> {
    const review = {
      kind: 'TokenReview',
      apiVersion: `authentication.k8s.io/${this.#settings.version}`,
      metadata: {},
      spec: { token, ...(audiences?.length && { audiences }) },
    };
    const answer = await askWithRetries(() => this.#client.post(JSON.stringify(review), timeoutMs));
    const status = (answer as { status?: TokenReviewStatus } | undefined)?.status ?? {};
    if (audiences?.length) {
      // a server that says nothing of audiences speaks of this one
      const good = status.audiences?.length ? status.audiences : this.#audiences;
      if (!audiences.some((audience) => good.includes(audience))) return undefined;
    }
    return userOf(status);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
