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
async function authenticate(context: MemberContext, request: AuthenticateRequest, peer: string): Promise<object> {
  await context.barrier.wait();
  const { tokens } = context.auth;
  const { name } = request;
  for (let tries = 1; ; tries++) {
    const checkedRevision = await checkPassword(context, request).catch((error: unknown) => {
      if (context.auth.enabled) context.log.warn({ name, peer }, 'somebody could not authenticate');
      throw error;
    });
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

/** As it goes through the log: without the password. */
async function withoutPassword(
  context: MemberContext,
  request: AuthUserAddRequest,
  call: Caller,
): Promise<AuthUserAddRequest> {
  const hashedPassword = request.options?.noPassword === true ? '' : await hashed(context, call, request.password);
  return { ...request, password: '', hashedPassword };
}

async function changedPassword(
  context: MemberContext,
  request: AuthUserChangePasswordRequest,
  call: Caller,
): Promise<AuthUserChangePasswordRequest> {
  const { password } = request;
  const hashedPassword = password === '' ? request.hashedPassword : await hashed(context, call, password);
  return { ...request, password: '', hashedPassword };
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

/** Told on the member asked. */
function logChange({ log }: MemberContext, auth: Loose<AuthCommand>): void {
  for (const [change, request] of Object.entries(auth)) {
    const { name, user, role } = request as { name?: string; user?: string; role?: string };
    log.info({ change, name: name ?? user, role }, 'users or roles were changed');
  }
}

export function authMethods(context: MemberContext): Method[] {
  const change = async (call: Caller, auth: Loose<AuthCommand>): Promise<object> => {
    const result = await propose(context, call, { auth });
    logChange(context, auth);
    return withHeader(context, result);
  };
  return [
    ...readMethods(context),
    unary(context, '/etcdserverpb.Auth/Authenticate', async (request: AuthenticateRequest, call) =>
      withHeader(context, await authenticate(context, request, call.peer)),
    ),
    unary(context, '/etcdserverpb.Auth/AuthEnable', (_request, call) => change(call, { enable: {} })),
    unary(context, '/etcdserverpb.Auth/AuthDisable', (_request, call) => change(call, { disable: {} })),
    unary(context, '/etcdserverpb.Auth/UserAdd', async (request: AuthUserAddRequest, call) =>
      change(call, { userAdd: await withoutPassword(context, request, call) }),
    ),
    unary(context, '/etcdserverpb.Auth/UserDelete', (userDelete: NameRequest, call) => change(call, { userDelete })),
    unary(context, '/etcdserverpb.Auth/UserChangePassword', async (request: AuthUserChangePasswordRequest, call) =>
      change(call, { userChangePassword: await changedPassword(context, request, call) }),
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
