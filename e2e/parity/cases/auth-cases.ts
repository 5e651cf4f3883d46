import { group } from '../parity-case.ts';
import { secured, unsecured } from '../secured.ts';

const users = group('auth, users', [
  [
    'added, looked at, listed, deleted',
    unsecured(async (s) => {
      await s.call('Auth/UserAdd', { name: 'b', password: 'pw' });
      await s.call('Auth/UserAdd', { name: 'a', password: 'pw' });
      await s.call('Auth/UserAdd', { name: 'ü', password: '' });
      await s.call('Auth/UserAdd', { name: 'z', options: { noPassword: true } });
      await s.call('Auth/UserGet', { name: 'a' });
      await s.call('Auth/UserList', {});
      await s.call('Auth/UserDelete', { name: 'b' });
      await s.call('Auth/UserGet', { name: 'b' });
      await s.call('Auth/UserList', {});
    }),
  ],
  [
    'refused',
    unsecured(async (s) => {
      await s.call('Auth/UserAdd', { name: '', password: 'pw' });
      await s.call('Auth/UserAdd', { name: '', options: { noPassword: true } });
      await s.call('Auth/UserAdd', { name: 'a', password: 'pw' });
      await s.call('Auth/UserAdd', { name: 'a', password: 'other' });
      await s.call('Auth/UserGet', { name: '' });
      await s.call('Auth/UserGet', { name: 'x' });
      await s.call('Auth/UserDelete', { name: 'x' });
      await s.call('Auth/UserDelete', { name: '' });
      await s.call('Auth/UserChangePassword', { name: 'x', password: 'pw' });
      await s.call('Auth/UserChangePassword', { name: 'x' });
    }),
  ],
  [
    'a password of 72 bytes, and of more',
    unsecured(async (s) => {
      await s.call('Auth/UserAdd', { name: 'a', password: 'x'.repeat(72) });
      await s.call('Auth/UserAdd', { name: 'b', password: 'x'.repeat(73) });
      await s.call('Auth/UserChangePassword', { name: 'a', password: 'ü'.repeat(37) });
      await s.call('Auth/UserList', {});
    }),
    { since: '3.6' },
  ],
  [
    'roles given and taken',
    unsecured(async (s) => {
      await s.quietly('Auth/UserAdd', { name: 'a', password: 'pw' });
      for (const name of ['y', 'x']) await s.quietly('Auth/RoleAdd', { name });
      await s.call('Auth/UserGrantRole', { user: 'a', role: 'y' });
      await s.call('Auth/UserGrantRole', { user: 'a', role: 'x' });
      await s.call('Auth/UserGrantRole', { user: 'a', role: 'x' });
      await s.call('Auth/UserGet', { name: 'a' });
      await s.call('Auth/UserGrantRole', { user: 'a', role: 'nothere' });
      await s.call('Auth/UserGrantRole', { user: 'a', role: '' });
      await s.call('Auth/UserGrantRole', { user: 'b', role: 'x' });
      await s.call('Auth/UserGrantRole', { user: 'b', role: 'nothere' });
      await s.call('Auth/UserGrantRole', { user: 'a', role: 'root' });
      await s.call('Auth/UserGet', { name: 'a' });
      await s.call('Auth/UserRevokeRole', { name: 'a', role: 'y' });
      await s.call('Auth/UserRevokeRole', { name: 'a', role: 'y' });
      await s.call('Auth/UserRevokeRole', { name: 'a', role: 'nothere' });
      await s.call('Auth/UserRevokeRole', { name: 'b', role: 'x' });
      await s.call('Auth/UserGet', { name: 'a' });
    }),
  ],
]);

