import { define } from '../resource-entry.ts';

export const csinodes = define('storage.k8s.io', 'v1', 'csinodes', {
  returnsDeleted: true,
  unconditionalUpdate: false,
});
