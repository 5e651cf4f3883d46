/** Tokens of service accounts: minted by TokenRequest, checked on each request that carries one. */
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { rfc3339 } from '../../base/clock.ts';
import { type FieldError, invalid } from '../../api/meta/field-error.ts';
import { newConflict, newInvalid, newNotFound } from '../../api/meta/status.ts';
import type { BoundObjectReference, TokenRequestSpec } from '../../api/types/authentication-v1.ts';
import type { KubeObject, NonResourceRoute, ObjectStore, User } from '../pipeline.ts';
import type { TokenAuthenticator } from './bearer-authenticator.ts';
import { algorithmOf, keyId, signToken, verifiedClaims } from './json-web-token.ts';

export interface ServiceAccountTokenOptions {
  readonly store: ObjectStore;
  readonly nowMs: () => number;
  /** PEM of the private key that signs: RSA, or EC with curve P-256 */
  readonly signingKey: string;
  /** PEMs of further public keys whose tokens are still good: of keys that were replaced */
  readonly verifyKeys?: readonly string[];
  readonly issuer?: string;
  /** audiences of this server; default: the issuer */
  readonly audiences?: readonly string[];
}

const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';
const defaultSeconds = 3600;
const minimumSeconds = 600;
const maximumSeconds = 2 ** 32;
const claimName = 'kubernetes.io';

interface NamedReference {
  readonly name: string;
  readonly uid: string;
}
/** What a token says of its account and of the object whose life bounds its own. */
interface PrivateClaims {
  readonly namespace: string;
  readonly serviceaccount: NamedReference;
  readonly pod?: NamedReference;
  readonly secret?: NamedReference;
  readonly node?: NamedReference;
}

