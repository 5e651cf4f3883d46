import type { KubeObject } from '../../pipeline.ts';
import { define } from '../resource-entry.ts';

/** Election by the server is not on: what asks for it is left out, where the old version did not have it. */
function dropElection(object: KubeObject, old?: KubeObject): void {
  const spec = object['spec'] as Record<string, unknown> | undefined;
  const before = old?.['spec'] as Record<string, unknown> | undefined;
  if (spec === undefined) return;
  for (const field of ['strategy', 'preferredHolder']) if (before?.[field] === undefined) delete spec[field];
}

export const leases = define('coordination.k8s.io', 'v1', 'leases', {
  unconditionalUpdate: false,
  createOnUpdate: true,
  prepareForCreate: (object) => dropElection(object),
  prepareForUpdate: dropElection,
});