const roles = group('auth, roles', [
  [
    'root shows that it may everything',
    unsecured(async (s) => {
      await s.call('Auth/RoleAdd', { name: 'root' });
      await s.call('Auth/RoleGet', { role: 'root' });
    }),
    { since: '3.6' },
  ],
  [
    'added, looked at, listed, deleted',
    unsecured(async (s) => {
      await s.call('Auth/RoleAdd', { name: 'b' });
      await s.call('Auth/RoleAdd', { name: 'a' });
      await s.call('Auth/RoleAdd', { name: 'root' });
      await s.call('Auth/RoleGet', { role: 'a' });
      await s.call('Auth/RoleList', {});
      await s.call('Auth/RoleDelete', { role: 'a' });
      await s.call('Auth/RoleGet', { role: 'a' });
      await s.call('Auth/RoleDelete', { role: 'root' });
      await s.call('Auth/RoleList', {});
    }),
  ],
  [
    'refused',
    unsecured(async (s) => {
      await s.call('Auth/RoleAdd', { name: '' });
      await s.call('Auth/RoleAdd', { name: 'a' });
      await s.call('Auth/RoleAdd', { name: 'a' });
      await s.call('Auth/RoleGet', { role: '' });
      await s.call('Auth/RoleGet', { role: 'x' });
      await s.call('Auth/RoleGet', { role: 'root' });
      await s.call('Auth/RoleDelete', { role: 'x' });
    }),
  ],
  [
    'taken from their users when they are deleted',
    unsecured(async (s) => {
      await s.quietly('Auth/UserAdd', { name: 'a', password: 'pw' });
      for (const name of ['x', 'y']) {
        await s.quietly('Auth/RoleAdd', { name });
        await s.quietly('Auth/UserGrantRole', { user: 'a', role: name });
      }
      await s.call('Auth/RoleDelete', { role: 'x' });
      await s.call('Auth/UserGet', { name: 'a' });
    }),
  ],
  [
    'permissions given, given anew, taken',
    unsecured(async (s) => {
      const grant = (perm: object): Promise<unknown> => s.call('Auth/RoleGrantPermission', { name: 'a', perm });
      await s.quietly('Auth/RoleAdd', { name: 'a' });
      await grant({ key: 'k', permType: 2 });
      await grant({ key: 'c', rangeEnd: 'f', permType: 0 });
      await grant({ key: 'x', rangeEnd: '\0', permType: 1 });
      await s.call('Auth/RoleGet', { role: 'a' });
      await grant({ key: 'k', permType: 0 });
      await s.call('Auth/RoleGet', { role: 'a' });
      await s.call('Auth/RoleRevokePermission', { role: 'a', key: 'c', rangeEnd: 'f' });
      await s.call('Auth/RoleRevokePermission', { role: 'a', key: 'c', rangeEnd: 'f' });
      await s.call('Auth/RoleRevokePermission', { role: 'a', key: 'x' });
      await s.call('Auth/RoleRevokePermission', { role: 'b', key: 'x' });
      await s.call('Auth/RoleGet', { role: 'a' });
    }),
  ],
  [
    'permissions that are none',
    unsecured(async (s) => {
      const grant = (perm: object | undefined, name = 'a'): Promise<unknown> =>
        s.call('Auth/RoleGrantPermission', { name, perm });
      await s.quietly('Auth/RoleAdd', { name: 'a' });
      await grant(undefined);
      await grant({ key: '', permType: 2 });
      await grant({ key: 'b', rangeEnd: 'a', permType: 2 });
      await grant({ key: 'b', rangeEnd: 'b', permType: 2 });
      await grant({ key: 'b', rangeEnd: 'b', permType: 2 }, 'nothere');
      await grant({ key: 'b', permType: 2 }, 'nothere');
      await s.call('Auth/RoleGet', { role: 'a' });
    }),
    { since: '3.6' },
  ],
]);

