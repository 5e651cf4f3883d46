import type { User } from '../pipeline.ts';
import type { TokenAuthenticator } from './bearer-authenticator.ts';
import { JwtAuthenticator, type JwtSettings } from './jwt-authenticator.ts';

/** All issuers of a configuration, made anew when it changes. */
export class JwtIssuers implements TokenAuthenticator {
  readonly #settings: () => readonly JwtSettings[];
  readonly #nowMs: () => number;
  #known: readonly JwtSettings[] = [];
  #issuers: readonly JwtAuthenticator[] = [];

  constructor(settings: () => readonly JwtSettings[], nowMs: () => number) {
    this.#settings = settings;
    this.#nowMs = nowMs;
  }

  async authenticateToken(token: string): Promise<User | undefined> {
    const settings = this.#settings();
    if (settings !== this.#known) {
      this.close();
      this.#known = settings;
      this.#issuers = settings.map((each) => new JwtAuthenticator(each, this.#nowMs));
    }
    for (const issuer of this.#issuers) {
      const user = await issuer.authenticateToken(token);
      if (user !== undefined) return user;
    }
    return undefined;
  }

  close(): void {
    for (const issuer of this.#issuers) void issuer.close();
  }
}
