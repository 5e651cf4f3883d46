import type { AuthenticateResponse, AuthRoleListResponse, AuthUserListResponse } from '../../proto/etcd-auth-types.ts';
import type { ParityCase } from './parity-case.ts';
import type { Session } from './session.ts';

type Fields = Readonly<Record<string, string>>;

/**
 * A server on which authentication is enabled, for the time of a case. There are `root`; `u`, who may read r…, write w… and
 * do both with k…; and `n`, who may nothing.
 */
export class Secured {
  readonly session: Session;
  readonly #tokens = new Map<string, Fields>();

  constructor(session: Session) {
    this.session = session;
  }

  /** what calls of that user carry; the password is `pw` */
  async token(user: string): Promise<Fields> {
    const known = this.#tokens.get(user);
    if (known !== undefined) return known;
    const { token } = await this.session.quietly<AuthenticateResponse>('Auth/Authenticate', {
      name: user,
      password: 'pw',
    });
    const fields = { token };
    this.#tokens.set(user, fields);
    return fields;
  }

  /** One call and its answer, a line. */
  async as(user: string, method: string, request: object): Promise<object | undefined> {
    return this.session.call(method, request, await this.token(user), ` as ${user}`);
  }

  /** The same call of u, of n, and of one who says nothing of himself. */
  async asAll(method: string, request: object): Promise<void> {
    await this.as('u', method, request);
    await this.as('n', method, request);
    await this.session.call(method, request);
  }

  async quietly(user: string, method: string, request: object): Promise<void> {
    await this.session.quietly(method, request, await this.token(user));
  }
}

const permissions = [
  { key: 'r', rangeEnd: 's', permType: 0 },
  { key: 'w', rangeEnd: 'x', permType: 1 },
  { key: 'k', rangeEnd: 'l', permType: 2 },
];

async function prepare(session: Session): Promise<void> {
  for (const name of ['root', 'u', 'n']) await session.quietly('Auth/UserAdd', { name, password: 'pw' });
  await session.quietly('Auth/UserGrantRole', { user: 'root', role: 'root' });
  await session.quietly('Auth/RoleAdd', { name: 'r' });
  for (const perm of permissions) await session.quietly('Auth/RoleGrantPermission', { name: 'r', perm });
  await session.quietly('Auth/UserGrantRole', { user: 'u', role: 'r' });
  await session.quietly('Auth/AuthEnable', {});
}

/** Leaves neither users nor roles; authentication is off. */
export async function clear(session: Session): Promise<void> {
  const { users } = await session.quietly<AuthUserListResponse>('Auth/UserList', {});
  for (const name of users) await session.quietly('Auth/UserDelete', { name });
  const { roles } = await session.quietly<AuthRoleListResponse>('Auth/RoleList', {});
  for (const role of roles) await session.quietly('Auth/RoleDelete', { role });
}

export const secured =
  (run: (s: Secured) => Promise<void>): ParityCase['run'] =>
  async (session) => {
    await prepare(session);
    const one = new Secured(session);
    try {
      await run(one);
    } finally {
      const { token } = await session.quietly<AuthenticateResponse>('Auth/Authenticate', {
        name: 'root',
        password: 'pw',
      });
      await session.quietly('Auth/AuthDisable', {}, { token });
      await clear(session);
    }
  };

/** Without authentication, and no users or roles left behind. */
export const unsecured =
  (run: ParityCase['run']): ParityCase['run'] =>
  async (session) => {
    try {
      await run(session);
    } finally {
      await clear(session);
    }
  };
