import { rfc3339 } from '../../../base/clock.ts';
import type { PersistentVolume } from '../../../api/types/core-v1.ts';
import { persistentVolumeWarnings } from '../../../api/warnings/claim-warnings.ts';
import { define } from '../resource-entry.ts';

export const persistentvolumes = define('', 'v1', 'persistentvolumes', {
  returnsDeleted: true,
  warningsOf: (object) => persistentVolumeWarnings(object),
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending', lastPhaseTransitionTime: object.metadata?.creationTimestamp };
  },
  /** The time of a new phase is the server's, where the client does not tell it. */
  prepareForStatusUpdate(object, old, { nowMs }) {
    const status = ((object as unknown as PersistentVolume).status ??= {});
    const before = (old as unknown as PersistentVolume).status ?? {};
    const time = status.lastPhaseTransitionTime;
    if (status.phase === before.phase) status.lastPhaseTransitionTime = time ?? before.lastPhaseTransitionTime;
    else if (time === undefined || time === before.lastPhaseTransitionTime) {
      status.lastPhaseTransitionTime = rfc3339(nowMs);
    }
    if (status.lastPhaseTransitionTime === undefined) delete status.lastPhaseTransitionTime;
  },
});
