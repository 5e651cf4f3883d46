import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define } from '../resource-entry.ts';

/** A field of an older version: what it says of nodes is in `nodeName`. */
function dropTopology(object: KubeObject, old?: KubeObject): void {
  const { endpoints } = object as unknown as EndpointSlice;
  if (old !== undefined && semanticEqual(endpoints, old['endpoints'])) return;
  for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology;
}

export const endpointslices = define('discovery.k8s.io', 'v1', 'endpointslices', {
  generationOf: ['addressType', 'endpoints', 'ports', 'metadata.labels'],
  prepareForCreate: (object) => dropTopology(object),
  prepareForUpdate: dropTopology,
  warningsOf: (object, old) =>
    old === undefined && object['addressType'] === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : [],
});
