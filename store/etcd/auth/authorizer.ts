import type { CallContext } from '../../../grpc/server.ts';
import { Access } from '../../auth/access.ts';
import { AuthError, nobody } from '../../auth/types.ts';
import type { AuthInfo } from '../../auth/types.ts';
import type { LooseCommand } from '../command.ts';
import type { StoreState } from '../store-state.ts';
import type { AccessRule } from './access-rules.ts';
import type { AuthEvent } from './apply-auth.ts';
import type { Passwords } from './passwords.ts';
import type { TokenProvider } from './token-provider.ts';

export interface AuthorizerOptions {
  readonly state: () => StoreState;
  readonly tokens: TokenProvider;
  readonly passwords: Passwords;
  /** the name in a client's certificate says who calls, where no token does */
  readonly trustCommonName: boolean;
}

export type Caller = Pick<CallContext, 'metadata' | 'peerCommonName'>;

/** who came through the JSON gateway: the certificate there is not the caller's own */
const gatewayField = 'grpcgateway-accept';
const bearer = 'Bearer ';

/**
 * Finds out who calls, and asks whether that is permitted. All of it is for when authentication is enabled: ask
 * `enabled` first, so that without it a call costs nothing.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  get enabled(): boolean {
    return this.#options.state().auth.enabled;
  }

  get tokens(): TokenProvider {
    return this.#options.tokens;
  }

  get passwords(): Passwords {
    return this.#options.passwords;
  }

  /** Undefined: the caller does not say. Throws where the token is of nobody. */
  async who(call: Caller): Promise<AuthInfo | undefined> {
    const { state, tokens, trustCommonName } = this.#options;
    const given = call.metadata('token') ?? call.metadata('authorization');
    if (given !== undefined) {
      const token = given.startsWith(bearer) ? given.slice(bearer.length) : given;
      const info = await tokens.owner(token, state().auth.revision);
      if (info === undefined) throw new AuthError('invalid-auth-token');
      return info;
    }
    if (!trustCommonName || call.metadata(gatewayField) !== undefined) return undefined;
    const user = call.peerCommonName;
    return user === undefined ? undefined : { user, revision: state().auth.revision };
  }

  async require(rule: AccessRule, call: Caller): Promise<void> {
    const who = await this.who(call);
    if (rule === 'admin') this.#access(who ?? nobody).admin();
    else if (who === undefined) throw new AuthError('user-empty');
  }

  /** The command as it shall be proposed: it is checked when it is applied, and has to say for whom. */
  async signed(call: Caller, command: LooseCommand, needs?: 'user'): Promise<LooseCommand> {
    const who = await this.who(call);
    if (who === undefined && needs === 'user') throw new AuthError('user-empty');
    return who === undefined ? command : { ...command, user: who.user, authRevision: who.revision };
  }

  /** Checks and does in one go, so that nothing comes between. */
  async ask<T>(call: Caller, check: (access: Access, who: AuthInfo) => void, act: () => T): Promise<T> {
    const who = (await this.who(call)) ?? nobody;
    check(this.#access(who), who);
    return act();
  }

  /** As `ask`, for reads of keys: who was known at another revision asks again. */
  async read<T>(call: Caller, check: (access: Access) => void, act: () => T): Promise<T> {
    return this.ask(
      call,
      (access, { revision }) => {
        check(access);
        const { auth } = this.#options.state();
        if (revision !== 0 && revision !== auth.revision) throw new AuthError('auth-old-revision');
      },
      act,
    );
  }

  /** What was applied changes which tokens are known. */
  applied(event: AuthEvent): void {
    const { tokens } = this.#options;
    if (event.kind === 'token') tokens.given(event.user, event.token);
    else if (event.kind === 'forget') tokens.forget(event.user);
    else if (event.kind === 'disabled') tokens.forgetAll();
  }

  /** A snapshot came: who lost what meanwhile is not known. */
  restored(): void {
    this.#options.tokens.forgetAll();
  }

  #access(who: AuthInfo): Access {
    const { auth, mvcc } = this.#options.state();
    return new Access(auth, mvcc.leases, who);
  }
}
