import type { PersistentVolumeClaim } from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isFor, type AdmissionPlugin } from './admission.ts';
import { defaultClassOf } from './default-class.ts';

const annotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
const betaAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** A claim that names no class gets the default one; an empty name asks for none. */
export const defaultStorageClass = (store: ObjectStore): AdmissionPlugin => ({
  name: 'DefaultStorageClass',
  resources: ['persistentvolumeclaims'],
  async mutate(request) {
    if (request.operation !== 'CREATE' || request.subresource !== '') return;
    if (!isFor(request, '', 'persistentvolumeclaims')) return;
    const claim = request.object as unknown as PersistentVolumeClaim;
    if (claim.metadata?.annotations?.[betaAnnotation] !== undefined) return;
    if (claim.spec === undefined || typeof claim.spec.storageClassName === 'string') return;
    const name = defaultClassOf(await store.list('storage.k8s.io', 'storageclasses'), annotations);
    if (name !== undefined) claim.spec.storageClassName = name;
  },
});
