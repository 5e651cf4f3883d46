/** JSON Web Tokens signed with RS256 or ES256, whichever the key is for (RFC 7515, RFC 7518). */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Longer texts are no tokens of ours. */
const tokenCharactersMax = 16 * 1024;

export interface SigningAlgorithm {
  readonly name: 'RS256' | 'ES256';
}

/** Only these two: a token never chooses a weaker one than its key is for. */
export function algorithmOf(key: KeyObject): SigningAlgorithm['name'] {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new Error(
    `a ${key.asymmetricKeyType ?? 'secret'} key cannot sign service account tokens: use RSA or EC with curve P-256`,
  );
}

/** Names a public key: the digest of its DER form. */
export const keyId = (key: KeyObject): string =>
  createHash('sha256')
    .update((key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' }))
    .digest('base64url');

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signToken(key: KeyObject, claims: object): string {
  const body = `${encode({ alg: algorithmOf(key), kid: keyId(key) })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
  return `${body}.${signature.toString('base64url')}`;
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON, so not a token: the caller asks the next kind.
    return undefined;
  }
}

/** The claims of a token that one of the keys has signed; undefined for any other text. */
export function verifiedClaims(token: string, keys: readonly KeyObject[]): Record<string, unknown> | undefined {
  const [header = '', claims = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || signature === '' || token.length > tokenCharactersMax) return undefined;
  const { alg, kid } = decode(header) ?? {};
  const signed = keys.some(
    (key) =>
      alg === algorithmOf(key) &&
      (kid === undefined || kid === keyId(key)) &&
      verify(
        'sha256',
        Buffer.from(`${header}.${claims}`),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
  );
  return signed ? decode(claims) : undefined;
}
