import { define } from '../resource-entry.ts';

export const storageclasses = define('storage.k8s.io', 'v1', 'storageclasses', { returnsDeleted: true });
