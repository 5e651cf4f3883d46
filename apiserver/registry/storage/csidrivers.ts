import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import type { CSIDriver } from '../../../api/types/storage-v1.ts';
import { define } from '../resource-entry.ts';

const inSecrets =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible ' +
  'logging of tokens in volume attributes';

export const csidrivers = define('storage.k8s.io', 'v1', 'csidrivers', {
  returnsDeleted: true,
  unconditionalUpdate: false,
  generationOf: ['spec'],
  firstGeneration: 0,
  warningsOf(object, old) {
    const { spec } = object as unknown as CSIDriver;
    const before = (old as CSIDriver | undefined)?.spec?.tokenRequests;
    if (!spec?.tokenRequests?.length || spec.serviceAccountTokenInSecrets !== undefined) return [];
    return old !== undefined && semanticEqual(spec.tokenRequests, before) ? [] : [inSecrets];
  },
});
