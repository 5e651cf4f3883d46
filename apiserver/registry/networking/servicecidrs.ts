import { define, keepMetadata } from '../resource-entry.ts';

export const servicecidrs = define('networking.k8s.io', 'v1', 'servicecidrs', {
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForStatusUpdate: keepMetadata,
});
