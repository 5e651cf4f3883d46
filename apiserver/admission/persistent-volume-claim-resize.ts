import { quantityList } from '../../api/quota/quantity-list.ts';
import type { PersistentVolumeClaim } from '../../api/types/core-v1.ts';
import type { ObjectStore } from '../pipeline.ts';
import { isFor, refusal, type AdmissionPlugin } from './admission.ts';

const betaAnnotation = 'volume.beta.kubernetes.io/storage-class';
const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata?.annotations?.[betaAnnotation] ?? spec?.storageClassName ?? '';
const sizeOf = ({ spec }: PersistentVolumeClaim): bigint =>
  quantityList(spec?.resources?.requests).get('storage')?.nano ?? 0n;

/** Claims grow only where their class says that its volumes can. */
export const persistentVolumeClaimResize = (store: ObjectStore): AdmissionPlugin => ({
  name: 'PersistentVolumeClaimResize',
  resources: ['persistentvolumeclaims'],
  async validate(request) {
    if (request.operation !== 'UPDATE' || request.subresource !== '') return;
    if (!isFor(request, '', 'persistentvolumeclaims')) return;
    const claim = request.object as unknown as PersistentVolumeClaim;
    const old = request.old as unknown as PersistentVolumeClaim;
    if (sizeOf(claim) <= sizeOf(old)) return;
    if (old.status?.phase !== 'Bound') throw refusal(request, 'Only bound persistent volume claims can be expanded');
    const name = classOf(claim);
    const found =
      name !== '' && name === classOf(old) ? await store.get('storage.k8s.io', 'storageclasses', '', name) : undefined;
    if (found?.['allowVolumeExpansion'] === true) return;
    const why =
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
    throw refusal(request, why);
  },
});
