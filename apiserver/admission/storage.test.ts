import t from 'tap';
import { FakeStore } from '../testing/fake-context.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

void t.test('StorageObjectInUseProtection adds its finalizer once', async (t) => {
  const finalizersOf = async (resource: string, metadata: object): Promise<unknown> => {
    const request = admissionRequest(resource, { metadata });
    await admit(storageObjectInUseProtection, request);
    return request.object.metadata?.finalizers;
  };
  t.same(await finalizersOf('persistentvolumes', {}), ['kubernetes.io/pv-protection']);
  t.same(await finalizersOf('persistentvolumeclaims', { finalizers: ['a'] }), ['a', 'kubernetes.io/pvc-protection']);
  t.same(await finalizersOf('storage.k8s.io/volumeattributesclasses', {}), ['kubernetes.io/vac-protection']);
  const there = { finalizers: ['kubernetes.io/pvc-protection'] };
  t.same(await finalizersOf('persistentvolumeclaims', there), there.finalizers);
  t.equal(await finalizersOf('configmaps', {}), undefined);
});

const claim = (storage: string, phase: string, storageClassName = 'c') => ({
  metadata: { name: 'p' },
  spec: { storageClassName, resources: { requests: { storage } } },
  status: { phase },
});

void t.test('PersistentVolumeClaimResize: claims grow where their class says so', async (t) => {
  const store = new FakeStore();
  const classes = [
    { metadata: { name: 'c' }, allowVolumeExpansion: true },
    { metadata: { name: 'fixed' }, allowVolumeExpansion: false },
  ];
  store.objects.set('storage.k8s.io/storageclasses', classes);
  const resize = (object: object, old: object): Promise<void> =>
    admit(persistentVolumeClaimResize(store), admissionRequest('persistentvolumeclaims', object, { old }));
  await t.resolves(resize(claim('2Gi', 'Bound'), claim('1Gi', 'Bound')));
  await t.resolves(resize(claim('1Gi', 'Pending', 'fixed'), claim('2Gi', 'Pending', 'fixed')), 'it does not grow');
  await t.rejects(resize(claim('2Gi', 'Pending'), claim('1Gi', 'Pending')), {
    message: 'persistentvolumeclaims "p" is forbidden: Only bound persistent volume claims can be expanded',
  });
  await t.rejects(resize(claim('2Gi', 'Bound', 'fixed'), claim('1Gi', 'Bound', 'fixed')), {
    message:
      'persistentvolumeclaims "p" is forbidden: only dynamically provisioned pvc can be resized and ' +
      'the storageclass that provisions the pvc must support resize',
  });
});
