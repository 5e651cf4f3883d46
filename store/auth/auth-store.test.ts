import t from 'tap';
import { keyBytes } from '../mvcc/key-name.ts';
import { AuthStore } from './auth-store.ts';
import { AuthError, permissionType } from './types.ts';
import type { AuthErrorKind } from './types.ts';

const noBytes = new Uint8Array(0);
const secret = (): Uint8Array => keyBytes('hash');
const range = (key: string, rangeEnd = ''): { key: Uint8Array; rangeEnd: Uint8Array } => ({
  key: keyBytes(key),
  rangeEnd: keyBytes(rangeEnd),
});
const permission = (permType: number, key: string, rangeEnd = '') => ({ permType, ...range(key, rangeEnd) });

/** root, who may do all; u with the role r, which may read [a,c) */
function populated(): AuthStore {
  const store = new AuthStore();
  store.userAdd({ name: 'root', password: secret, noPassword: false });
  store.userGrantRole('root', 'root');
  store.userAdd({ name: 'u', password: secret, noPassword: false });
  store.roleAdd('r');
  store.roleGrantPermission('r', permission(permissionType.read, 'a', 'c'));
  store.userGrantRole('u', 'r');
  return store;
}

const kindOf = (action: () => void): AuthErrorKind | 'done' => {
  try {
    action();
    return 'done';
  } catch (error) {
    if (error instanceof AuthError) return error.kind;
    throw error;
  }
};

type Case = readonly [name: string, enabled: boolean, action: (store: AuthStore) => void, kind: AuthErrorKind | 'done'];
const cases: readonly Case[] = [
  ['a user without a name', false, (s) => s.userAdd({ name: '', password: secret, noPassword: false }), 'user-empty'],
  ['a user twice', false, (s) => s.userAdd({ name: 'u', password: secret, noPassword: true }), 'user-exists'],
  ['deleting root while enabled', true, (s) => s.userDelete('root'), 'invalid-auth-management'],
  ['deleting root while not enabled', false, (s) => s.userDelete('root'), 'done'],
  ['deleting nobody', true, (s) => s.userDelete('x'), 'user-not-found'],
  ['a password for nobody', true, (s) => s.userChangePassword('x', secret), 'user-not-found'],
  ['a role for nobody, which is not there either', true, (s) => s.userGrantRole('x', 'y'), 'user-not-found'],
  ['a role that is not there', true, (s) => s.userGrantRole('u', 'y'), 'role-not-found'],
  ['the role root, which need not be there', true, (s) => s.userGrantRole('u', 'root'), 'done'],
  ['taking root from root while enabled', true, (s) => s.userRevokeRole('root', 'root'), 'invalid-auth-management'],
  ['taking root from root while not enabled', false, (s) => s.userRevokeRole('root', 'root'), 'done'],
  ['taking a role from nobody', true, (s) => s.userRevokeRole('x', 'r'), 'user-not-found'],
  ['taking a role that was not given', true, (s) => s.userRevokeRole('root', 'r'), 'role-not-granted'],
  ['a role without a name', true, (s) => s.roleAdd(''), 'role-empty'],
  ['a role twice', true, (s) => s.roleAdd('r'), 'role-exists'],
  ['deleting the role root while enabled', true, (s) => s.roleDelete('root'), 'invalid-auth-management'],
  ['deleting a role that is not there', true, (s) => s.roleDelete('y'), 'role-not-found'],
  ['granting nothing', true, (s) => s.roleGrantPermission('y', undefined), 'permission-not-given'],
  ['granting to no role', true, (s) => s.roleGrantPermission('y', permission(0, 'a')), 'role-not-found'],
  ['granting an empty key', true, (s) => s.roleGrantPermission('y', permission(0, '')), 'invalid-auth-management'],
  [
    'granting a range the wrong way round',
    true,
    (s) => s.roleGrantPermission('r', permission(0, 'b', 'a')),
    'invalid-auth-management',
  ],
  [
    'granting an empty range',
    true,
    (s) => s.roleGrantPermission('r', permission(0, 'b', 'b')),
    'invalid-auth-management',
  ],
  ['granting an open-ended range', true, (s) => s.roleGrantPermission('r', permission(0, 'b', '\0')), 'done'],
  ['revoking from no role', true, (s) => s.roleRevokePermission('y', range('a')), 'role-not-found'],
  ['revoking what was not granted', true, (s) => s.roleRevokePermission('r', range('a')), 'permission-not-granted'],
  ['revoking what was granted', true, (s) => s.roleRevokePermission('r', range('a', 'c')), 'done'],
  ['looking at nobody', true, (s) => s.userRoles('x'), 'user-not-found'],
  ['looking at no role', true, (s) => s.rolePermissions('y'), 'role-not-found'],
];

for (const [name, enabled, action, kind] of cases) {
  void t.test(`users and roles: ${name}`, (t) => {
    const store = populated();
    if (enabled) store.enable();
    const { revision } = store;
    store.takeChanges();
    t.equal(
      kindOf(() => action(store)),
      kind,
    );
    if (kind !== 'done') t.same([store.revision, store.takeChanges()], [revision, []], 'nothing changed');
    t.end();
  });
}

