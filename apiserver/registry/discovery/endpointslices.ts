import { define } from '../resource-entry.ts';

export const endpointslices = define('discovery.k8s.io', 'v1', 'endpointslices', {
  generationOf: ['addressType', 'endpoints', 'ports', 'metadata.labels'],
});
