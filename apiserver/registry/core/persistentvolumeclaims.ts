import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../api/types/core-v1.ts';
import { claimWarnings } from '../../../api/warnings/claim-warnings.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define } from '../resource-entry.ts';

const specOf = (object: KubeObject): PersistentVolumeClaimSpec | undefined =>
  (object as unknown as PersistentVolumeClaim).spec;

/**
 * The two fields for a source say the same. The older one takes claims and snapshots only, all else is dropped; sources
 * of other namespaces (an alpha feature) are dropped, too.
 */
function settleDataSources(spec: PersistentVolumeClaimSpec | undefined, old?: PersistentVolumeClaimSpec): void {
  if (spec === undefined) return;
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef;
  const hadSource = old?.dataSource !== undefined || old?.dataSourceRef !== undefined;
  const { apiGroup, kind } = spec.dataSource ?? {};
  const isKnown =
    (kind === 'PersistentVolumeClaim' && !apiGroup) ||
    (kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io');
  if (!hadSource && !spec.dataSourceRef && spec.dataSource && !isKnown) delete spec.dataSource;
  if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
    const { namespace: _, ...source } = spec.dataSourceRef;
    spec.dataSource = source;
  }
}

export const persistentvolumeclaims = define('', 'v1', 'persistentvolumeclaims', {
  returnsDeleted: true,
  warningsOf: (object) => claimWarnings(object),
  prepareForCreate(object) {
    object['status'] = { phase: 'Pending' };
    settleDataSources(specOf(object));
  },
  prepareForUpdate(object, old) {
    settleDataSources(specOf(object), specOf(old));
  },
});