void t.test('authentication needs the user root with the role root', (t) => {
  const store = new AuthStore();
  t.equal(
    kindOf(() => store.enable()),
    'root-user-not-exist',
  );
  store.userAdd({ name: 'root', password: secret, noPassword: false });
  t.equal(
    kindOf(() => store.enable()),
    'root-role-not-exist',
  );
  store.userGrantRole('root', 'root');
  store.enable();
  t.ok(store.enabled);
  t.equal(
    kindOf(() => store.enable()),
    'done',
    'once more is nothing',
  );
  store.disable();
  t.notOk(store.enabled);
  t.end();
});

void t.test('each change makes a revision; enabling, and what changes nothing, makes none', (t) => {
  const store = populated();
  t.equal(store.revision, 7);
  store.enable();
  store.userGrantRole('u', 'r');
  t.equal(store.revision, 7);
  store.disable();
  store.disable();
  t.equal(store.revision, 8);
  t.end();
});

void t.test('a user may what his roles may, and root everything', (t) => {
  const store = populated();
  const ask = (user: string, use: 'read' | 'write', key: string, end = '', revision = store.revision) =>
    kindOf(() => store.checkRange({ user, revision }, use, keyBytes(key), end === '' ? undefined : keyBytes(end)));
  t.equal(ask('', 'write', 'x', '', 0), 'done', 'while not enabled');
  store.enable();
  t.equal(ask('', 'read', 'a', '', 0), 'user-empty');
  t.equal(ask('x', 'read', 'a'), 'permission-denied', 'who is not there');
  t.equal(ask('root', 'write', '\0', '\0'), 'done');
  t.equal(ask('u', 'read', 'a', 'c'), 'done');
  t.equal(ask('u', 'read', 'a', 'd'), 'permission-denied');
  t.equal(ask('u', 'write', 'a'), 'permission-denied');
  store.roleAdd('s');
  store.roleGrantPermission('s', permission(permissionType.readWrite, 'c', 'd'));
  store.userGrantRole('u', 's');
  t.equal(ask('u', 'read', 'a', 'd'), 'done', 'the ranges of both roles together');
  t.equal(ask('u', 'write', 'c'), 'done');
  t.equal(ask('u', 'read', 'a', '', store.revision - 1), 'auth-old-revision');
  store.roleGrantPermission('s', permission(permissionType.write, 'c', 'd'));
  t.equal(ask('u', 'read', 'c'), 'permission-denied', 'granted anew, as something else');
  store.roleDelete('s');
  t.equal(ask('u', 'write', 'c'), 'permission-denied');
  t.same(store.userRoles('u'), ['r']);
  t.end();
});

void t.test('granting a range again replaces it, also where another begins at the same key', (t) => {
  const store = populated();
  store.roleGrantPermission('r', permission(permissionType.readWrite, 'a', 'b'));
  store.roleGrantPermission('r', permission(permissionType.write, 'a', 'c'));
  t.same(
    store.rolePermissions('r').map(({ permType, rangeEnd }) => [permType, Buffer.from(rangeEnd).toString()]),
    [
      [permissionType.readWrite, 'b'],
      [permissionType.write, 'c'],
    ],
  );
  t.end();
});

void t.test('an administrator is who has the role root', (t) => {
  const store = populated();
  const ask = (user: string): string => kindOf(() => store.checkAdmin({ user, revision: 1 }));
  t.equal(ask(''), 'done', 'while not enabled');
  store.enable();
  t.same(['', 'x', 'u', 'root'].map(ask), ['user-empty', 'user-not-found', 'permission-denied', 'done']);
  store.userGrantRole('u', 'root');
  t.equal(ask('u'), 'done');
  t.end();
});

void t.test('a user without a password has none, also after one was set', (t) => {
  const store = new AuthStore();
  const unasked = (): Uint8Array => t.fail('nobody needs it') as never;
  store.userAdd({ name: 'c', password: unasked, noPassword: true });
  store.userChangePassword('c', unasked);
  t.same(store.users.get('c'), { name: 'c', password: noBytes, noPassword: true, roles: [] });
  t.end();
});

void t.test('names are in the order of their bytes, not of UTF-16', (t) => {
  const store = new AuthStore();
  for (const name of ['\u{1f600}', '\uff5e', 'b', 'a']) {
    store.roleAdd(name);
    store.userAdd({ name, password: secret, noPassword: false });
    store.userGrantRole('\u{1f600}', name);
  }
  const sorted = ['a', 'b', '\uff5e', '\u{1f600}'];
  t.same([store.userList(), store.roleList(), store.userRoles('\u{1f600}')], [sorted, sorted, sorted]);
  t.end();
});

void t.test('the role root shows that it may everything', (t) => {
  const store = new AuthStore();
  store.roleAdd('root');
  t.same(store.rolePermissions('root'), [{ permType: 2, key: noBytes, rangeEnd: new Uint8Array(1) }]);
  t.end();
});

void t.test('what was changed, loaded elsewhere, is the same', (t) => {
  const store = populated();
  store.enable();
  store.userDelete('u');
  const other = new AuthStore();
  const kept = new Map(
    store.takeChanges().map((change) => [`${change.kind}${'name' in change ? change.name : ''}`, change]),
  );
  for (const change of kept.values()) other.load(change);
  t.same([other.enabled, other.revision, other.users, other.roles], [true, store.revision, store.users, store.roles]);
  t.end();
});
