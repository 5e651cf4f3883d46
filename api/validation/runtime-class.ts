import { duplicate, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { validateLabels } from '../meta/labels.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { RuntimeClass, Scheduling } from '../types/node-v1.ts';
import { dnsLabel, each } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';
import { validateResources } from './resources.ts';
import { validateTolerations } from './scheduling.ts';

function validateScheduling({ nodeSelector, tolerations }: Scheduling): FieldError[] {
  const at = 'scheduling.tolerations';
  const seen = new Set<string>();
  return [
    ...validateLabels(nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerations(tolerations, at),
    ...each(tolerations, at, (toleration, tolerationAt) => {
      const { key, operator, value, effect } = toleration;
      const id = JSON.stringify([key, operator, value, effect]);
      const again = seen.has(id);
      seen.add(id);
      return again ? [duplicate(tolerationAt, toleration)] : [];
    }),
  ];
}

const validateRuntimeClass = ({ metadata, handler, overhead, scheduling }: RuntimeClass): FieldError[] => [
  ...validateObjectMeta(metadata, false, nameIsDnsSubdomain),
  ...(handler ? dnsLabel('handler', handler) : [required('handler')]),
  ...(overhead ? validateResources({ limits: overhead.podFixed ?? {} }, 'overhead') : []),
  ...(scheduling ? validateScheduling(scheduling) : []),
];

const validateRuntimeClassUpdate = (after: RuntimeClass, old: RuntimeClass): FieldError[] => [
  ...validateObjectMetaUpdate(after.metadata, old.metadata),
  ...validateImmutable(after.handler, old.handler, 'handler'),
];

export const runtimeClassKinds = [
  kindEntry<RuntimeClass>('node.k8s.io/RuntimeClass', {
    create: validateRuntimeClass,
    update: validateRuntimeClassUpdate,
  }),
];
