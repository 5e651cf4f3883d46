import { PermittedRanges } from './permitted-ranges.ts';
import { AuthError, permissionType, root } from './types.ts';
import type { AuthInfo, Permission, Role, User } from './types.ts';

/** `value` undefined: it is gone */
export type AuthChange =
  | { readonly kind: 'user'; readonly name: string; readonly value: User | undefined }
  | { readonly kind: 'role'; readonly name: string; readonly value: Role | undefined }
  | { readonly kind: 'meta'; readonly value: AuthMeta };

export interface AuthMeta {
  readonly enabled: boolean;
  readonly revision: number;
}

interface UserRanges {
  readonly read: PermittedRanges;
  readonly write: PermittedRanges;
}

const noBytes = new Uint8Array(0);
/** what the role `root` shows; it needs none */
const rootPermission: Permission = {
  permType: permissionType.readWrite,
  key: noBytes,
  rangeEnd: new Uint8Array(1),
};

/** etcd sorts by the bytes of UTF-8, JavaScript by UTF-16. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const sortedNames = (names: Iterable<string>): string[] => [...names].sort(byBytes);
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const isAdmin = ({ roles }: User): boolean => roles.includes(root);

function isRange({ key, rangeEnd }: Pick<Permission, 'key' | 'rangeEnd'>): boolean {
  if (key.length === 0) return false;
  if (rangeEnd.length === 0 || Buffer.compare(key, rangeEnd) < 0) return true;
  return rangeEnd.length === 1 && rangeEnd[0] === 0;
}

/**
 * Users, roles, and what they permit. Part of the replicated state: everything is decided by the order of the calls
 * alone. Each change of users or roles makes a new revision, by which requests that were permitted before are known.
 *
 * Methods that change something throw an AuthError where etcd would refuse, in the order of etcd's checks, before
 * anything is changed. https://etcd.io/docs/latest/learning/design-auth-v3/
 */
export class AuthStore {
  /** read with each request */
  enabled = false;
  #revision = 1;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Role>();
  /** of users, made when first asked for; forgotten with each change */
  readonly #ranges = new Map<string, UserRanges>();
  #changes: AuthChange[] = [];

  /** 1 when nothing was ever changed */
  get revision(): number {
    return this.#revision;
  }

  get users(): ReadonlyMap<string, User> {
    return this.#users;
  }

  get roles(): ReadonlyMap<string, Role> {
    return this.#roles;
  }

  /** As it was kept. */
  load(change: AuthChange): void {
    this.#ranges.clear();
    if (change.kind === 'meta') {
      this.enabled = change.value.enabled;
      this.#revision = change.value.revision;
    } else if (change.kind === 'user') {
      if (change.value !== undefined) this.#users.set(change.name, change.value);
    } else if (change.value !== undefined) this.#roles.set(change.name, change.value);
  }

  /** What changed since it was last asked, to be made durable. */
  takeChanges(): readonly AuthChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  enable(): void {
    if (this.enabled) return;
    const user = this.#users.get(root);
    if (user === undefined) throw new AuthError('root-user-not-exist');
    if (!isAdmin(user)) throw new AuthError('root-role-not-exist');
    this.enabled = true;
    this.#record({ kind: 'meta', value: { enabled: true, revision: this.#revision } });
  }

  disable(): void {
    if (!this.enabled) return;
    this.enabled = false;
    this.#commit();
  }

