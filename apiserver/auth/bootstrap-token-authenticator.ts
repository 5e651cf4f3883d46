import { timingSafeEqual } from 'node:crypto';
import type { KubeObject, ObjectStore, User } from '../pipeline.ts';
import type { TokenAuthenticator } from './bearer-authenticator.ts';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const namespace = 'kube-system';
const defaultGroup = 'system:bootstrappers';
const secretType = 'bootstrap.kubernetes.io/token';

function textOf(secret: KubeObject, key: string): string {
  const value = (secret['data'] as Record<string, string> | undefined)?.[key];
  return value === undefined ? '' : Buffer.from(value, 'base64').toString('utf8');
}

const same = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** Sorted, each once; undefined: one of them is no group of bootstrappers, so the token is none. */
function groupsOf(secret: KubeObject): string[] | undefined {
  const extra = textOf(secret, 'auth-extra-groups');
  const groups = extra === '' ? [] : extra.split(',');
  if (!groups.every((group) => groupPattern.test(group))) return undefined;
  return [...new Set([defaultGroup, ...groups])].sort();
}

/** Tokens `abcdef.0123456789abcdef` with which new nodes ask for a certificate: each is a Secret of kube-system. */
export class BootstrapTokenAuthenticator implements TokenAuthenticator {
  readonly #store: ObjectStore;
  readonly #nowMs: () => number;

  constructor(store: ObjectStore, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  async authenticateToken(token: string): Promise<User | undefined> {
    const [, id = '', secretText = ''] = tokenPattern.exec(token) ?? [];
    if (id === '') return undefined;
    const secret = await this.#store.get('', 'secrets', namespace, `bootstrap-token-${id}`);
    if (secret === undefined || secret.metadata?.deletionTimestamp !== undefined) return undefined;
    if (secret['type'] !== secretType || !same(textOf(secret, 'token-secret'), secretText)) return undefined;
    if (textOf(secret, 'token-id') !== id || this.#isExpired(secret)) return undefined;
    if (textOf(secret, 'usage-bootstrap-authentication') !== 'true') return undefined;
    const groups = groupsOf(secret);
    return groups && { name: `system:bootstrap:${id}`, groups };
  }

  /** What is no time has passed. */
  #isExpired(secret: KubeObject): boolean {
    const text = textOf(secret, 'expiration');
    return text !== '' && !(Date.parse(text) > this.#nowMs());
  }
}
