import type { PodTemplate } from '../../../api/types/core-v1.ts';
import { templateWarnings } from '../../../api/warnings/pod-warnings.ts';
import { define } from '../resource-entry.ts';

export const podtemplates = define('', 'v1', 'podtemplates', {
  returnsDeleted: true,
  generationOf: ['template'],
  podSpecOf: (object) => (object as unknown as PodTemplate).template?.spec,
  warningsOf: (object) => templateWarnings((object as unknown as PodTemplate).template, 'template'),
});
