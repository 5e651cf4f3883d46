import type { CSIDriver, StorageClass } from '../types/storage-v1.ts';
import { specOf, type DefaulterEntry } from './defaults.ts';

function storageClassDefaults(storageClass: StorageClass): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}

function csiDriverDefaults(driver: CSIDriver): void {
  const spec = specOf(driver);
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}

const storage = 'io.k8s.api.storage.v1.';

export const storageDefaulters: readonly DefaulterEntry[] = [
  [`${storage}StorageClass`, storageClassDefaults],
  [`${storage}CSIDriver`, csiDriverDefaults],
];
