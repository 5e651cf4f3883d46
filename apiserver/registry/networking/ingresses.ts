import type { Ingress } from '../../../api/types/networking-v1.ts';
import { ingressClassAnnotation } from '../../../api/validation/ingress.ts';
import { define } from '../resource-entry.ts';

export const ingresses = define('networking.k8s.io', 'v1', 'ingresses', {
  storage: 'ingress',
  generationOf: ['spec'],
  prepareForCreate(object) {
    object['status'] = {};
  },
  warningsOf(object, old) {
    const { metadata, spec } = object as unknown as Ingress;
    const annotation = metadata?.annotations?.[ingressClassAnnotation];
    if (old !== undefined || annotation === undefined || spec?.ingressClassName !== undefined) return [];
    return [`annotation "${ingressClassAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
});
