/** The public entry: everything about who asks and what they may, from a few options. */
import type { AdmissionPlugin } from '../admission/admission.ts';
import type { Authenticator, Authorizer, ObjectStore, PostStartHook, Stage } from '../pipeline.ts';
import { authenticationStage } from './authentication-stage.ts';
import { authorizationStage } from './authorization-stage.ts';
import { BearerAuthenticator, type TokenAuthenticator } from './bearer-authenticator.ts';
import { bootstrapHooks } from './bootstrap-policy.ts';
import { escalationAdmission } from './escalation-admission.ts';
import { EscalationGuard } from './escalation-guard.ts';
import { impersonationStage } from './impersonation-stage.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import type { NodePaths } from './node-paths.ts';
import { StoredPolicySource } from './policy-reader.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { type ReviewEndpoint, reviewEndpoints } from './reviews.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { TokenFile } from './token-file.ts';
import { healthAuthorizer, privilegedAuthorizer, UnionAuthorizer } from './union-authorizer.ts';
import { X509Authenticator } from './x509-authenticator.ts';

export interface AuthOptions {
  readonly store: ObjectStore;
  readonly nowMs: () => number;
  /** text of a `--token-auth-file` */
  readonly tokenFile?: { readonly text: string; readonly name: string };
  /** with a key, tokens of service accounts are minted and known; without one there are none */
  readonly serviceAccounts?: {
    /** PEM of the private key that signs: RSA, or EC with curve P-256 */
    readonly signingKey: string;
    readonly verifyKeys?: readonly string[];
    readonly issuer?: string;
    readonly audiences?: readonly string[];
  };
  readonly serves: (group: string, resource: string) => boolean;
  /** absent: nodes have to do with nothing */
  readonly nodePaths?: NodePaths;
}

export interface Auth {
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  /** authenticate, impersonate, authorize: in this order */
  readonly stages: readonly Stage[];
  readonly reviews: readonly ReviewEndpoint[];
  readonly hooks: readonly PostStartHook[];
  /** answers POST serviceaccounts/{name}/token; its routes publish the issuer's keys */
  readonly serviceAccountTokens: ServiceAccountTokens | undefined;
  /** nobody gives away rights that they do not hold */
  readonly admission: readonly AdmissionPlugin[];
  readonly escalationGuard: EscalationGuard;
}

const noPaths: NodePaths = { has: () => Promise.resolve(false) };

export function createAuth(options: AuthOptions): Auth {
  const { tokenFile, nodePaths = noPaths } = options;
  const kinds: TokenAuthenticator[] = [];
  if (tokenFile !== undefined) kinds.push(new TokenFile(tokenFile.text, tokenFile.name));
  const serviceAccountTokens =
    options.serviceAccounts === undefined
      ? undefined
      : new ServiceAccountTokens({ store: options.store, nowMs: options.nowMs, ...options.serviceAccounts });
  if (serviceAccountTokens !== undefined) kinds.push(serviceAccountTokens);
  const tokens = new BearerAuthenticator(kinds);
  const authenticators: Authenticator[] = [new X509Authenticator(options.nowMs), tokens];
  const policy = new StoredPolicySource(options.store);
  const rbac = new RbacAuthorizer(policy);
  const authorizer = new UnionAuthorizer([healthAuthorizer, privilegedAuthorizer, nodeAuthorizer(nodePaths), rbac]);
  const escalationGuard = new EscalationGuard({ authorizer, rbac, policy });
  return {
    authenticators,
    authorizer,
    stages: [authenticationStage(authenticators), impersonationStage(authorizer), authorizationStage(authorizer)],
    reviews: reviewEndpoints({ authorizer, rulesFor: (user, namespace) => rbac.rulesFor(user, namespace), tokens }),
    hooks: bootstrapHooks(options.serves),
    serviceAccountTokens,
    admission: [escalationAdmission(escalationGuard)],
    escalationGuard,
  };
}
