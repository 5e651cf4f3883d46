import { define, keepMetadata } from '../resource-entry.ts';

export const prioritylevelconfigurations = define('flowcontrol.apiserver.k8s.io', 'v1', 'prioritylevelconfigurations', {
  createOnUpdate: true,
  unconditionalUpdate: false,
  generationOf: ['spec'],
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForStatusUpdate: keepMetadata,
});
