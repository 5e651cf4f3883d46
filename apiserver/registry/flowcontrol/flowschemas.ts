import { define, keepMetadata } from '../resource-entry.ts';

export const flowschemas = define('flowcontrol.apiserver.k8s.io', 'v1', 'flowschemas', {
  generationOf: ['spec'],
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForStatusUpdate: keepMetadata,
});
