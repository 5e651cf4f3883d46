import { messageOf } from '../../base/message-of.ts';
import { silentLog, type Log } from '../../base/log.ts';
import { newUnauthorized } from '../../api/meta/status.ts';
import type { Authenticator, RequestContext, User } from '../pipeline.ts';

/** One kind of bearer token. `undefined`: not a valid token of this kind; the next kind is asked. */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences?: readonly string[]): Promise<User | undefined> | User | undefined;
}

const bearerPrefix = /^bearer +/i;

/** The token of an Authorization header; undefined where there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !bearerPrefix.test(authorization)) return undefined;
  const token = authorization.replace(bearerPrefix, '').trim();
  return token === '' ? undefined : token;
}

/** `Authorization: Bearer …`, whichever kind of token it is. A token that no kind knows is refused. */
export class BearerAuthenticator implements Authenticator {
  readonly #kinds: readonly TokenAuthenticator[];
  readonly #log: Log;

  constructor(kinds: readonly TokenAuthenticator[], log: Log = silentLog) {
    this.#kinds = kinds;
    this.#log = log;
  }

  async authenticate(ctx: RequestContext): Promise<User | undefined> {
    const token = bearerToken(ctx.headers.authorization);
    if (token === undefined) return undefined;
    const user = await this.authenticateToken(token);
    if (user === undefined) throw newUnauthorized();
    return user;
  }

  async authenticateToken(token: string, audiences?: readonly string[]): Promise<User | undefined> {
    for (const kind of this.#kinds) {
      try {
        const user = await kind.authenticateToken(token, audiences);
        if (user !== undefined) return user;
      } catch (error) {
        // A token that one kind finds bad may be another's. What is wrong with it is not for whoever shows it.
        this.#log.info({ error: messageOf(error) }, 'a bearer token was refused');
      }
    }
    return undefined;
  }
}
