import type { Refusal } from '../core/types.ts';
import { RaftUnavailableError } from './types.ts';

type Kind = RaftUnavailableError['kind'];

/** Of the core's refusals: what a client may make of it, and why in words. Nothing was proposed in any of them. */
const refusals: Readonly<Record<Refusal, [kind: Kind, why: string]>> = {
  'no-leader': ['no-leader', 'there is no leader now'],
  'not-leader': ['no-leader', 'this member does not lead, and passes nothing on'],
  'not-member': ['no-leader', 'the leader was removed from the cluster, and another is about to take over'],
  transferring: ['no-leader', 'leadership is being handed over'],
  'too-much-uncommitted': [
    'too-many',
    'too much is proposed and not committed yet: the disks of a majority do not keep up',
  ],
  'change-pending': ['too-many', 'an earlier configuration change is not applied yet'],
  'unsafe-change': [
    'too-many',
    'it would leave the cluster without voters, or must pass through a joint configuration',
  ],
  'not-a-voter': ['no-leader', 'leadership can be handed to voters only'],
  'too-many-reads': ['too-many', 'too many reads wait already'],
  'refused-to-forget': ['no-leader', 'a leader does not forget itself, and lease reads rely on followers that do not'],
};

export function refusedError(what: string, refusal: Refusal): RaftUnavailableError {
  const [kind, why] = refusals[refusal];
  return new RaftUnavailableError(kind, `${what} was refused: ${why}`);
}
