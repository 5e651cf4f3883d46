import { define } from '../resource-entry.ts';

export const resourceclaimtemplates = define('resource.k8s.io', 'v1', 'resourceclaimtemplates', {
  returnsDeleted: true,
});
