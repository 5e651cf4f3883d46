/** Users and roles as the backend holds them: etcd's own messages, so that they can go into a file of etcd's and come back. */
import { createHash } from 'node:crypto';
import type { PermissionRecord, RoleRecord, UserRecord } from '../../../proto/etcd-auth-types.ts';
import type { AuthChange, AuthStore } from '../../auth/auth-store.ts';
import type { Role, User } from '../../auth/types.ts';
import type { WriteOp } from '../../backend/backend.ts';
import { etcd } from '../command.ts';
import { jsonValue, prefixes } from '../records.ts';

const userCodec = etcd.codec<UserRecord>('authpb.User');
const roleCodec = etcd.codec<RoleRecord>('authpb.Role');
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const nameOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** whether authentication is enabled, and the revision */
export const authKey = text('x auth');

/** As etcd keeps a user under its name. */
export const encodeUser = ({ name, password, roles, noPassword }: User): Uint8Array =>
  userCodec.encode({ name: text(name), password, roles, options: { noPassword } });

export const encodeRole = ({ name, permissions }: Role): Uint8Array =>
  roleCodec.encode({ name: text(name), keyPermission: permissions });

export function parseAuthUser(value: Uint8Array): AuthChange {
  const { name, password, roles, options } = userCodec.decode(value);
  const user = { name: nameOf(name), password: password.slice(), roles, noPassword: options?.noPassword === true };
  return { kind: 'user', name: user.name, value: user };
}

const kept = ({ permType, key, rangeEnd }: PermissionRecord): PermissionRecord => ({
  permType,
  key: key.slice(),
  rangeEnd: rangeEnd.slice(),
});

export function parseAuthRole(value: Uint8Array): AuthChange {
  const { name, keyPermission } = roleCodec.decode(value);
  const role = { name: nameOf(name), permissions: keyPermission.map(kept) };
  return { kind: 'role', name: role.name, value: role };
}

export function authRecord(change: AuthChange): WriteOp {
  if (change.kind === 'meta') return { key: authKey, value: jsonValue(change.value) };
  const prefix = change.kind === 'user' ? prefixes.authUser : prefixes.authRole;
  const key = text(`${prefix}${change.name}`);
  if (change.value === undefined) return { key, value: undefined };
  return { key, value: change.kind === 'user' ? encodeUser(change.value) : encodeRole(change.value) };
}

/** Of all users and roles and whether they count: members that applied the same have the same. 40 hex digits. */
export function authHash(auth: AuthStore): string {
  const hash = createHash('sha1').update(`${auth.enabled}/${auth.revision}`);
  for (const name of auth.userList()) hash.update(encodeUser(auth.users.get(name)!));
  hash.update('/');
  for (const name of auth.roleList()) hash.update(encodeRole(auth.roles.get(name)!));
  return hash.digest('hex');
}
