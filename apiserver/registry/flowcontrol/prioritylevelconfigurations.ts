import { define, keepMetadata } from '../resource-entry.ts';

export const prioritylevelconfigurations = define('flowcontrol.apiserver.k8s.io', 'v1', 'prioritylevelconfigurations', {
  generationOf: ['spec'],
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForStatusUpdate: keepMetadata,
});
