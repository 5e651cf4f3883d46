import type { Ingress } from '../../api/types/networking-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isFor, type AdmissionPlugin } from './admission.ts';
import { defaultClassOf } from './default-class.ts';

const group = 'networking.k8s.io';
const annotations = ['ingressclass.kubernetes.io/is-default-class'];
const oldAnnotation = 'kubernetes.io/ingress.class';

export const defaultIngressClass = (store: ObjectStore): AdmissionPlugin => ({
  name: 'DefaultIngressClass',
  resources: ['ingresses.networking.k8s.io'],
  async mutate(request) {
    if (request.operation !== 'CREATE' || request.subresource !== '' || !isFor(request, group, 'ingresses')) return;
    const ingress = request.object as unknown as Ingress;
    if (typeof ingress.spec?.ingressClassName === 'string') return;
    if (ingress.metadata?.annotations?.[oldAnnotation] !== undefined) return;
    const name = defaultClassOf(await store.list(group, 'ingressclasses'), annotations);
    if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name };
  },
});
