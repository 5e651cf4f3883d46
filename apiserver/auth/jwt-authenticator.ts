import { createRemoteJWKSet, customFetch, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { Agent, fetch } from 'undici';
import type { User } from '../pipeline.ts';
import type { TokenAuthenticator } from './bearer-authenticator.ts';
import type { CelExpression } from './cel-conditions.ts';
import { unverifiedClaims } from './json-web-token.ts';

/** A user's part: from a claim, with something before it, or from an expression. */
export interface Mapping {
  readonly claim?: string;
  readonly prefix?: string;
  readonly expression?: CelExpression;
}

export interface ValidationRule {
  readonly expression: CelExpression;
  readonly message: string;
}

/** An issuer of JSON Web Tokens that is trusted, and how its claims are read. */
export interface JwtSettings {
  readonly issuer: string;
  /** where its configuration is, if not below the issuer's own address */
  readonly discoveryUrl?: string;
  /** PEM of the authority of its certificate; absent: those that everybody trusts */
  readonly ca?: string;
  /** a token must be meant for one of them */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly username: Mapping;
  readonly groups?: Mapping;
  readonly uid?: Mapping;
  readonly extra?: readonly { readonly key: string; readonly expression: CelExpression }[];
  readonly requiredClaims?: ReadonlyMap<string, string>;
  readonly claimRules?: readonly ValidationRule[];
  readonly userRules?: readonly ValidationRule[];
}

const requestTimeoutMs = 10_000;
/** discovery is tried again, but not for every token that comes in the meantime */
const discoveryPauseMs = 10_000;
/** keys are looked for again where a token names one that is not known, at most so often */
const keysPauseMs = 30_000;
const answerBytesMax = 1024 * 1024;

const listOf = (value: unknown, what: string): string[] => {
  const list = typeof value === 'string' ? [value] : value;
  if (list === null || list === undefined) return [];
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  throw new Error(`oidc: ${what} must be a string or an array of strings`);
};

/** OpenID Connect: tokens that an issuer elsewhere has signed, with the keys that it publishes. */
export class JwtAuthenticator implements TokenAuthenticator {
  readonly #settings: JwtSettings;
  readonly #nowMs: () => number;
  readonly #agent: Agent;
  #keys: Promise<JWTVerifyGetKey> | undefined;
  #failedAtMs = -Infinity;

  constructor(settings: JwtSettings, nowMs: () => number) {
    this.#settings = settings;
    this.#nowMs = nowMs;
    this.#agent = new Agent({
      maxResponseSize: answerBytesMax,
      connect: settings.ca === undefined ? {} : { ca: settings.ca },
    });
  }

  /** Rejects with what is wrong with a token of this issuer; undefined: it is of another. */
  async authenticateToken(token: string): Promise<User | undefined> {
    const { issuer, audiences, algorithms } = this.#settings;
    if (unverifiedClaims(token)?.['iss'] !== issuer) return undefined;
    const { payload } = await jwtVerify(token, await this.#keysOfIssuer(), {
      issuer,
      audience: [...audiences],
      algorithms: [...algorithms],
      currentDate: new Date(this.#nowMs()),
      requiredClaims: ['exp'],
    });
    return this.#userOf(payload);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #keysOfIssuer(): Promise<JWTVerifyGetKey> {
    if (this.#keys === undefined) {
      if (this.#nowMs() - this.#failedAtMs < discoveryPauseMs) throw new Error('oidc: authenticator not initialized');
      this.#keys = this.#discover();
      this.#keys.catch(() => {
        this.#keys = undefined;
        this.#failedAtMs = this.#nowMs();
      });
    }
    return this.#keys;
  }

  async #discover(): Promise<JWTVerifyGetKey> {
    const { issuer, discoveryUrl } = this.#settings;
    const url = discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const response = await fetch(url, { dispatcher: this.#agent, redirect: 'error', signal });
    if (!response.ok) throw new Error(`oidc: ${url} answered ${response.status}`);
    const { issuer: named, jwks_uri: keysUrl } = (await response.json()) as { issuer?: string; jwks_uri?: string };
    if (named !== issuer) {
      throw new Error(
        `oidc: issuer did not match the issuer returned by provider, expected "${issuer}" got "${named}"`,
      );
    }
    if (keysUrl === undefined || !keysUrl.startsWith('https:'))
      throw new Error('oidc: provider did not return JWKS URL');
    const withAgent = (asked: string, init: object): ReturnType<typeof fetch> =>
      fetch(asked, { ...init, dispatcher: this.#agent });
    return createRemoteJWKSet(new URL(keysUrl), {
      timeoutDuration: requestTimeoutMs,
      cooldownDuration: keysPauseMs,
      [customFetch]: withAgent as unknown as typeof globalThis.fetch,
    });
  }

  #userOf(claims: JWTPayload): User {
    const { requiredClaims, claimRules = [], userRules = [] } = this.#settings;
    const name = this.#usernameOf(claims);
    const groups = this.#groupsOf(claims);
    const uid = this.#uidOf(claims);
    const extra = this.#extraOf(claims);
    for (const [claim, value] of requiredClaims ?? []) {
      if (!Object.hasOwn(claims, claim)) throw new Error(`oidc: required claim ${claim} not present in ID token`);
      if (claims[claim] !== value) throw new Error(`oidc: required claim ${claim} value does not match`);
    }
    check(claimRules, claims, 'claim validation expression');
    const user = { name, groups, ...(uid !== '' && { uid }), ...(Object.keys(extra).length > 0 && { extra }) };
    check(userRules, { username: name, groups, uid, extra }, 'user info validation rule');
    return user;
  }

  #usernameOf(claims: JWTPayload): string {
    const { claim = '', prefix = '', expression } = this.#settings.username;
    const value = expression === undefined ? claims[claim] : expression.valueFor(claims);
    if (typeof value !== 'string') throw new Error(`oidc: parse username claims "${claim}": a string is expected`);
    if (expression !== undefined && value === '') {
      throw new Error('oidc: empty username via CEL expression is not allowed');
    }
    if (claim === 'email' && Object.hasOwn(claims, 'email_verified') && claims['email_verified'] !== true) {
      throw new Error('oidc: email not verified');
    }
    return `${prefix}${value}`;
  }

  #groupsOf(claims: JWTPayload): string[] {
    const { claim, prefix = '', expression } = this.#settings.groups ?? {};
    if (expression !== undefined) return listOf(expression.valueFor(claims), 'groups').filter((group) => group !== '');
    if (claim === undefined || !Object.hasOwn(claims, claim)) return [];
    return listOf(claims[claim], `claim "${claim}"`).map((group) => `${prefix}${group}`);
  }

  #uidOf(claims: JWTPayload): string {
    const { claim, expression } = this.#settings.uid ?? {};
    if (claim === undefined && expression === undefined) return '';
    const value = expression === undefined ? claims[claim ?? ''] : expression.valueFor(claims);
    if (typeof value !== 'string') throw new Error('oidc: the uid must be a string');
    return value;
  }

  #extraOf(claims: JWTPayload): Record<string, string[]> {
    const extra: Record<string, string[]> = {};
    const { jti } = claims;
    if (typeof jti === 'string' && jti !== '') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${jti}`];
    for (const { key, expression } of this.#settings.extra ?? []) {
      const values = listOf(expression.valueFor(claims), `extra ${key}`).filter((value) => value !== '');
      if (values.length > 0) extra[key] = values;
    }
    return extra;
  }
}

function check(rules: readonly ValidationRule[], value: unknown, what: string): void {
  for (const { expression, message } of rules) {
    if (expression.valueFor(value) === true) continue;
    const why = message === '' ? `validation expression '${expression.text}' failed` : message;
    throw new Error(`oidc: error evaluating ${what}: ${why}`);
  }
}
