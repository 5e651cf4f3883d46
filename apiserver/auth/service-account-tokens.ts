import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { rfc3339 } from '../../base/clock.ts';
import { type FieldError, invalid } from '../../api/meta/field-error.ts';
import { newBadRequest, newConflict, newInvalid, newNotFound } from '../../api/meta/status.ts';
import type { BoundObjectReference, TokenRequestSpec } from '../../api/types/authentication-v1.ts';
import type { KubeObject, NonResourceRoute, ObjectStore, User } from '../pipeline.ts';
import type { TokenAuthenticator } from './bearer-authenticator.ts';
import { signToken, unverifiedClaims, verifiedClaims, type VerifyingKey, verifyingKey } from './json-web-token.ts';
import { accountUser, bindable, claimName, legacyAccount, legacyIssuer, stillExist } from './service-account-claims.ts';
import type { PrivateClaims } from './service-account-claims.ts';

/** Keys and issuers as `--service-account-…` name them. Texts are PEM. */
export interface ServiceAccountKeys {
  /** RSA, or EC with curve P-256, P-384 or P-521; absent: tokens are checked and none is issued */
  readonly signingKey?: string;
  /** further public keys whose tokens are good: of keys that were replaced, or of other servers */
  readonly verifyKeys?: readonly string[];
  /** the first issues; tokens of the others are good, too */
  readonly issuers?: readonly string[];
  /** tokens live no longer than this */
  readonly maxSeconds?: number;
  /** tokens of pods hold for a year, in case their programs never read the new ones */
  readonly extends?: boolean;
  /** where the keys are published, if not at this server */
  readonly jwksUri?: string;
  /** false: signature and time alone decide */
  readonly lookup?: boolean;
}

export interface ServiceAccountTokenOptions extends ServiceAccountKeys {
  readonly store: ObjectStore;
  readonly nowMs: () => number;
  /** audiences of this server; default: the issuer */
  readonly audiences?: readonly string[];
}

const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';
const defaultSeconds = 3600;
const minimumSeconds = 600;
const maximumSeconds = 2 ** 32;
/** what admission asks for in the name of pods: an hour, and a little to be told apart from an hour asked for by hand */
const podTokenSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;
/** Signatures that were checked are remembered: checking costs more than all the rest of a small request. */
const rememberedTokensMax = 4_096;
const keysMaxAgeSeconds = 3600;

const pemBlock = /-----BEGIN [^-]+-----[^]*?-----END [^-]+-----/g;

/** Public keys of a PEM text that may hold several keys or certificates, private ones too. */
const publicKeysOf = (pem: string): KeyObject[] =>
  (pem.match(pemBlock) ?? [pem]).map((block) => createPublicKey(block));

