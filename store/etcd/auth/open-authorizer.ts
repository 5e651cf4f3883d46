import type { EtcdMemberOptions } from '../member-options.ts';
import type { MemberPlatform } from '../member-platform.ts';
import type { StoreMachine } from '../store-machine.ts';
import type { StoreState } from '../store-state.ts';
import { authDefaults, costOf } from './auth-options.ts';
import { Authorizer } from './authorizer.ts';
import { openTokens } from './open-tokens.ts';
import { Passwords } from './passwords.ts';

/** Rejects, saying why, where --auth-token makes no sense or names keys that cannot be read. */
export async function openAuthorizer(
  { auth = {}, log }: EtcdMemberOptions,
  { clock, random, passwords }: Pick<MemberPlatform, 'clock' | 'random' | 'passwords'>,
  machine: StoreMachine,
  catchUp: () => Promise<void>,
): Promise<Authorizer> {
  const state = (): StoreState => machine.state;
  const tokens = await openTokens(auth.token ?? authDefaults.token, {
    clock,
    random,
    ttlMs: auth.tokenTtlMs || authDefaults.tokenTtlMs,
    appliedIndex: () => state().appliedIndex,
    catchUp,
  });
  return new Authorizer({
    state,
    tokens,
    passwords: new Passwords(costOf(auth, log), passwords),
    trustCommonName: auth.trustCommonName === true,
  });
}
