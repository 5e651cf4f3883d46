import type { Backend } from '../../store/backend/backend.ts';
import type { FaultPoint } from './fault-points.ts';

/** A backend whose batches pass the fault points around a commit. */
export function faultyBackend(backend: Backend, reach: (point: FaultPoint) => Promise<void> | undefined): Backend {
  return {
    write: async (ops) => {
      await reach('beforeCommit');
      await backend.write(ops);
      await reach('afterCommit');
    },
    sync: () => backend.sync(),
    get: (key) => backend.get(key),
    entries: (range) => backend.entries(range),
    snapshot: () => backend.snapshot(),
    replace: (entries) => backend.replace(entries),
    compact: async () => backend.compact?.(),
    sizeBytes: () => backend.sizeBytes(),
    close: () => backend.close(),
  };
}