  /** `password` is asked for where one is needed, and may throw. */
  userAdd({ name, password, noPassword }: { name: string; password: () => Uint8Array; noPassword: boolean }): void {
    if (name === '') throw new AuthError('user-empty');
    if (this.#users.has(name)) throw new AuthError('user-exists');
    this.#putUser({ name, password: noPassword ? noBytes : password(), noPassword, roles: [] });
    this.#commit();
  }

  userDelete(name: string): void {
    if (this.enabled && name === root) throw new AuthError('invalid-auth-management');
    this.#user(name);
    this.#users.delete(name);
    this.#record({ kind: 'user', name, value: undefined });
    this.#commit();
  }

  userChangePassword(name: string, password: () => Uint8Array): void {
    const user = this.#user(name);
    this.#putUser({ ...user, password: user.noPassword ? noBytes : password() });
    this.#commit();
  }

  userGrantRole(name: string, role: string): void {
    const user = this.#user(name);
    if (role !== root) this.#role(role);
    if (user.roles.includes(role)) return;
    this.#putUser({ ...user, roles: sortedNames([...user.roles, role]) });
    this.#commit();
  }

  userRevokeRole(name: string, role: string): void {
    if (this.enabled && name === root && role === root) throw new AuthError('invalid-auth-management');
    const user = this.#user(name);
    if (!user.roles.includes(role)) throw new AuthError('role-not-granted');
    this.#putUser({ ...user, roles: user.roles.filter((other) => other !== role) });
    this.#commit();
  }

  userRoles(name: string): readonly string[] {
    return this.#user(name).roles;
  }

  userList(): string[] {
    return sortedNames(this.#users.keys());
  }

  roleAdd(name: string): void {
    if (name === '') throw new AuthError('role-empty');
    if (this.#roles.has(name)) throw new AuthError('role-exists');
    this.#putRole({ name, permissions: [] });
    this.#commit();
  }

  roleDelete(name: string): void {
    if (this.enabled && name === root) throw new AuthError('invalid-auth-management');
    this.#role(name);
    this.#roles.delete(name);
    this.#record({ kind: 'role', name, value: undefined });
    for (const user of this.#users.values()) {
      if (user.roles.includes(name)) this.#putUser({ ...user, roles: user.roles.filter((other) => other !== name) });
    }
    this.#commit();
  }

  rolePermissions(name: string): readonly Permission[] {
    const { permissions } = this.#role(name);
    return name === root ? [rootPermission] : permissions;
  }

  roleList(): string[] {
    return sortedNames(this.#roles.keys());
  }

  roleGrantPermission(name: string, permission: Permission | undefined): void {
    if (permission === undefined) throw new AuthError('permission-not-given');
    if (!isRange(permission)) throw new AuthError('invalid-auth-management');
    const { permissions } = this.#role(name);
    const others = permissions.filter((other) => !sameRange(other, permission));
    const { permType, key, rangeEnd } = permission;
    const granted = { permType, key: key.slice(), rangeEnd: rangeEnd.slice() };
    this.#putRole({ name, permissions: [...others, granted].sort((a, b) => Buffer.compare(a.key, b.key)) });
    this.#commit();
  }

  roleRevokePermission(name: string, range: Pick<Permission, 'key' | 'rangeEnd'>): void {
    const { permissions } = this.#role(name);
    const left = permissions.filter((permission) => !sameRange(permission, range));
    if (left.length === permissions.length) throw new AuthError('permission-not-granted');
    this.#putRole({ name, permissions: left });
    this.#commit();
  }

  /** One who wants to authenticate, where that can be. */
  candidate(name: string): User {
    if (!this.enabled) throw new AuthError('auth-not-enabled');
    const user = this.#users.get(name);
    if (user === undefined) throw new AuthError('auth-failed');
    return user;
  }

  checkAdmin({ user: name }: AuthInfo): void {
    if (!this.enabled) return;
    if (name === '') throw new AuthError('user-empty');
    if (!isAdmin(this.#user(name))) throw new AuthError('permission-denied');
  }

  /** Whether all of a key, or of [key, rangeEnd), may be read or written. */
  checkRange(who: AuthInfo, use: 'read' | 'write', key: Uint8Array, rangeEnd?: Uint8Array): void {
    if (!this.enabled) return;
    if (who.revision === 0) throw new AuthError('user-empty');
    if (who.revision < this.#revision) throw new AuthError('auth-old-revision');
    const user = this.#users.get(who.user);
    if (user === undefined) throw new AuthError('permission-denied');
    if (isAdmin(user)) return;
    if (!this.#rangesOf(user)[use].cover(key, rangeEnd)) throw new AuthError('permission-denied');
  }

  #rangesOf(user: User): UserRanges {
    let found = this.#ranges.get(user.name);
    if (found === undefined) {
      const all = user.roles.flatMap((role) => this.#roles.get(role)?.permissions ?? []);
      const of = (type: number): PermittedRanges =>
        new PermittedRanges(all.filter(({ permType }) => permType === type || permType === permissionType.readWrite));
      found = { read: of(permissionType.read), write: of(permissionType.write) };
      this.#ranges.set(user.name, found);
    }
    return found;
  }

  #user(name: string): User {
    const user = this.#users.get(name);
    if (user === undefined) throw new AuthError('user-not-found');
    return user;
  }

  #role(name: string): Role {
    const role = this.#roles.get(name);
    if (role === undefined) throw new AuthError('role-not-found');
    return role;
  }

  #putUser(user: User): void {
    this.#users.set(user.name, user);
    this.#record({ kind: 'user', name: user.name, value: user });
  }

  #putRole(role: Role): void {
    this.#roles.set(role.name, role);
    this.#record({ kind: 'role', name: role.name, value: role });
  }

  #record(change: AuthChange): void {
    this.#changes.push(change);
  }

  #commit(): void {
    this.#revision++;
    this.#ranges.clear();
    this.#record({ kind: 'meta', value: { enabled: this.enabled, revision: this.#revision } });
  }
}

const sameRange = (a: Pick<Permission, 'key' | 'rangeEnd'>, b: Pick<Permission, 'key' | 'rangeEnd'>): boolean =>
  sameBytes(a.key, b.key) && sameBytes(a.rangeEnd, b.rangeEnd);