/** Kinds that a token may be bound to, and how claims name them. */
const bindable: Readonly<Record<string, { claim: 'pod' | 'secret' | 'node'; resource: string; namespaced: boolean }>> =
  {
    Pod: { claim: 'pod', resource: 'pods', namespaced: true },
    Secret: { claim: 'secret', resource: 'secrets', namespaced: true },
    Node: { claim: 'node', resource: 'nodes', namespaced: false },
  };

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
  readonly #store: ObjectStore;
  readonly #nowMs: () => number;
  readonly #signingKey: KeyObject;
  readonly #keys: readonly KeyObject[];
  readonly #issuer: string;
  readonly #audiences: readonly string[];

  constructor(options: ServiceAccountTokenOptions) {
    this.#store = options.store;
    this.#nowMs = options.nowMs;
    this.#signingKey = createPrivateKey(options.signingKey);
    const further = (options.verifyKeys ?? []).map((pem) => createPublicKey(pem));
    this.#keys = [createPublicKey(this.#signingKey), ...further];
    for (const key of this.#keys) algorithmOf(key);
    this.#issuer = options.issuer ?? defaultIssuer;
    this.#audiences = options.audiences ?? [this.#issuer];
  }

  async authenticateToken(token: string, audiences?: readonly string[]): Promise<User | undefined> {
    const claims = verifiedClaims(token, this.#keys);
    if (claims === undefined || claims['iss'] !== this.#issuer || !this.#isInTime(claims)) return undefined;
    const wanted = audiences?.length ? audiences : this.#audiences;
    const { aud } = claims;
    if (!isStringList(aud) || !aud.some((audience) => wanted.includes(audience))) return undefined;
    const own = claims[claimName] as PrivateClaims | undefined;
    if (own?.serviceaccount === undefined || !(await this.#stillExist(own))) return undefined;
    return this.#user(own, claims['jti']);
  }

  /** Answers POST serviceaccounts/{name}/token. */
  async mint(request: KubeObject, namespace: string, name: string): Promise<KubeObject> {
    const spec = (request['spec'] ?? {}) as TokenRequestSpec;
    const errors = validate(spec);
    if (errors.length > 0) throw newInvalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', errors);
    const account = await this.#store.get('', 'serviceaccounts', namespace, name);
    if (account === undefined) throw newNotFound({ group: '', resource: 'serviceaccounts' }, name);
    const bound = await this.#boundClaims(spec.boundObjectRef, namespace);
    const audiences = spec.audiences?.length ? spec.audiences : [...this.#audiences];
    const seconds = spec.expirationSeconds ?? defaultSeconds;
    const issuedAt = Math.floor(this.#nowMs() / 1000);
    const token = signToken(this.#signingKey, {
      aud: audiences,
      exp: issuedAt + seconds,
      iat: issuedAt,
      iss: this.#issuer,
      jti: randomUUID(),
      [claimName]: { namespace, ...bound, serviceaccount: { name, uid: account.metadata?.uid ?? '' } },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
    return {
      ...request,
      metadata: { ...request.metadata, name, namespace, creationTimestamp: rfc3339(this.#nowMs()) },
      spec: { ...spec, audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? undefined },
      status: { token, expirationTimestamp: rfc3339((issuedAt + seconds) * 1000) },
    };
  }

  /** The issuer's public face: who checks tokens without asking the API server reads these. */
  routes(): NonResourceRoute[] {
    const jwksPath = '/openid/v1/jwks';
    const keys = this.#keys.map((key) => ({
      use: 'sig',
      kid: keyId(key),
      alg: algorithmOf(key),
      ...key.export({ format: 'jwk' }),
    }));
    const configuration = {
      issuer: this.#issuer,
      jwks_uri: `${this.#issuer}${jwksPath}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.alg))],
    };
    return [
      {
        path: '/.well-known/openid-configuration',
        match: 'exact',
        handle: (ctx) => ctx.reply.json(200, configuration),
      },
      {
        path: jwksPath,
        match: 'exact',
        handle: (ctx) => ctx.reply.send(200, 'application/jwk-set+json', JSON.stringify({ keys })),
      },
    ];
  }

  #isInTime(claims: Record<string, unknown>): boolean {
    const now = this.#nowMs() / 1000;
    const { exp, nbf } = claims;
    return typeof exp === 'number' && now < exp && (typeof nbf !== 'number' || now >= nbf - 1);
  }

  /** A token dies with its account, and with the object that it is bound to. */
  async #stillExist(own: PrivateClaims): Promise<boolean> {
    const account = await this.#store.get('', 'serviceaccounts', own.namespace, own.serviceaccount.name);
    if (account === undefined || account.metadata?.uid !== own.serviceaccount.uid) return false;
    for (const { claim, resource, namespaced } of Object.values(bindable)) {
      const bound = own[claim];
      // A pod's token also names its node; only what the token is bound to has to live on.
      if (bound === undefined || (claim === 'node' && own.pod !== undefined)) continue;
      const object = await this.#store.get('', resource, namespaced ? own.namespace : '', bound.name);
      if (object?.metadata?.uid !== bound.uid) return false;
    }
    return true;
  }

  async #boundClaims(ref: BoundObjectReference | undefined, namespace: string): Promise<Partial<PrivateClaims>> {
    // kubectl sends null for what it leaves out.
    if (!ref) return {};
    const kind = bindable[ref.kind ?? ''];
    if (kind === undefined) {
      const error = invalid(
        'spec.boundObjectRef',
        ref.kind ?? '',
        `cannot bind token for serviceaccount to object of this kind`,
      );
      throw newInvalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [error]);
    }
    const resource = { group: '', resource: kind.resource };
    const object = await this.#store.get('', kind.resource, kind.namespaced ? namespace : '', ref.name ?? '');
    if (object === undefined) throw newNotFound(resource, ref.name ?? '');
    const uid = object.metadata?.uid ?? '';
    if (ref.uid && ref.uid !== uid) {
      throw newConflict(
        resource,
        ref.name ?? '',
        `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      );
    }
    return { [kind.claim]: { name: ref.name ?? '', uid } };
  }

  #user(own: PrivateClaims, jti: unknown): User {
    const extra: Record<string, string[]> = {};
    if (typeof jti === 'string') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${jti}`];
    for (const claim of ['pod', 'node'] as const) {
      const bound = own[claim];
      if (bound === undefined) continue;
      extra[`authentication.kubernetes.io/${claim}-name`] = [bound.name];
      extra[`authentication.kubernetes.io/${claim}-uid`] = [bound.uid];
    }
    return {
      name: `system:serviceaccount:${own.namespace}:${own.serviceaccount.name}`,
      uid: own.serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${own.namespace}`],
      extra,
    };
  }
}
