import { alarmKind } from './alarms.ts';
import type { MemberContext } from './service.ts';
import { idToBigint } from './identity.ts';

const lookEveryMs = 500;
/** of the quota: an alarm that clears at its very edge would come back with the next write */
const clearBelow = 0.9;
const deactivate = 2;

/**
 * Clears the alarm NOSPACE once there is space again, which etcd leaves to an operator. The leader proposes it, so that all
 * members clear it at the same place of the log, and it counts by its own quota: members should have the same.
 */
export function keepSpace(context: MemberContext): () => void {
  const { clock, machine, node, limits, log, proposer } = context;
  let clearing = false;
  const raised = (): string[] => [...machine.state.alarms].filter((name) => name.endsWith(`/${alarmKind.noSpace}`));
  const clear = async (names: readonly string[], sizeBytes: number): Promise<void> => {
    clearing = true;
    try {
      for (const name of names) {
        const memberID = idToBigint(name.split('/')[0]!);
        await proposer.submit({ alarm: { action: deactivate, memberID, alarm: alarmKind.noSpace } });
      }
      log.info({ sizeBytes, quotaBackendBytes: limits.quotaBackendBytes }, 'there is space again: NOSPACE is cleared');
    } catch (error) {
      log.debug({ err: error }, 'NOSPACE could not be cleared: tried again');
    } finally {
      clearing = false;
    }
  };
  return clock.every(lookEveryMs, () => {
    if (clearing || machine.state.alarms.size === 0 || node.status().role !== 'leader') return;
    const names = raised();
    const { sizeBytes } = machine.state.mvcc;
    const roomy = limits.quotaBackendBytes < 0 || sizeBytes < limits.quotaBackendBytes * clearBelow;
    if (names.length > 0 && roomy) void clear(names, sizeBytes);
  });
}
