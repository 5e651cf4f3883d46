import { compareQuantities, parseQuantity } from '../../../api/meta/quantity.ts';
import type { ResourceQuota } from '../../../api/types/core-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define } from '../resource-entry.ts';

/** What may be asked for is no more than what may be used. */
function quotaWarnings(object: KubeObject): string[] {
  const hard = (object as unknown as ResourceQuota).spec?.hard ?? {};
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const limit = hard[`limits.${name}`];
    const bare = name === 'cpu' || name === 'memory' ? hard[name] : undefined;
    const [key, request] =
      hard[`requests.${name}`] === undefined ? [name, bare] : [`requests.${name}`, hard[`requests.${name}`]];
    if (request === undefined || limit === undefined) return [];
    if (compareQuantities(parseQuantity(request), parseQuantity(limit)) <= 0) return [];
    return [`ResourceQuota ${key} (${request}) should be less than limits.${name} (${limit})`];
  });
}

export const resourcequotas = define('', 'v1', 'resourcequotas', {
  returnsDeleted: true,
  warningsOf: (object, old) => (old === undefined ? quotaWarnings(object) : []),
  prepareForCreate(object) {
    object['status'] = {};
  },
});
