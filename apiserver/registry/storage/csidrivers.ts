import { define } from '../resource-entry.ts';

export const csidrivers = define('storage.k8s.io', 'v1', 'csidrivers', {
  returnsDeleted: true,
  unconditionalUpdate: false,
  generationOf: ['spec'],
  firstGeneration: 0,
});
