import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/types/core-v1.ts';
import type { VolumeAttributesClass } from '../../../api/types/storage-v1.ts';
import { isNotFound } from '../../../client/api-errors.ts';
import { persistentVolumeClaims, persistentVolumes, pods, volumeAttributesClasses } from '../../../client/resources.ts';
import { keyOf } from '../../../client/types.ts';
import type { Informer, KubeObject, ResourceRef } from '../../../client/types.ts';
import { newQueue, queueController, splitKey } from '../controller-context.ts';
import type { Controller, ControllerContext } from '../controller-context.ts';
import { claimsOf, isClassUsed, isVolumeUsed } from './usage.ts';

interface Protection<T extends KubeObject> {
  readonly ref: ResourceRef<T>;
  readonly finalizer: string;
  readonly queue: string;
  isUsed(object: T): boolean | Promise<boolean>;
}

/** Admission gave objects a finalizer that keeps them while they are used: it is taken off the deleted ones that are not. */
function protectionOf<T extends KubeObject>(
  context: ControllerContext,
  protection: Protection<T>,
): { controller: Controller; recheck: (namespace?: string) => void } {
  const { ref, finalizer } = protection;
  const queue = newQueue(context, protection.queue);
  const informer: Informer<T> = context.informers.informer(ref);
  const isLeaving = ({ metadata }: KubeObject): boolean =>
    metadata?.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;
  const enqueue = (object: T): void => {
    if (isLeaving(object)) queue.add(keyOf(object));
  };
  informer.addHandlers({ added: enqueue, updated: (_, object) => enqueue(object) });
  const controller = queueController(queue, async (key) => {
    const { namespace, name } = splitKey(key);
    const object = informer.lister.get(name, namespace);
    if (object === undefined || !isLeaving(object) || (await protection.isUsed(object))) return;
    const finalizers = object.metadata?.finalizers?.filter((each) => each !== finalizer);
    try {
      await context.client.resource(ref).update({ ...object, metadata: { ...object.metadata, finalizers } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
  const recheck = (namespace?: string): void => informer.lister.list(namespace).forEach(enqueue);
  return { controller, recheck };
}

/** `kubernetes.io/pvc-protection`: a claim stays while a pod on a node uses it. */
export function claimProtectionController(context: ControllerContext): Controller {
  const running: Informer<Pod> = context.informers.informer(pods);
  const uses = (pod: Pod, claim: PersistentVolumeClaim): boolean => claimsOf(pod).includes(claim.metadata?.name ?? '');
  const { controller, recheck } = protectionOf<PersistentVolumeClaim>(context, {
    ref: persistentVolumeClaims,
    finalizer: 'kubernetes.io/pvc-protection',
    queue: 'pvcprotection',
    async isUsed(claim) {
      const namespace = claim.metadata?.namespace;
      if (running.lister.list(namespace).some((pod) => uses(pod, claim))) return true;
      // the cache may not know of a pod yet that got its node just now
      const { items } = await context.client.resource(pods).list({ namespace });
      return items.some((pod) => uses(pod, claim));
    },
  });
  const freed = (pod: Pod): void => {
    if ((pod.spec?.volumes ?? []).length > 0) recheck(pod.metadata?.namespace);
  };
  running.addHandlers({
    updated: (_, pod) => (pod.metadata?.deletionTimestamp ? freed(pod) : undefined),
    deleted: freed,
  });
  return controller;
}

/** `kubernetes.io/pv-protection`: a volume stays while it is bound. */
export const volumeProtectionController = (context: ControllerContext): Controller =>
  protectionOf<PersistentVolume>(context, {
    ref: persistentVolumes,
    finalizer: 'kubernetes.io/pv-protection',
    queue: 'pvprotection',
    isUsed: isVolumeUsed,
  }).controller;

/** `kubernetes.io/vac-protection`: a class stays while a volume or a claim names it. */
export function classProtectionController(context: ControllerContext): Controller {
  const volumes: Informer<PersistentVolume> = context.informers.informer(persistentVolumes);
  const claims: Informer<PersistentVolumeClaim> = context.informers.informer(persistentVolumeClaims);
  const { controller, recheck } = protectionOf<VolumeAttributesClass>(context, {
    ref: volumeAttributesClasses,
    finalizer: 'kubernetes.io/vac-protection',
    queue: 'vacprotection',
    isUsed: (object) => isClassUsed(object, volumes.lister.list(), claims.lister.list()),
  });
  for (const informer of [volumes, claims])
    informer.addHandlers({ updated: () => recheck(), deleted: () => recheck() });
  return controller;
}
