import type { LooseCommand } from '../command.ts';
import type { MemberContext } from '../service.ts';
import type { Caller } from './authorizer.ts';

/**
 * Brings a client's command into the log: in its name, while authentication is enabled. `needs` 'user': refused where the
 * client does not say who it is; else that is for the command's own check when it is applied.
 */
export function propose(context: MemberContext, call: Caller, command: LooseCommand, needs?: 'user'): Promise<object> {
  if (!context.machine.state.auth.enabled) return context.proposer.submit(command);
  return context.auth.signed(call, command, needs).then((signed) => context.proposer.submit(signed));
}
