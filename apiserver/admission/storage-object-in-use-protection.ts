import type { AdmissionPlugin } from './admission.ts';

const finalizers: Readonly<Record<string, string>> = {
  '/persistentvolumes': 'kubernetes.io/pv-protection',
  '/persistentvolumeclaims': 'kubernetes.io/pvc-protection',
  'storage.k8s.io/volumeattributesclasses': 'kubernetes.io/vac-protection',
};

/** What is in use is not removed: a controller takes the finalizer off when nobody needs it any more. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  resources: ['persistentvolumes', 'persistentvolumeclaims', 'volumeattributesclasses.storage.k8s.io'],
  mutate(request) {
    if (request.operation !== 'CREATE' || request.subresource !== '' || request.object === undefined) return;
    const { group, resource } = request.entry.info;
    const finalizer = finalizers[`${group}/${resource}`];
    if (finalizer === undefined) return;
    const { metadata } = request.object;
    const own = metadata?.finalizers ?? [];
    if (!own.includes(finalizer)) request.object.metadata = { ...metadata, finalizers: [...own, finalizer] };
  },
};
