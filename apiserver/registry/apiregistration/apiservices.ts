import { rfc3339 } from '../../../base/clock.ts';
import { define, keepMetadata } from '../resource-entry.ts';

const servedHere = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
};

export const apiservices = define('apiregistration.k8s.io', 'v1', 'apiservices', {
  storage: 'apiregistration.k8s.io/apiservices',
  unconditionalUpdate: false,
  /** What this server serves itself is there at once; of another server a controller finds out. */
  prepareForCreate(object, { nowMs }) {
    const { service } = (object['spec'] ?? {}) as { service?: unknown };
    object['status'] = service ? {} : { conditions: [{ ...servedHere, lastTransitionTime: rfc3339(nowMs) }] };
  },
  prepareForStatusUpdate: keepMetadata,
});