const switching = group('auth, on and off', [
  [
    'needs root with the role root',
    unsecured(async (s) => {
      await s.call('Auth/AuthEnable', {});
      await s.quietly('Auth/UserAdd', { name: 'root', password: 'pw' });
      await s.call('Auth/AuthEnable', {});
      await s.call('Auth/AuthDisable', {});
      await s.call('Auth/Authenticate', { name: 'root', password: 'pw' });
    }),
  ],
  [
    'what root may not do to itself',
    secured(async (s) => {
      await s.as('root', 'Auth/AuthEnable', {});
      await s.as('root', 'Auth/UserDelete', { name: 'root' });
      await s.as('root', 'Auth/UserRevokeRole', { name: 'root', role: 'root' });
      await s.as('root', 'Auth/UserRevokeRole', { name: 'root', role: 'r' });
      await s.as('root', 'Auth/RoleDelete', { role: 'root' });
      await s.as('root', 'Auth/UserGrantRole', { user: 'u', role: 'root' });
      await s.as('u', 'Auth/UserDelete', { name: 'root' });
      await s.as('u', 'Auth/UserDelete', { name: 'n' });
    }),
  ],
  [
    'who one is',
    secured(async ({ session }) => {
      const authenticate = (name: string, password: string): Promise<unknown> =>
        session.call('Auth/Authenticate', { name, password });
      await authenticate('u', 'pw');
      await authenticate('u', 'guess');
      await authenticate('u', '');
      await authenticate('nobody', 'pw');
      await authenticate('', '');
      for (const token of ['', 'garbage', 'garbage.1', 'a.b', 'a.1.2']) {
        await session.call('KV/Range', { key: 'k' }, { token });
        await session.call('Auth/UserList', {}, { token });
      }
      await session.call('KV/Range', { key: 'k' }, { authorization: 'garbage.1' });
    }),
  ],
  [
    'a user without a password',
    secured(async (s) => {
      await s.as('root', 'Auth/UserAdd', { name: 'c', options: { noPassword: true } });
      await s.session.call('Auth/Authenticate', { name: 'c', password: '' });
      await s.session.call('Auth/Authenticate', { name: 'c', password: 'pw' });
      await s.as('root', 'Auth/UserChangePassword', { name: 'c', password: 'pw' });
      await s.session.call('Auth/Authenticate', { name: 'c', password: 'pw' });
    }),
    { since: '3.6' },
  ],
  [
    'a password that was changed, and one that is empty',
    secured(async (s) => {
      const { session } = s;
      await s.as('u', 'KV/Range', { key: 'k' });
      await s.as('root', 'Auth/UserChangePassword', { name: 'u', password: 'new' });
      await s.as('u', 'KV/Range', { key: 'k' });
      await session.call('Auth/Authenticate', { name: 'u', password: 'pw' });
      await session.call('Auth/Authenticate', { name: 'u', password: 'new' });
      await s.as('root', 'Auth/UserChangePassword', { name: 'u', password: '' });
      await session.call('Auth/Authenticate', { name: 'u', password: '' });
      await s.as('root', 'Auth/UserAdd', { name: 'e', password: '' });
      await session.call('Auth/Authenticate', { name: 'e', password: '' });
    }),
    { since: '3.6' },
  ],
  [
    'the token of a user who is gone, and back',
    secured(async (s) => {
      await s.as('u', 'KV/Range', { key: 'k' });
      await s.as('root', 'Auth/UserDelete', { name: 'u' });
      await s.as('u', 'KV/Range', { key: 'k' });
      await s.as('root', 'Auth/UserAdd', { name: 'u', password: 'pw' });
      await s.as('u', 'KV/Range', { key: 'k' });
    }),
  ],
  [
    'the status, for all to see',
    secured(async (s) => {
      for (const user of ['root', 'u', 'n']) {
        const status = (await s.session.quietly('Auth/AuthStatus', {}, await s.token(user))) as { enabled: boolean };
        s.session.note(`AuthStatus as ${user} → enabled ${status.enabled}`);
      }
      await s.session.call('Auth/AuthStatus', {}, { token: 'garbage.1' });
    }),
    { since: '3.7' },
  ],
]);

export const authCases = [...users, ...roles, ...switching];
