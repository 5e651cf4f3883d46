import { decodeConfChange } from '../core/conf-change-codec.ts';
import type { Message, RawNodeApi } from '../core/types.ts';
import type { StateMachine } from './types.ts';

type Core = Pick<RawNodeApi, 'role'>;
type Machine = Pick<StateMachine, 'admitsConfChange'>;

/**
 * Whether the core may be given the message: a leader asks its state machine before it appends a configuration change.
 * The core takes none while an earlier one is not applied, so the machine has seen all that was ever appended, and what
 * it admits now is what will be applied. On others the message passes: the leader it is forwarded to will ask.
 */
export function admits(raw: Core, machine: Machine, message: Message): boolean {
  if (message.type !== 'prop' || machine.admitsConfChange === undefined) return true;
  const changes = message.entries?.filter((entry) => entry.type === 'conf-change') ?? [];
  if (changes.length === 0 || raw.role !== 'leader') return true;
  try {
    return changes.every((entry) => machine.admitsConfChange!(decodeConfChange(entry.data)));
  } catch (error) {
    if (error instanceof RangeError) return false; // no change of ours
    throw error;
  }
}
