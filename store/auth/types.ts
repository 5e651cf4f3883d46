/** What the users and roles of a store are. Shapes follow etcd's authpb (proto/etcd-auth-types.ts). */

export const permissionType = { read: 0, write: 1, readWrite: 2 } as const;

export interface Permission {
  readonly permType: number;
  readonly key: Uint8Array;
  /** empty: the key alone; a zero byte: all keys from `key` on; else [key, rangeEnd) */
  readonly rangeEnd: Uint8Array;
}

export interface Role {
  readonly name: string;
  /** in the order of their keys */
  readonly permissions: readonly Permission[];
}

export interface User {
  readonly name: string;
  /** what bcrypt made of the password; empty: none is accepted */
  readonly password: Uint8Array;
  /** may come by a client certificate only */
  readonly noPassword: boolean;
  /** in the order of their bytes */
  readonly roles: readonly string[];
}

/** Who asks. */
export interface AuthInfo {
  /** '': nobody */
  readonly user: string;
  /** of the auth store when that was established; 0: it was not */
  readonly revision: number;
}
export const nobody: AuthInfo = { user: '', revision: 0 };

/** The user, and the role, that may do everything and without which authentication cannot be turned on. */
export const root = 'root';

/** names of store/etcd/errors.ts */
export type AuthErrorKind =
  | 'root-user-not-exist'
  | 'root-role-not-exist'
  | 'user-exists'
  | 'user-empty'
  | 'user-not-found'
  | 'role-exists'
  | 'role-empty'
  | 'role-not-found'
  | 'role-not-granted'
  | 'permission-not-given'
  | 'permission-not-granted'
  | 'permission-denied'
  | 'auth-failed'
  | 'auth-not-enabled'
  | 'auth-old-revision'
  | 'invalid-auth-token'
  | 'invalid-auth-management'
  | 'no-password-user';

/** A request that is refused; nothing was changed. */
export class AuthError extends Error {
  override name = 'AuthError';
  readonly kind: AuthErrorKind;
  constructor(kind: AuthErrorKind) {
    super(kind);
    this.kind = kind;
  }
}
