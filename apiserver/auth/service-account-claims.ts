/** What tokens of service accounts say, and whether what they name is still there. */
import { timingSafeEqual } from 'node:crypto';
import type { KubeObject, ObjectStore, User } from '../pipeline.ts';

/** Objects that are being deleted are held for gone after this: whoever ends them may still need their token. */
export const leewayMs = 60_000;

interface NamedReference {
  readonly name: string;
  readonly uid: string;
}

/** Under `kubernetes.io` in a token: its account, and the object whose life bounds its own. */
export interface PrivateClaims {
  readonly namespace: string;
  readonly serviceaccount: NamedReference;
  readonly pod?: NamedReference;
  readonly secret?: NamedReference;
  readonly node?: NamedReference;
  /** seconds since 1970: whoever still uses the token then has not read the new one */
  readonly warnafter?: number;
}

export const claimName = 'kubernetes.io';
export const legacyIssuer = 'kubernetes/serviceaccount';
const legacyPrefix = 'kubernetes.io/serviceaccount/';
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

interface Bindable {
  readonly claim: 'pod' | 'secret' | 'node';
  readonly resource: string;
  readonly namespaced: boolean;
}

/** Kinds that a token may be bound to, and how claims name them. */
export const bindable: Readonly<Record<string, Bindable>> = {
  Pod: { claim: 'pod', resource: 'pods', namespaced: true },
  Secret: { claim: 'secret', resource: 'secrets', namespaced: true },
  Node: { claim: 'node', resource: 'nodes', namespaced: false },
};

/** Gone, another one of the same name, or about to be gone for long. */
function isGone(object: KubeObject | undefined, uid: string, nowMs: number): boolean {
  if (object === undefined || object.metadata?.uid !== uid) return true;
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < nowMs - leewayMs;
}

/** A token dies with its account, and with the object that it is bound to. */
export async function stillExist(own: PrivateClaims, store: ObjectStore, nowMs: number): Promise<boolean> {
  const account = await store.get('', 'serviceaccounts', own.namespace, own.serviceaccount.name);
  if (isGone(account, own.serviceaccount.uid, nowMs)) return false;
  for (const { claim, resource, namespaced } of Object.values(bindable)) {
    const bound = own[claim];
    // A pod's token also names its node; only what the token is bound to has to live on.
    if (bound === undefined || (claim === 'node' && own.pod !== undefined)) continue;
    if (isGone(await store.get('', resource, namespaced ? own.namespace : '', bound.name), bound.uid, nowMs))
      return false;
  }
  return true;
}

const textClaim = (claims: Record<string, unknown>, name: string): string => {
  const value = claims[`${legacyPrefix}${name}`];
  return typeof value === 'string' ? value : '';
};

function sameToken(stored: unknown, token: string): boolean {
  if (typeof stored !== 'string') return false;
  const [a, b] = [Buffer.from(stored, 'base64'), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Tokens without an end that a Secret holds: good as long as it holds exactly this one, and its account is there. */
export async function legacyAccount(
  claims: Record<string, unknown>,
  token: string,
  store: ObjectStore,
): Promise<PrivateClaims | undefined> {
  const namespace = textClaim(claims, 'namespace');
  const secretName = textClaim(claims, 'secret.name');
  const account = { name: textClaim(claims, 'service-account.name'), uid: textClaim(claims, 'service-account.uid') };
  if ([namespace, secretName, account.name, account.uid].includes('')) return undefined;
  if (claims['sub'] !== `system:serviceaccount:${namespace}:${account.name}`) return undefined;
  const secret = await store.get('', 'secrets', namespace, secretName);
  const stored = (secret?.['data'] as Record<string, unknown> | undefined)?.['token'];
  if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined || !sameToken(stored, token))
    return undefined;
  if (secret.metadata?.labels?.[invalidSinceLabel]) return undefined;
  const found = await store.get('', 'serviceaccounts', namespace, account.name);
  if (found?.metadata?.uid !== account.uid || found.metadata.deletionTimestamp !== undefined) return undefined;
  return { namespace, serviceaccount: account };
}

export function accountUser(own: PrivateClaims, jti: unknown): User {
  const extra: Record<string, string[]> = {};
  if (typeof jti === 'string') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${jti}`];
  for (const claim of ['pod', 'node'] as const) {
    const bound = own[claim];
    if (bound === undefined) continue;
    extra[`authentication.kubernetes.io/${claim}-name`] = [bound.name];
    if (bound.uid) extra[`authentication.kubernetes.io/${claim}-uid`] = [bound.uid];
  }
  return {
    name: `system:serviceaccount:${own.namespace}:${own.serviceaccount.name}`,
    uid: own.serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${own.namespace}`],
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
