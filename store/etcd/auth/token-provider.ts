import type { AuthInfo } from '../../auth/types.ts';
import type { Authenticated } from './apply-auth.ts';

/** How who has shown a password is known again. */
export interface TokenProvider {
  /** Random, to be part of the command that authenticates; '' where tokens are not kept. */
  prefix(): string;
  /** The token for one whose authentication was applied; throws where this member can make none. */
  issue(user: string, applied: Authenticated): string | Promise<string>;
  /** Whose token it is; undefined: of nobody, or no longer. `revision`: of the auth store now. */
  owner(token: string, revision: number): AuthInfo | undefined | Promise<AuthInfo | undefined>;
  /** an authentication was applied here */
  given(user: string, token: string): void;
  /** the user is gone or has another password */
  forget(user: string): void;
  forgetAll(): void;
}
