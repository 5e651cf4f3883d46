import { Access } from '../../auth/access.ts';
import type { AuthStore } from '../../auth/auth-store.ts';
import { AuthError } from '../../auth/types.ts';
import type { ApplyContext } from '../apply.ts';
import type { SignedCommand } from '../command.ts';
import type { StoreState } from '../store-state.ts';
import type { AuthCommand, Authenticate } from './auth-command.ts';

/** What a member does besides keeping the records: tokens live in its memory. */
export type AuthEvent =
  | { readonly kind: 'records' }
  | { readonly kind: 'token'; readonly user: string; readonly token: string }
  /** of a user who is gone or has another password */
  | { readonly kind: 'forget'; readonly user: string }
  | { readonly kind: 'disabled' };

/** The answer to an authentication that was applied. */
export interface Authenticated {
  readonly token: string;
  readonly authRevision: number;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function hashOf({ hashedPassword }: { hashedPassword: string }): Uint8Array {
  if (!base64.test(hashedPassword)) throw new AuthError('no-password-user');
  return new Uint8Array(Buffer.from(hashedPassword, 'base64'));
}

function authenticate(context: ApplyContext, { name, token, checkedRevision }: Authenticate): Authenticated {
  const { auth } = context.state;
  if (auth.candidate(name).noPassword) throw new AuthError('auth-failed');
  if (checkedRevision !== auth.revision) throw new AuthError('auth-old-revision');
  if (token === '') return { token, authRevision: auth.revision };
  const whole = `${token}.${context.index}`;
  context.observer.auth({ kind: 'token', user: name, token: whole });
  return { token: whole, authRevision: auth.revision };
}

type Change = Exclude<keyof AuthCommand, 'authenticate'>;
type Changes = { readonly [K in Change]: (auth: AuthStore, command: NonNullable<AuthCommand[K]>) => AuthEvent | void };

const changes: Changes = {
  enable: (auth) => auth.enable(),
  disable: (auth) => {
    auth.disable();
    return { kind: 'disabled' };
  },
  userAdd: (auth, { name, options, ...r }) => {
    const noPassword = options?.noPassword === true;
    auth.userAdd({ name, noPassword, password: () => hashOf(r) });
  },
  userDelete: (auth, { name }) => {
    auth.userDelete(name);
    return { kind: 'forget', user: name };
  },
  userChangePassword: (auth, { name, ...r }) => {
    auth.userChangePassword(name, () => hashOf(r));
    return { kind: 'forget', user: name };
  },
  userGrantRole: (auth, { user, role }) => auth.userGrantRole(user, role),
  userRevokeRole: (auth, { name, role }) => auth.userRevokeRole(name, role),
  roleAdd: (auth, { name }) => auth.roleAdd(name),
  roleDelete: (auth, { role }) => auth.roleDelete(role),
  roleGrantPermission: (auth, { name, perm }) => auth.roleGrantPermission(name, perm),
  roleRevokePermission: (auth, { role, key, rangeEnd }) => auth.roleRevokePermission(role, { key, rangeEnd }),
};
const names = Object.keys(changes) as Change[];

/** Throws an AuthError where it is refused; nothing changed then. */
export function applyAuth(context: ApplyContext, command: AuthCommand): object {
  const { state, observer } = context;
  const header = { revision: state.mvcc.revision };
  if (command.authenticate !== undefined) return { header, ...authenticate(context, command.authenticate) };
  for (const name of names) {
    const body = command[name];
    if (body === undefined) continue;
    const event = (changes[name] as (auth: AuthStore, body: object) => AuthEvent | void)(state.auth, body);
    if (event !== undefined) observer.auth(event);
    observer.auth({ kind: 'records' });
    break;
  }
  return { header };
}

/**
 * Whether the user who is named in a command may have it done, as of now: permissions may have changed since it was
 * proposed. Only for when authentication is enabled. What a member proposes by itself names nobody.
 */
export function checkAccess({ auth, mvcc }: StoreState, command: SignedCommand): void {
  const access = new Access(auth, mvcc.leases, { user: command.user, revision: command.authRevision });
  if (command.put) access.put(command.put);
  else if (command.txn) access.txn(command.txn);
  else if (command.deleteRange) access.deleteRange(command.deleteRange);
  else if (command.leaseRenew) access.leaseKeys(command.leaseRenew.id, 'write');
  else if (command.leaseRevoke) {
    // one whose time is up has no user
    if (command.leaseRevoke.expiry === undefined) access.leaseKeys(command.leaseRevoke.id, 'write');
  } else if (command.auth) {
    if (command.auth.authenticate === undefined) access.admin();
  } else if ((command.compact ?? command.alarm) !== undefined && command.user !== '') access.admin();
}
