import { define } from '../resource-entry.ts';

export const resourceslices = define('resource.k8s.io', 'v1', 'resourceslices', {
  returnsDeleted: true,
  generationOf: ['spec'],
});
