import type { Secret, ServiceAccount } from '../../../api/types/core-v1.ts';

export const tokenSecretType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

export const accountOf = ({ metadata }: Secret): { readonly name: string; readonly uid: string } => ({
  name: metadata?.annotations?.[nameAnnotation] ?? '',
  uid: metadata?.annotations?.[uidAnnotation] ?? '',
});

/** Claims of a token without an end, which holds as long as its Secret. */
export const legacyClaims = (account: ServiceAccount, secret: Secret): Record<string, string> => {
  const { namespace = '', name = '', uid = '' } = account.metadata ?? {};
  return {
    iss: 'kubernetes/serviceaccount',
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secret.metadata?.name ?? '',
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
};

export type TokenPlan =
  | { readonly action: 'none' }
  /** its account is gone */
  | { readonly action: 'delete' }
  /** write this, with a token where it lacks one */
  | { readonly action: 'fill'; readonly secret: Secret; readonly needsToken: boolean };

/** What becomes of a Secret that is for a token of `account`; undefined: there is no such account. */
export function planToken(secret: Secret, account: ServiceAccount | undefined, rootCa: string | undefined): TokenPlan {
  const named = accountOf(secret);
  if (secret.type !== tokenSecretType || named.name === '' || secret.metadata?.deletionTimestamp)
    return { action: 'none' };
  const uid = account?.metadata?.uid;
  if (uid === undefined || (named.uid !== '' && named.uid !== uid)) return { action: 'delete' };
  const data = { ...secret.data };
  if (rootCa !== undefined) data['ca.crt'] = base64(rootCa);
  data['namespace'] ||= base64(secret.metadata?.namespace ?? '');
  const needsToken = !data['token'];
  const isSame = data['ca.crt'] === secret.data?.['ca.crt'] && data['namespace'] === secret.data?.['namespace'];
  if (!needsToken && isSame) return { action: 'none' };
  const annotations = { ...secret.metadata?.annotations, [nameAnnotation]: named.name, [uidAnnotation]: uid };
  return { action: 'fill', secret: { ...secret, metadata: { ...secret.metadata, annotations }, data }, needsToken };
}
