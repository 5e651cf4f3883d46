import { systemClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { EtcdClient } from '../storage/etcd-client.ts';

/** as kube-apiserver's --etcd-compaction-interval */
const compactionPeriodMs = 5 * 60_000;
/** kube-apiserver's own key for it, so that both take turns on one store */
const markKey = 'compact_rev_key';

/**
 * Drops history that is older than one to two periods. Each server tries in each period; whose guarded write on the mark
 * wins compacts, up to the revision that it saw a period ago.
 */
export function startCompactor(client: EtcdClient, log: Log): () => void {
  let markVersion = 0;
  let markSeen = 0;
  const turn = async (): Promise<void> => {
    const value = new TextEncoder().encode(String(markSeen));
    const result = await client.write({
      guards: [{ key: markKey, modRevision: markVersion }],
      operations: [{ put: { key: markKey, value } }],
    });
    if (!result.succeeded) {
      markVersion = result.current[0]?.modRevision ?? 0;
      markSeen = result.revision;
      return;
    }
    if (markSeen > 0) {
      await client.compact(markSeen);
      log.debug({ revision: markSeen }, 'compacted the history of the store');
    }
    markVersion = result.revision;
    markSeen = result.revision;
  };
  return systemClock.every(compactionPeriodMs, () => {
    turn().catch((error: unknown) =>
      log.warn({ err: error }, 'compaction of the store failed; it is tried again later'),
    );
  });
}
