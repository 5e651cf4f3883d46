import type { StorageClass } from '../../../api/types/storage-v1.ts';
import { nodeLabelWarning } from '../../../api/warnings/node-labels.ts';
import { define } from '../resource-entry.ts';

export const storageclasses = define('storage.k8s.io', 'v1', 'storageclasses', {
  returnsDeleted: true,
  warningsOf: (object) =>
    ((object as unknown as StorageClass).allowedTopologies ?? []).flatMap(({ matchLabelExpressions }, i) =>
      (matchLabelExpressions ?? []).flatMap(({ key }, j) => {
        const why = nodeLabelWarning(key);
        return why === undefined ? [] : [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${why}`];
      }),
    ),
});
