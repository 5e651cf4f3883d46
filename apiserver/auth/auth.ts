/** The public entry: everything about who asks and what they may, from a few options. */
import { silentLog, type Log } from '../../base/log.ts';
import type { AdmissionPlugin } from '../admission/admission.ts';
import { auditStage, failedAuthenticationAudit } from '../audit/audit-stage.ts';
import type { Authenticator, Authorizer, ObjectStore, PostStartHook, Stage } from '../pipeline.ts';
import type { ApiServerOptions } from '../server-options.ts';
import { anonymousPolicy } from './anonymous.ts';
import { authenticationStage } from './authentication-stage.ts';
import { authorizationStage } from './authorization-stage.ts';
import { authorizersDefault, ConfiguredAuthorizer } from './authorizers.ts';
import { BootstrapTokenAuthenticator } from './bootstrap-token-authenticator.ts';
import { BearerAuthenticator, type TokenAuthenticator } from './bearer-authenticator.ts';
import { bootstrapHooks } from './bootstrap-policy.ts';
import { authoritiesOf } from './certificate-chain.ts';
import { escalationAdmission } from './escalation-admission.ts';
import { EscalationGuard } from './escalation-guard.ts';
import { impersonationStage } from './impersonation-stage.ts';
import { JwtIssuers } from './jwt-issuers.ts';
import type { NodePaths } from './node-paths.ts';
import { StoredPolicySource } from './policy-reader.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { RequestHeaderAuthenticator } from './request-header-authenticator.ts';
import { type ReviewEndpoint, reviewEndpoints } from './reviews.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { TokenFile } from './token-file.ts';
import { healthAuthorizer, privilegedAuthorizer, UnionAuthorizer } from './union-authorizer.ts';
import { WebhookTokenAuthenticator } from './webhook-token-authenticator.ts';
import { X509Authenticator } from './x509-authenticator.ts';

export interface AuthOptions extends Pick<
  ApiServerOptions,
  | 'tokenFile'
  | 'serviceAccounts'
  | 'requestHeader'
  | 'clientCa'
  | 'anonymous'
  | 'audit'
  | 'audiences'
  | 'jwt'
  | 'tokenWebhook'
  | 'bootstrapTokens'
  | 'authorizers'
> {
  readonly store: ObjectStore;
  readonly nowMs: () => number;
  readonly serves: (group: string, resource: string) => boolean;
  /** absent: nodes have to do with nothing */
  readonly nodePaths?: NodePaths;
  readonly log?: Log;
  /** who has to wait for their turn: behind authentication, before rights are looked at */
  readonly fairness?: Stage;
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

function tokensOfAccounts(options: AuthOptions): ServiceAccountTokens | undefined {
  const { store, nowMs, serviceAccounts, audiences } = options;
  if (serviceAccounts === undefined) return undefined;
  return new ServiceAccountTokens({ store, nowMs, ...(audiences && { audiences }), ...serviceAccounts });
}

function certificateAuthenticators({ requestHeader, clientCa, nowMs }: AuthOptions): Authenticator[] {
  const found: Authenticator[] = [];
  if (requestHeader !== undefined) found.push(new RequestHeaderAuthenticator(requestHeader, nowMs));
  // where the proxy's authority is trusted, too, who TLS has verified may be nobody that we know
  if (clientCa !== undefined) {
    found.push(new X509Authenticator(nowMs, requestHeader === undefined ? undefined : authoritiesOf(clientCa)));
  }
  return found;
}

/** In the order in which they are asked: those that need nobody else first. */
function tokenKinds(options: AuthOptions, accounts: ServiceAccountTokens | undefined): TokenAuthenticator[] {
  const { tokenFile, store, nowMs, bootstrapTokens, jwt, tokenWebhook } = options;
  const kinds: TokenAuthenticator[] = [];
  if (tokenFile !== undefined) kinds.push(new TokenFile(tokenFile.text, tokenFile.name));
  if (accounts !== undefined) kinds.push(accounts);
  if (bootstrapTokens === true) kinds.push(new BootstrapTokenAuthenticator(store, nowMs));
  if (jwt !== undefined) kinds.push(new JwtIssuers(jwt, nowMs));
  const audiences = options.audiences ?? options.serviceAccounts?.issuers?.slice(0, 1) ?? [];
  if (tokenWebhook !== undefined) kinds.push(new WebhookTokenAuthenticator(tokenWebhook, audiences, nowMs));
  return kinds;
}

export function createAuth(options: AuthOptions): Auth {
  const { nowMs, log = silentLog } = options;
  const serviceAccountTokens = tokensOfAccounts(options);
  const tokens = new BearerAuthenticator(tokenKinds(options, serviceAccountTokens), log);
  const authenticators: Authenticator[] = [...certificateAuthenticators(options), tokens];
  const policy = new StoredPolicySource(options.store);
  const rbac = new RbacAuthorizer(policy);
  const settings = options.authorizers ?? ((): typeof authorizersDefault => authorizersDefault);
  const configured = new ConfiguredAuthorizer({ settings, rbac, nowMs, log, nodePaths: options.nodePaths ?? noPaths });
  const authorizer = new UnionAuthorizer([healthAuthorizer, privilegedAuthorizer, configured]);
  const audit = options.audit && { ...options.audit, nowMs: options.nowMs };
  const escalationGuard = new EscalationGuard({ authorizer, rbac, policy });
  return {
    authenticators,
    authorizer,
    stages: [
      ...(audit === undefined ? [] : [failedAuthenticationAudit(audit)]),
      authenticationStage(authenticators, anonymousPolicy(options.anonymous)),
      ...(audit === undefined ? [] : [auditStage(audit)]),
      impersonationStage(authorizer),
      ...(options.fairness === undefined ? [] : [options.fairness]),
      authorizationStage(authorizer),
    ],
    reviews: reviewEndpoints({ authorizer, rulesFor: (user, namespace) => rbac.rulesFor(user, namespace), tokens }),
    hooks: bootstrapHooks(options.serves),
    serviceAccountTokens,
    admission: [escalationAdmission(escalationGuard)],
    escalationGuard,
  };
}
