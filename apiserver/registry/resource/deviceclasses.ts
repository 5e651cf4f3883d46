import { define } from '../resource-entry.ts';

export const deviceclasses = define('resource.k8s.io', 'v1', 'deviceclasses', {
  returnsDeleted: true,
  generationOf: ['spec'],
});
