import type { Method } from '../../../grpc/server.ts';
import type {
  AuthenticateRequest,
  AuthRoleGrantPermissionRequest,
  AuthRoleRevokePermissionRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserGrantRoleRequest,
  AuthUserRevokeRoleRequest,
  NameRequest,
  RoleRequest,
} from '../../../proto/etcd-auth-types.ts';
import type { Loose } from '../../../proto/load.ts';
import type { Access } from '../../auth/access.ts';
import { AuthError } from '../../auth/types.ts';
import type { AuthInfo } from '../../auth/types.ts';
import { unary, withHeader } from '../service.ts';
import type { MemberContext } from '../service.ts';
import type { Authenticated } from './apply-auth.ts';
import type { AuthCommand } from './auth-command.ts';
import type { Caller } from './authorizer.ts';
import { propose } from './propose.ts';

/** How often an authentication begins anew because users or roles were changed meanwhile. */
const authenticateTriesMax = 16;

/** The auth revision at which the password was right; throws where it is not. */
async function checkPassword(context: MemberContext, { name, password }: AuthenticateRequest): Promise<number> {
  const { auth } = context.machine.state;
  const user = auth.candidate(name);
  if (user.noPassword) throw new AuthError('no-password-user');
  const { revision } = auth;
  await context.auth.passwords.check(password, user.password);
  return revision;
}

/** The password is checked here; only that it was right goes through the log, and holds if nothing changed meanwhile. */
async function authenticate(context: MemberContext, request: AuthenticateRequest): Promise<object> {
  await context.barrier.wait();
  const { tokens } = context.auth;
  const { name } = request;
  for (let tries = 1; ; tries++) {
    const checkedRevision = await checkPassword(context, request);
    try {
      const command = { auth: { authenticate: { name, token: tokens.prefix(), checkedRevision } } };
      const applied = (await context.proposer.submit(command)) as Authenticated;
      return { ...applied, token: await tokens.issue(name, applied) };
    } catch (error) {
      const stale = error instanceof AuthError && error.kind === 'auth-old-revision';
      if (!stale || tries >= authenticateTriesMax) throw error;
    }
  }
}

/** What bcrypt makes of a password, which is work that not everybody may ask for. */
async function hashed(context: MemberContext, call: Caller, password: string): Promise<string> {
  if (context.auth.enabled) {
    await context.barrier.wait();
    await context.auth.require('admin', call);
  }
  return Buffer.from(await context.auth.passwords.hash(password)).toString('base64');
}

async function userAdd(context: MemberContext, r: AuthUserAddRequest, call: Caller): Promise<object> {
  const hashedPassword = r.options?.noPassword === true ? '' : await hashed(context, call, r.password);
  return propose(context, call, { auth: { userAdd: { ...r, password: '', hashedPassword } } });
}

async function changePassword(context: MemberContext, r: AuthUserChangePasswordRequest, call: Caller): Promise<object> {
  const hashedPassword = r.password === '' ? r.hashedPassword : await hashed(context, call, r.password);
  return propose(context, call, { auth: { userChangePassword: { ...r, password: '', hashedPassword } } });
}

/** Reads see what was done before them on any member; there is no need for an entry in the log. */
async function read<T>(
  context: MemberContext,
  call: Caller,
  check: (access: Access, who: AuthInfo) => void,
  act: () => T,
): Promise<T> {
  await context.barrier.wait();
  return context.auth.enabled ? context.auth.ask(call, check, act) : act();
}

const admin = (access: Access): void => access.admin();
/** Everybody may look at himself. */
const adminUnless = (access: Access, own: boolean): void => {
  if (!own) access.admin();
};

function readMethods(context: MemberContext): Method[] {
  const state = (): MemberContext['machine']['state']['auth'] => context.machine.state.auth;
  return [
    unary(context, '/etcdserverpb.Auth/AuthStatus', async (_request, call) => {
      const status = (): object => ({ enabled: state().enabled, authRevision: state().revision });
      return withHeader(context, await read(context, call, () => {}, status));
    }),
    unary(context, '/etcdserverpb.Auth/UserGet', async ({ name }: NameRequest, call) => {
      const check = (access: Access, { user }: AuthInfo): void => adminUnless(access, name === user);
      return withHeader(context, await read(context, call, check, () => ({ roles: state().userRoles(name) })));
    }),
    unary(context, '/etcdserverpb.Auth/UserList', async (_request, call) =>
      withHeader(context, await read(context, call, admin, () => ({ users: state().userList() }))),
    ),
    unary(context, '/etcdserverpb.Auth/RoleGet', async ({ role }: RoleRequest, call) => {
      const check = (access: Access, { user }: AuthInfo): void =>
        adminUnless(access, state().users.get(user)?.roles.includes(role) === true);
      return withHeader(context, await read(context, call, check, () => ({ perm: state().rolePermissions(role) })));
    }),
    unary(context, '/etcdserverpb.Auth/RoleList', async (_request, call) =>
      withHeader(context, await read(context, call, admin, () => ({ roles: state().roleList() }))),
    ),
  ];
}

export function authMethods(context: MemberContext): Method[] {
  const change = async (call: Caller, auth: Loose<AuthCommand>): Promise<object> =>
    withHeader(context, await propose(context, call, { auth }));
  return [
    ...readMethods(context),
    unary(context, '/etcdserverpb.Auth/Authenticate', async (request: AuthenticateRequest) =>
      withHeader(context, await authenticate(context, request)),
    ),
    unary(context, '/etcdserverpb.Auth/AuthEnable', (_request, call) => change(call, { enable: {} })),
    unary(context, '/etcdserverpb.Auth/AuthDisable', (_request, call) => change(call, { disable: {} })),
    unary(context, '/etcdserverpb.Auth/UserAdd', async (request: AuthUserAddRequest, call) =>
      withHeader(context, await userAdd(context, request, call)),
    ),
    unary(context, '/etcdserverpb.Auth/UserDelete', (userDelete: NameRequest, call) => change(call, { userDelete })),
    unary(context, '/etcdserverpb.Auth/UserChangePassword', async (request: AuthUserChangePasswordRequest, call) =>
      withHeader(context, await changePassword(context, request, call)),
    ),
    unary(context, '/etcdserverpb.Auth/UserGrantRole', (userGrantRole: AuthUserGrantRoleRequest, call) =>
      change(call, { userGrantRole }),
    ),
    unary(context, '/etcdserverpb.Auth/UserRevokeRole', (userRevokeRole: AuthUserRevokeRoleRequest, call) =>
      change(call, { userRevokeRole }),
    ),
    unary(context, '/etcdserverpb.Auth/RoleAdd', (roleAdd: NameRequest, call) => change(call, { roleAdd })),
    unary(context, '/etcdserverpb.Auth/RoleDelete', (roleDelete: RoleRequest, call) => change(call, { roleDelete })),
    unary(context, '/etcdserverpb.Auth/RoleGrantPermission', (r: AuthRoleGrantPermissionRequest, call) =>
      change(call, { roleGrantPermission: r }),
    ),
    unary(context, '/etcdserverpb.Auth/RoleRevokePermission', (r: AuthRoleRevokePermissionRequest, call) =>
      change(call, { roleRevokePermission: r }),
    ),
  ];
}
