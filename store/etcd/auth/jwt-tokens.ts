import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { errors, jwtVerify, SignJWT } from 'jose';
import { anyDecimal, goDurationMs } from '../../../base/go-duration.ts';
import { messageOf } from '../../../base/message-of.ts';
import type { Clock } from '../../../base/clock.ts';
import type { AuthInfo } from '../../auth/types.ts';
import { etcdError } from '../errors.ts';
import type { Authenticated } from './apply-auth.ts';
import type { TokenProvider } from './token-provider.ts';

type Key = KeyObject | Uint8Array;

/** tokens that were found to be right, so that a client's next call costs no signature */
const rememberedMax = 10_000;
/** RFC 7518, section 3.3 */
const rsaBitsMin = 2048;
const ttlMsDefault = 300_000;
const signMethods = /^(?:(?:HS|RS|PS|ES)(?:256|384|512)|EdDSA)$/;
/** kinds of keys by the first letters of a method */
const keyTypes: Readonly<Record<string, string>> = { RS: 'rsa', PS: 'rsa', ES: 'ec', Ed: 'ed25519' };

export interface JwtOptions {
  readonly method: string;
  /** undefined: tokens can be verified only */
  readonly signKey: Key | undefined;
  readonly verifyKey: Key;
  readonly ttlMs: number;
  readonly clock: Clock;
}

/** A duration as Go writes it, `1h30m`, in milliseconds. */
function durationMs(text: string): number {
  const ms = goDurationMs(text, anyDecimal);
  if (ms === undefined) throw new Error(`--auth-token: ttl: "${text}" is no duration`);
  return ms;
}

async function fileOf(name: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined || path === '') return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`--auth-token: ${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function parsed(name: string, method: string, make: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = make();
  } catch (error) {
    throw new Error(`--auth-token: ${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const wanted = keyTypes[method.slice(0, 2)];
  const bits = key.asymmetricKeyDetails?.modulusLength ?? Infinity;
  if (bits < rsaBitsMin)
    throw new Error(`--auth-token: ${name}: a key of ${rsaBitsMin} bits or more is needed, not ${bits}`);
  if (key.asymmetricKeyType === wanted) return key;
  throw new Error(`--auth-token: ${name}: ${method} needs a key of kind ${wanted}, not ${key.asymmetricKeyType}`);
}

const missingKey = (): Error => new Error('--auth-token: auth: missing key data');

/** What stands behind `jwt,`: sign-method, pub-key, priv-key, ttl. */
export async function readJwtOptions(given: ReadonlyMap<string, string>, clock: Clock): Promise<JwtOptions> {
  const method = given.get('sign-method') ?? '';
  if (!signMethods.test(method)) throw new Error('--auth-token: auth: invalid auth signature method');
  const ttl = given.get('ttl') ?? '';
  const base = { method, clock, ttlMs: ttl === '' ? ttlMsDefault : durationMs(ttl) };
  const privatePem = await fileOf('priv-key', given.get('priv-key'));
  const publicPem = await fileOf('pub-key', given.get('pub-key'));
  if (method.startsWith('HS')) {
    if (privatePem === undefined || privatePem.length === 0) throw missingKey();
    const secret = new Uint8Array(privatePem);
    return { ...base, signKey: secret, verifyKey: secret };
  }
  const signKey = privatePem && parsed('priv-key', method, () => createPrivateKey(privatePem));
  const publicKey = publicPem && parsed('pub-key', method, () => createPublicKey(publicPem));
  if (signKey === undefined) {
    if (publicKey === undefined) throw missingKey();
    return { ...base, signKey, verifyKey: publicKey };
  }
  const verifyKey = createPublicKey(signKey);
  if (publicKey !== undefined && !publicKey.equals(verifyKey)) {
    throw new Error("--auth-token: auth: public and private keys don't match");
  }
  return { ...base, signKey, verifyKey };
}

/**
 * `--auth-token=jwt,…`: signed texts that say who one is, at which revision of users and roles, and until when. Any member
 * with the key knows them; none has to remember them. With each change of users or roles all of them are out of date.
 */
export class JwtTokens implements TokenProvider {
  readonly #options: JwtOptions;
  readonly #known = new Map<string, { readonly info: AuthInfo; readonly untilMs: number }>();

  constructor(options: JwtOptions) {
    this.#options = options;
  }

  prefix(): string {
    return '';
  }

  issue(user: string, { authRevision }: Authenticated): Promise<string> {
    const { signKey, method, clock, ttlMs } = this.#options;
    if (signKey === undefined) throw etcdError('verify-only');
    return new SignJWT({ username: user, revision: authRevision })
      .setProtectedHeader({ alg: method, typ: 'JWT' })
      .setExpirationTime(Math.floor((clock.nowMs() + ttlMs) / 1000))
      .sign(signKey);
  }

  owner(token: string): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    const known = this.#known.get(token);
    if (known === undefined) return this.#verified(token);
    if (known.untilMs > this.#options.clock.nowMs()) return known.info;
    this.#known.delete(token);
    return undefined;
  }

  given(): void {}
  forget(): void {}
  forgetAll(): void {}

  async #verified(token: string): Promise<AuthInfo | undefined> {
    const { verifyKey, method, clock } = this.#options;
    try {
      const currentDate = new Date(clock.nowMs());
      const { payload } = await jwtVerify(token, verifyKey, { algorithms: [method], currentDate });
      const { username, revision, exp } = payload;
      if (typeof username !== 'string' || typeof revision !== 'number') return undefined;
      const info = { user: username, revision };
      const [oldest] = this.#known.keys();
      if (this.#known.size >= rememberedMax && oldest !== undefined) this.#known.delete(oldest);
      if (exp !== undefined) this.#known.set(token, { info, untilMs: exp * 1000 });
      return info;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
