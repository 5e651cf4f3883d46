import type { Log } from '../../base/log.ts';
import type { Authorizer, Decision, RequestInfo, User } from '../pipeline.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import type { NodePaths } from './node-paths.ts';
import type { RbacAuthorizer } from './rbac-authorizer.ts';
import { WebhookAuthorizer, type AuthorizationWebhookSettings } from './webhook-authorizer.ts';

/** The modes of `--authorization-mode` that need no file of their own. */
export const authorizationModes = ['Node', 'RBAC', 'AlwaysAllow', 'AlwaysDeny'] as const;
export type AuthorizationMode = (typeof authorizationModes)[number];

export type AuthorizerSetting = AuthorizationMode | { readonly webhook: AuthorizationWebhookSettings };

/** Kubernetes' own secure choice; its default without the flag is AlwaysAllow. */
export const authorizersDefault: readonly AuthorizerSetting[] = ['Node', 'RBAC'];

const alwaysAllow: Authorizer = { authorize: (): Decision => ({ allowed: true, reason: '' }) };
/** Not a denial: what stands behind it in the list is still asked. */
const alwaysDeny: Authorizer = {
  authorize: (): Decision => ({ allowed: false, reason: 'Everything is forbidden.' }),
};

export interface ConfiguredAuthorizerOptions {
  /** those of now; another array once the configuration has changed */
  readonly settings: () => readonly AuthorizerSetting[];
  readonly rbac: RbacAuthorizer;
  readonly nodePaths: NodePaths;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Asks the configured authorizers in their order: the first that allows or denies decides. */
export class ConfiguredAuthorizer implements Authorizer {
  readonly #options: ConfiguredAuthorizerOptions;
  #settings: readonly AuthorizerSetting[] = [];
  #authorizers: readonly Authorizer[] = [];

  constructor(options: ConfiguredAuthorizerOptions) {
    this.#options = options;
  }

  #current(): readonly Authorizer[] {
    const settings = this.#options.settings();
    if (settings !== this.#settings) {
      this.close();
      this.#settings = settings;
      this.#authorizers = settings.map((setting) => this.#authorizerOf(setting));
    }
    return this.#authorizers;
  }

  #authorizerOf(setting: AuthorizerSetting): Authorizer {
    const { rbac, nodePaths, nowMs, log } = this.#options;
    if (typeof setting === 'object') return new WebhookAuthorizer(setting.webhook, nowMs, log);
    if (setting === 'Node') return nodeAuthorizer(nodePaths);
    return { RBAC: rbac, AlwaysAllow: alwaysAllow, AlwaysDeny: alwaysDeny }[setting];
  }

  async authorize(user: User, info: RequestInfo): Promise<Decision> {
    const reasons: string[] = [];
    for (const authorizer of this.#current()) {
      const decision = await authorizer.authorize(user, info);
      if (decision.allowed || decision.denied === true) return decision;
      if (decision.reason !== '') reasons.push(decision.reason);
    }
    return { allowed: false, reason: reasons.join('\n') };
  }

  close(): void {
    for (const authorizer of this.#authorizers) if (authorizer instanceof WebhookAuthorizer) void authorizer.close();
  }
}