const isStringList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function validate(spec: TokenRequestSpec): FieldError[] {
  const expirationSeconds = spec.expirationSeconds ?? defaultSeconds;
  const path = 'spec.expirationSeconds';
  if (expirationSeconds < minimumSeconds) {
    return [invalid(path, expirationSeconds, 'may not specify a duration less than 10 minutes')];
  }
  if (expirationSeconds > maximumSeconds) {
    return [invalid(path, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
  }
  return [];
}

export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions;
  readonly #signingKey: KeyObject | undefined;
  readonly #keys: readonly VerifyingKey[];
  readonly #issuers: readonly string[];
  readonly #audiences: readonly string[];
  readonly #verified = new Map<string, Record<string, unknown>>();

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
    const { signingKey, verifyKeys = [], issuers = [] } = options;
    this.#signingKey = signingKey === undefined ? undefined : createPrivateKey(signingKey);
    const own = this.#signingKey === undefined ? [] : [createPublicKey(this.#signingKey)];
    const all = [...own, ...verifyKeys.flatMap(publicKeysOf)].map(verifyingKey);
    this.#keys = [...new Map(all.map((key) => [key.id, key])).values()];
    this.#issuers = issuers.length > 0 ? issuers : [defaultIssuer];
    this.#audiences = options.audiences?.length ? options.audiences : [this.#issuer];
  }

  get #issuer(): string {
    return this.#issuers[0] ?? defaultIssuer;
  }

  async authenticateToken(token: string, audiences?: readonly string[]): Promise<User | undefined> {
    const issuer = unverifiedClaims(token)?.['iss'];
    if (typeof issuer !== 'string') return undefined;
    const isLegacy = issuer === legacyIssuer;
    if (!isLegacy && !this.#issuers.includes(issuer)) return undefined;
    const claims = this.#verifiedClaims(token);
    if (claims === undefined) return undefined;
    const wanted = audiences?.length ? audiences : this.#audiences;
    return isLegacy ? this.#legacyUser(claims, token, wanted) : this.#boundUser(claims, wanted);
  }

  /** Tokens of Secrets are meant for this server alone, though they do not say so. */
  async #legacyUser(
    claims: Record<string, unknown>,
    token: string,
    wanted: readonly string[],
  ): Promise<User | undefined> {
    if (!this.#audiences.some((audience) => wanted.includes(audience))) return undefined;
    const own = await legacyAccount(claims, token, this.#options.store);
    return own && accountUser(own, undefined);
  }

  async #boundUser(claims: Record<string, unknown>, wanted: readonly string[]): Promise<User | undefined> {
    const { aud } = claims;
    if (!this.#isInTime(claims)) return undefined;
    if (!isStringList(aud) || !aud.some((audience) => wanted.includes(audience))) return undefined;
    const own = claims[claimName] as PrivateClaims | undefined;
    if (own?.serviceaccount === undefined) return undefined;
    const { store, nowMs, lookup = true } = this.#options;
    if (lookup && !(await stillExist(own, store, nowMs()))) return undefined;
    return accountUser(own, claims['jti']);
  }

  #verifiedClaims(token: string): Record<string, unknown> | undefined {
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#verified.get(digest);
    if (known !== undefined) return known;
    const claims = verifiedClaims(token, this.#keys);
    if (claims === undefined) return undefined;
    const [oldest] = this.#verified.keys();
    if (this.#verified.size >= rememberedTokensMax && oldest !== undefined) this.#verified.delete(oldest);
    this.#verified.set(digest, claims);
    return claims;
  }

  /** Answers POST serviceaccounts/{name}/token; `warn` tells the client what it did not ask for. */
  async mint(
    request: KubeObject,
    namespace: string,
    name: string,
    warn: (text: string) => void = () => {},
  ): Promise<KubeObject> {
    const key = this.#signingKey;
    if (key === undefined) throw newBadRequest('no key to sign tokens with was given to this server');
    const spec = (request['spec'] ?? {}) as TokenRequestSpec;
    const errors = validate(spec);
    if (errors.length > 0) throw newInvalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors);
    const account = await this.#options.store.get('', 'serviceaccounts', namespace, name);
    if (account === undefined) throw newNotFound({ group: '', resource: 'serviceaccounts' }, name);
    const bound = await this.#boundClaims(spec.boundObjectRef, namespace, name);
    const audiences = spec.audiences?.length ? spec.audiences : [...this.#audiences];
    const seconds = this.#shortened(spec.expirationSeconds ?? defaultSeconds, warn);
    const issuedAt = Math.floor(this.#options.nowMs() / 1000);
    const isExtended = this.#isExtended(bound, seconds, audiences);
    const token = signToken(key, {
      aud: audiences,
      exp: issuedAt + (isExtended ? extendedSeconds : seconds),
      iat: issuedAt,
      iss: this.#issuer,
      jti: randomUUID(),
      [claimName]: {
        namespace,
        ...bound,
        serviceaccount: { name, uid: account.metadata?.uid ?? '' },
        ...(isExtended && { warnafter: issuedAt + seconds }),
      },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    const now = rfc3339(this.#options.nowMs());
    return {
      ...request,
      metadata: { ...request.metadata, name, namespace, creationTimestamp: now },
      spec: { ...spec, audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? undefined },
      status: { token, expirationTimestamp: rfc3339((issuedAt + seconds) * 1000) },
    };
  }

  #shortened(asked: number, warn: (text: string) => void): number {
    const { maxSeconds = 0 } = this.#options;
    if (maxSeconds <= 0 || asked <= maxSeconds) return asked;
    warn(`requested expiration of ${asked} seconds shortened to ${maxSeconds} seconds`);
    return maxSeconds;
  }

  #isExtended(bound: Partial<PrivateClaims>, seconds: number, audiences: readonly string[]): boolean {
    const isForUs = audiences.every((audience) => this.#audiences.includes(audience));
    return this.#options.extends === true && bound.pod !== undefined && seconds === podTokenSeconds && isForUs;
  }

  /** The issuer's public face: who checks tokens without asking the API server reads these. */
  routes(): NonResourceRoute[] {
    const jwksPath = '/openid/v1/jwks';
    const keys = this.#keys.map(({ key, id, algorithm }) => ({
      use: 'sig',
      kid: id,
      alg: algorithm.name,
      ...key.export({ format: 'jwk' }),
    }));
    const configuration = {
      issuer: this.#issuer,
      jwks_uri: this.#options.jwksUri ?? `${this.#issuer}${jwksPath}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.alg))],
    };
    const publish =
      (contentType: string, body: string): NonResourceRoute['handle'] =>
      (ctx) => {
        ctx.reply.header('cache-control', `public, max-age=${keysMaxAgeSeconds}`);
        ctx.reply.send(200, contentType, body);
      };
    return [
      {
        path: '/.well-known/openid-configuration',
        match: 'exact',
        handle: publish('application/json', JSON.stringify(configuration)),
      },
      { path: jwksPath, match: 'exact', handle: publish('application/jwk-set+json', JSON.stringify({ keys })) },
    ];
  }

  #isInTime(claims: Record<string, unknown>): boolean {
    const now = this.#options.nowMs() / 1000;
    const { exp, nbf } = claims;
    return typeof exp === 'number' && now < exp && (typeof nbf !== 'number' || now >= nbf - 1);
  }

  async #boundClaims(
    ref: BoundObjectReference | undefined,
    namespace: string,
    account: string,
  ): Promise<Partial<PrivateClaims>> {
    // kubectl sends null for what it leaves out.
    if (!ref) return {};
    const kind = bindable[ref.kind ?? ''];
    if (kind === undefined) {
      throw newBadRequest(`cannot bind token to object of type ${typeText(ref)}`);
    }
    const { store } = this.#options;
    const resource = { group: '', resource: kind.resource };
    const object = await store.get('', kind.resource, kind.namespaced ? namespace : '', ref.name ?? '');
    if (object === undefined) throw newNotFound(resource, ref.name ?? '');
    const uid = object.metadata?.uid ?? '';
    const { serviceAccountName, nodeName } = (object['spec'] ?? {}) as Record<string, string | undefined>;
    if (kind.claim === 'pod' && (serviceAccountName || 'default') !== account) {
      throw newBadRequest(
        `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
      );
    }
    if (ref.uid && ref.uid !== uid) {
      throw newConflict(
        { group: '', resource: ref.kind ?? '' },
        ref.name ?? '',
        `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      );
    }
    const claims = { [kind.claim]: { name: ref.name ?? '', uid } };
    if (kind.claim !== 'pod' || !nodeName) return claims;
    const node = await store.get('', 'nodes', '', nodeName);
    return { ...claims, node: { name: nodeName, uid: node?.metadata?.uid ?? '' } };
  }
}

/** `v1, Kind=ConfigMap`, `apps/v1, Kind=Deployment`: as Go prints a kind with its version */
const typeText = ({ apiVersion, kind }: BoundObjectReference): string => {
  const version = apiVersion ?? '';
  return `${version.includes('/') ? version : `/${version}`}, Kind=${kind ?? ''}`;
};
