import t from 'tap';
import type { Test } from 'tap';
import { persistentVolumeClaims, persistentVolumes, pods, volumeAttributesClasses } from '../../../client/resources.ts';
import { eventually } from '../../../client/testing/eventually.ts';
import type { ResourceRef } from '../../../client/types.ts';
import { startCluster } from '../testing/cluster.ts';

const controllers = [
  'persistentvolumeclaim-protection-controller',
  'persistentvolume-protection-controller',
  'volumeattributesclass-protection-controller',
];

async function start(test: Test) {
  const cluster = await startCluster(test, { controllers, leaderElect: false });
  const { store, create } = cluster;
  const place = (ref: ResourceRef): string => (ref.namespaced ? 'default' : '');
  const names = (ref: ResourceRef): string[] => store.list(ref, place(ref)).map(({ metadata }) => metadata?.name ?? '');
  const make = (ref: ResourceRef, name: string, finalizer: string, rest: object = {}): void =>
    void create(ref, { metadata: { name, finalizers: [`kubernetes.io/${finalizer}`] }, ...rest });
  const remove = async (ref: ResourceRef, name: string): Promise<void> =>
    void (await cluster.client.resource(ref).delete(name, place(ref)));
  return { ...cluster, names, make, remove };
}

void t.test('a deleted claim stays while a pod on a node uses it, and no longer', async (test) => {
  const { create, make, remove, names } = await start(test);
  for (const name of ['used', 'unused', 'pending']) make(persistentVolumeClaims, name, 'pvc-protection');
  const spec = (claimName: string): object => ({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] });
  create(pods, { metadata: { name: 'p' }, spec: { nodeName: 'n1', ...spec('used') } });
  create(pods, { metadata: { name: 'waits' }, spec: spec('pending') });
  for (const name of ['used', 'unused', 'pending']) await remove(persistentVolumeClaims, name);
  await eventually('unused ones are gone', () => names(persistentVolumeClaims).length === 1);
  test.same(names(persistentVolumeClaims), ['used']);
  await remove(pods, 'p');
  await eventually('all are gone', () => names(persistentVolumeClaims).length === 0);
});

void t.test('a deleted volume stays while it is bound', async (test) => {
  const { make, remove, names, patch } = await start(test);
  make(persistentVolumes, 'bound', 'pv-protection', { status: { phase: 'Bound' } });
  make(persistentVolumes, 'free', 'pv-protection', { status: { phase: 'Available' } });
  for (const name of ['bound', 'free']) await remove(persistentVolumes, name);
  await eventually('the free one is gone', () => names(persistentVolumes).length === 1);
  test.same(names(persistentVolumes), ['bound']);
  patch(persistentVolumes, 'bound', { status: { phase: 'Released' } });
  await eventually('released', () => names(persistentVolumes).length === 0);
});

void t.test('a deleted class stays while a claim names it', async (test) => {
  const { create, make, remove, names } = await start(test);
  make(volumeAttributesClasses, 'gold', 'vac-protection');
  create(persistentVolumeClaims, { metadata: { name: 'c' }, spec: { volumeAttributesClassName: 'gold' } });
  make(volumeAttributesClasses, 'silver', 'vac-protection');
  for (const name of ['gold', 'silver']) await remove(volumeAttributesClasses, name);
  await eventually('silver is gone', () => names(volumeAttributesClasses).length === 1);
  test.same(names(volumeAttributesClasses), ['gold']);
  await remove(persistentVolumeClaims, 'c');
  await eventually('gold is gone', () => names(volumeAttributesClasses).length === 0);
});
