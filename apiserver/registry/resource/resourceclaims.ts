import { define, keepMetadata } from '../resource-entry.ts';

export const resourceclaims = define('resource.k8s.io', 'v1', 'resourceclaims', {
  returnsDeleted: true,
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForStatusUpdate: keepMetadata,
});
