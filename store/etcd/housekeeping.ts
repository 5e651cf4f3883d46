import { AutoCompactor } from './auto-compactor.ts';
import { CorruptionCheck } from './corruption/corruption-check.ts';
import { keepDiskTidy } from './disk-keeper.ts';
import { memberDefaults } from './member-options.ts';
import type { EtcdMemberOptions } from './member-options.ts';
import type { MemberContext } from './service.ts';
import { keepSpace } from './space-keeper.ts';

/** What a member does without being asked: compaction, comparison with its peers, clearing NOSPACE. Returns its end. */
export function startHousekeeping(
  context: MemberContext,
  { autoCompaction, corruptionCheck = memberDefaults.corruptionCheck }: EtcdMemberOptions,
): () => void {
  const { clock, log, node, machine, proposer } = context;
  const stops = [keepSpace(context), keepDiskTidy(context)];
  if (context.askPeer.canAsk) stops.push(new CorruptionCheck(context).start(corruptionCheck));
  if (autoCompaction !== undefined) {
    const compactor = new AutoCompactor(autoCompaction, {
      clock,
      log,
      leads: () => node.status().role === 'leader',
      revision: () => machine.state.mvcc.revision,
      compact: (revision) => proposer.submit({ compact: { revision } }),
    });
    stops.push(() => compactor.stop());
  }
  return () => {
    for (const stop of stops) stop();
  };
}
