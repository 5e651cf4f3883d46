import t from 'tap';
import { FakeStore } from '../testing/fake-context.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

const classes = (annotation: string, made: Record<string, string>) =>
  Object.entries(made).map(([name, creationTimestamp]) => ({
    metadata: { name, creationTimestamp, annotations: { [annotation]: 'true' } },
  }));
const times = { old: '2026-01-01T00:00:00Z', b: '2026-02-01T00:00:00Z', a: '2026-02-01T00:00:00Z' };

void t.test('DefaultStorageClass: the newest default, by name where several are as new', async (t) => {
  const store = new FakeStore();
  store.objects.set('storage.k8s.io/storageclasses', classes('storageclass.kubernetes.io/is-default-class', times));
  const named = async (claim: object): Promise<unknown> => {
    const request = admissionRequest('persistentvolumeclaims', { metadata: { name: 'c' }, ...claim });
    await admit(defaultStorageClass(store), request);
    return (request.object['spec'] as { storageClassName?: string }).storageClassName;
  };
  t.equal(await named({ spec: {} }), 'a');
  t.equal(await named({ spec: { storageClassName: '' } }), '', 'an empty name asks for none');
  t.equal(await named({ spec: { storageClassName: 'own' } }), 'own');
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'x' };
  t.equal(await named({ metadata: { name: 'c', annotations }, spec: {} }), undefined);
  store.objects.clear();
  t.equal(await named({ spec: {} }), undefined);
});

void t.test('DefaultIngressClass: unless a class or the old annotation is there', async (t) => {
  const store = new FakeStore();
  const annotation = 'ingressclass.kubernetes.io/is-default-class';
  store.objects.set('networking.k8s.io/ingressclasses', classes(annotation, times));
  const named = async (ingress: object): Promise<unknown> => {
    const request = admissionRequest('networking.k8s.io/ingresses', { metadata: { name: 'i' }, ...ingress });
    await admit(defaultIngressClass(store), request);
    return (request.object['spec'] as { ingressClassName?: string }).ingressClassName;
  };
  t.equal(await named({ spec: {} }), 'a');
  t.equal(await named({ spec: { ingressClassName: 'own' } }), 'own');
  const annotations = { 'kubernetes.io/ingress.class': 'x' };
  t.equal(await named({ metadata: { name: 'i', annotations }, spec: {} }), undefined);
});
