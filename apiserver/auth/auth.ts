/** The public entry: everything about who asks and what they may, from a few options. */
import type { Authenticator, Authorizer, ObjectStore, PostStartHook, Stage } from '../pipeline.ts';
import { authenticationStage } from './authentication-stage.ts';
import { authorizationStage } from './authorization-stage.ts';
import { BearerAuthenticator, type TokenAuthenticator } from './bearer-authenticator.ts';
import { bootstrapHooks } from './bootstrap-policy.ts';
import { impersonationStage } from './impersonation-stage.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import { StoredPolicyReader } from './policy-reader.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { type ReviewEndpoint, reviewEndpoints } from './reviews.ts';
import { TokenFile } from './token-file.ts';
import { privilegedAuthorizer, UnionAuthorizer } from './union-authorizer.ts';
import { X509Authenticator } from './x509-authenticator.ts';

export interface AuthOptions {
  readonly store: ObjectStore;
  readonly nowMs: () => number;
  /** text of a `--token-auth-file` */
  readonly tokenFile?: { readonly text: string; readonly name: string };
  /** further kinds of bearer tokens: service accounts */
  readonly tokens?: readonly TokenAuthenticator[];
  readonly serves: (group: string, resource: string) => boolean;
}

export interface Auth {
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  /** authenticate, impersonate, authorize: in this order */
  readonly stages: readonly Stage[];
  readonly reviews: readonly ReviewEndpoint[];
  readonly hooks: readonly PostStartHook[];
}

export function createAuth(options: AuthOptions): Auth {
  const { tokenFile } = options;
  const kinds: TokenAuthenticator[] = [...(options.tokens ?? [])];
  if (tokenFile !== undefined) kinds.unshift(new TokenFile(tokenFile.text, tokenFile.name));
  const tokens = new BearerAuthenticator(kinds);
  const authenticators: Authenticator[] = [new X509Authenticator(options.nowMs), tokens];
  const rbac = new RbacAuthorizer(new StoredPolicyReader(options.store));
  const authorizer = new UnionAuthorizer([privilegedAuthorizer, nodeAuthorizer, rbac]);
  return {
    authenticators,
    authorizer,
    stages: [authenticationStage(authenticators), impersonationStage(authorizer), authorizationStage(authorizer)],
    reviews: reviewEndpoints({ authorizer, rulesFor: (user, namespace) => rbac.rulesFor(user, namespace), tokens }),
    hooks: bootstrapHooks(options.serves),
  };
}
