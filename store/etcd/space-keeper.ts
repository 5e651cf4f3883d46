import { alarmKind } from './alarms.ts';
import { idToBigint } from './identity.ts';
import type { MemberContext } from './service.ts';

const lookEveryMs = 500;
/** of the quota: an alarm that clears at its very edge would come back with the next write */
const clearBelow = 0.9;
const deactivate = 2;

/**
 * Clears the alarm NOSPACE once there is space again, which etcd leaves to an operator. It does so by a command, so that all
 * members clear it at the same place of the log. The member that raised it for its quota clears it by that quota; where
 * that one is gone, or was started anew, the leader does, if it saw the store nearly full by its own quota. What a client
 * raised is not touched: nothing was full.
 */
export function keepSpace(context: MemberContext): () => void {
  const { clock, machine, node, limits, log, proposer, space } = context;
  let clearing = false;
  let wasFull = false;
  const own = `${node.id}/${alarmKind.noSpace}`;
  const clear = async (names: readonly string[], sizeBytes: number): Promise<void> => {
    clearing = true;
    try {
      for (const name of names) {
        const memberID = idToBigint(name.split('/')[0]!);
        await proposer.submit({ alarm: { action: deactivate, memberID, alarm: alarmKind.noSpace } });
        if (name === own) space.raisedHere = false;
      }
      log.info({ sizeBytes, quotaBackendBytes: limits.quotaBackendBytes }, 'there is space again: NOSPACE is cleared');
    } catch (error) {
      log.debug({ err: error }, 'NOSPACE could not be cleared: tried again');
    } finally {
      clearing = false;
    }
  };
  return clock.every(lookEveryMs, () => {
    const raised = [...machine.state.alarms].filter((name) => name.endsWith(`/${alarmKind.noSpace}`));
    const { sizeBytes } = machine.state.mvcc;
    const roomy = limits.quotaBackendBytes < 0 || sizeBytes < limits.quotaBackendBytes * clearBelow;
    wasFull = raised.length > 0 && (wasFull || !roomy);
    if (clearing || raised.length === 0 || !roomy) return;
    const leads = node.status().role === 'leader';
    const names = raised.filter((name) => (name === own && space.raisedHere) || (leads && wasFull));
    if (names.length > 0) void clear(names, sizeBytes);
  });
}
