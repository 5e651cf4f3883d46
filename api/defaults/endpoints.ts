import type { Endpoints } from '../types/core-v1.ts';
import type { EndpointPort } from '../types/discovery-v1.ts';

export function endpointsDefaults(endpoints: Endpoints): void {
  for (const subset of endpoints.subsets ?? []) {
    for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  }
}

/** of EndpointSlices */
export function endpointPortDefaults(port: EndpointPort): void {
  port.name ??= '';
  port.protocol ??= 'TCP';
}
