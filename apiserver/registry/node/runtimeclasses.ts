import type { RuntimeClass } from '../../../api/types/node-v1.ts';
import { nodeLabelWarning } from '../../../api/warnings/node-labels.ts';
import { define } from '../resource-entry.ts';

export const runtimeclasses = define('node.k8s.io', 'v1', 'runtimeclasses', {
  createOnUpdate: true,
  unconditionalUpdate: false,
  warningsOf: (object) =>
    Object.keys((object as unknown as RuntimeClass).scheduling?.nodeSelector ?? {}).flatMap((label) => {
      const why = nodeLabelWarning(label);
      return why === undefined ? [] : [`scheduling.nodeSelector: ${why}`];
    }),
});
