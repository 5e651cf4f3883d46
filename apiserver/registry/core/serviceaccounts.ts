import type { KubeObject } from '../../pipeline.ts';
import { define } from '../resource-entry.ts';

const mountableSecrets = 'kubernetes.io/enforce-mountable-secrets';
const has = ({ metadata }: KubeObject): boolean => metadata?.annotations?.[mountableSecrets] !== undefined;

export const serviceaccounts = define('', 'v1', 'serviceaccounts', {
  returnsDeleted: true,
  warningsOf: (object, old) =>
    has(object) && (old === undefined || !has(old))
      ? [
          `metadata.annotations[${mountableSecrets}]: deprecated in v1.32+; ` +
            'prefer separate namespaces to isolate access to mounted secrets',
        ]
      : [],
});
