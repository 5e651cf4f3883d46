/** JSON Web Tokens signed with RSA or ECDSA, whichever the key is for (RFC 7515, RFC 7518). */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Longer texts are no tokens of ours. */
const tokenCharactersMax = 16 * 1024;

export interface SigningAlgorithm {
  readonly name: 'RS256' | 'ES256' | 'ES384' | 'ES512';
  readonly hash: 'sha256' | 'sha384' | 'sha512';
}

const rsa: SigningAlgorithm = { name: 'RS256', hash: 'sha256' };
const ofCurve: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: { name: 'ES256', hash: 'sha256' },
  secp384r1: { name: 'ES384', hash: 'sha384' },
  secp521r1: { name: 'ES512', hash: 'sha512' },
};

/** One algorithm a key: a token never chooses a weaker one than its key is for. */
export function algorithmOf(key: KeyObject): SigningAlgorithm {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const algorithm =
    key.asymmetricKeyType === 'rsa'
      ? rsa
      : key.asymmetricKeyType === 'ec' && Object.hasOwn(ofCurve, curve)
        ? ofCurve[curve]
        : undefined;
  if (algorithm !== undefined) return algorithm;
  throw new Error(
    `a ${key.asymmetricKeyType ?? 'secret'} key cannot sign service account tokens: use RSA or EC with curve P-256, P-384 or P-521`,
  );
}

/** Names a public key: the digest of its DER form. */
export const keyId = (key: KeyObject): string =>
  createHash('sha256')
    .update((key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' }))
    .digest('base64url');

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signToken(key: KeyObject, claims: object): string {
  const { name, hash } = algorithmOf(key);
  const body = `${encode({ alg: name, kid: keyId(key) })}.${encode(claims)}`;
  const signature = sign(hash, Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' });
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

/** What a token says of itself, believed by nobody: which kind of token it is. */
export function unverifiedClaims(token: string): Record<string, unknown> | undefined {
  const parts = token.split('.');
  return parts.length === 3 && token.length <= tokenCharactersMax ? decode(parts[1] ?? '') : undefined;
}

/** A key with its name, which takes longer to find out than a signature to check. */
export interface VerifyingKey {
  readonly key: KeyObject;
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
}

export const verifyingKey = (key: KeyObject): VerifyingKey => ({ key, id: keyId(key), algorithm: algorithmOf(key) });

/** The claims of a token that one of the keys has signed; undefined for any other text. */
export function verifiedClaims(token: string, keys: readonly VerifyingKey[]): Record<string, unknown> | undefined {
  const [header = '', claims = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0 || signature === '' || token.length > tokenCharactersMax) return undefined;
  const { alg, kid } = decode(header) ?? {};
  const signed = keys.some(
    ({ key, id, algorithm }) =>
      alg === algorithm.name &&
      (kid === undefined || kid === id) &&
      verify(
        algorithm.hash,
        Buffer.from(`${header}.${claims}`),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
  );
  return signed ? decode(claims) : undefined;
}
