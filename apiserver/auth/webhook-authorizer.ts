import type { SubjectAccessReviewStatus } from '../../api/types/authorization-v1.ts';
import type { Log } from '../../base/log.ts';
import type { Authorizer, Decision, RequestInfo, User } from '../pipeline.ts';
import { WebhookClient, type WebhookTarget } from '../transport/webhook-client.ts';
import type { CelConditions } from './cel-conditions.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { askWithRetries } from './webhook-retries.ts';

export interface AuthorizationWebhookSettings {
  readonly name: string;
  readonly target: WebhookTarget;
  /** of SubjectAccessReview */
  readonly version: 'v1' | 'v1beta1';
  readonly authorizedTtlMs: number;
  readonly unauthorizedTtlMs: number;
  readonly timeoutMs: number;
  /** what counts where it cannot be asked */
  readonly failurePolicy: 'NoOpinion' | 'Deny';
  /** it is asked only where all of these hold */
  readonly conditions?: CelConditions;
}

const cachedDecisionsMax = 8_192;
/** longer questions are not remembered: they would take too much memory */
const cachedCharactersMax = 10_000;
const noOpinion: Decision = { allowed: false, reason: '' };

const attributesOf = (info: RequestInfo): object => {
  if (!info.isResourceRequest) return { nonResourceAttributes: { path: info.path, verb: info.verb } };
  const { namespace, verb, group, version, resource, subresource, name } = info;
  const all = { namespace, verb, group, version, resource, subresource, name };
  return { resourceAttributes: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')) };
};

/** Rights that another server knows of: it is asked with a SubjectAccessReview, and its answer kept for a while. */
export class WebhookAuthorizer implements Authorizer {
  readonly #settings: AuthorizationWebhookSettings;
  readonly #client: WebhookClient;
  readonly #cache: ExpiringCache<SubjectAccessReviewStatus>;
  readonly #log: Log;

  constructor(settings: AuthorizationWebhookSettings, nowMs: () => number, log: Log) {
    this.#settings = settings;
    this.#client = new WebhookClient(settings.target);
    this.#cache = new ExpiringCache(cachedDecisionsMax, nowMs);
    this.#log = log;
  }

  async authorize(user: User, info: RequestInfo): Promise<Decision> {
    const { version, conditions } = this.#settings;
    const groups = user.groups.length > 0 ? user.groups : undefined;
    const spec = {
      ...attributesOf(info),
      user: user.name,
      // v1beta1 knows them as `group`
      ...(version === 'v1' ? { groups } : { group: groups }),
      ...(user.uid && { uid: user.uid }),
      ...(user.extra && { extra: user.extra }),
    };
    if (conditions !== undefined) {
      const outcome = conditions.all({ ...spec, groups });
      if (outcome === 'failed') return this.#onFailure('a match condition could not be evaluated');
      if (outcome === 'no') return noOpinion;
    }
    return this.#decide(spec);
  }

  async #decide(spec: object): Promise<Decision> {
    const key = JSON.stringify(spec);
    let status = this.#cache.get(key);
    if (status === undefined) {
      try {
        status = await this.#ask(spec);
      } catch (error) {
        this.#log.error({ webhook: this.#settings.name, err: error }, 'an authorization webhook cannot be asked');
        return this.#onFailure('');
      }
      const { authorizedTtlMs, unauthorizedTtlMs } = this.#settings;
      const ttlMs = status.allowed ? authorizedTtlMs : unauthorizedTtlMs;
      if (key.length <= cachedCharactersMax) this.#cache.set(key, status, ttlMs);
    }
    const { allowed, denied, reason = '' } = status;
    // to allow and to deny at once is to deny
    return denied === true ? { allowed: false, denied: true, reason } : { allowed, reason };
  }

  #onFailure(reason: string): Decision {
    return this.#settings.failurePolicy === 'Deny' ? { allowed: false, denied: true, reason } : noOpinion;
  }

  async #ask(spec: object): Promise<SubjectAccessReviewStatus> {
    const { version, timeoutMs } = this.#settings;
    const review = {
      kind: 'SubjectAccessReview',
      apiVersion: `authorization.k8s.io/${version}`,
      metadata: {},
      spec,
    };
    const answer = await askWithRetries(() => this.#client.post(JSON.stringify(review), timeoutMs));
    return (answer as { status?: SubjectAccessReviewStatus } | undefined)?.status ?? { allowed: false };
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
