import { define, keepMetadata } from '../resource-entry.ts';

export const volumeattachments = define('storage.k8s.io', 'v1', 'volumeattachments', {
  returnsDeleted: true,
  unconditionalUpdate: false,
  prepareForCreate(object) {
    object['status'] = { attached: false };
  },
  prepareForStatusUpdate: keepMetadata,
});
