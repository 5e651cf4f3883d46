import type { Secret } from '../../api/types/core-v1.ts';

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';
export const bootstrapTokenNamespace = 'kube-system';

const namePattern = /^bootstrap-token-([a-z0-9]{6})$/;

export const secretText = ({ data }: Secret, key: string): string =>
  Buffer.from((data && Object.hasOwn(data, key) ? data[key] : undefined) ?? '', 'base64').toString('utf8');

/** How long the token is good still: Infinity where it has no end; 0 where it has ended, or the time cannot be read. */
export function remainingMs(secret: Secret, nowMs: number): number {
  const expiration = secretText(secret, 'expiration');
  if (expiration === '') return Number.POSITIVE_INFINITY;
  const endMs = /^\d{4}-\d\d-\d\dT/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(endMs) ? 0 : Math.max(0, endMs - nowMs);
}

/** Id and secret of a token that may sign; undefined for others. */
export function signingToken(
  secret: Secret,
  nowMs: number,
): { readonly id: string; readonly secret: string } | undefined {
  const id = secretText(secret, 'token-id');
  const own = secretText(secret, 'token-secret');
  if (id === '' || own === '' || namePattern.exec(secret.metadata?.name ?? '')?.[1] !== id) return undefined;
  if (remainingMs(secret, nowMs) === 0 || secretText(secret, 'usage-bootstrap-signing') !== 'true') return undefined;
  return { id, secret: own };
}
