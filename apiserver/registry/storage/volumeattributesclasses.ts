import { define } from '../resource-entry.ts';

export const volumeattributesclasses = define('storage.k8s.io', 'v1', 'volumeattributesclasses', {
  returnsDeleted: true,
});
