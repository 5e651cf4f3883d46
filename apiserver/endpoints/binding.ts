import { rfc3339 } from '../../base/clock.ts';
import { newBadRequest, newConflict, newNotFound, StatusError } from '../../api/meta/status.ts';
import { aggregateText } from '../../api/meta/field-error.ts';
import type { Binding, Pod, PodCondition } from '../../api/types/core-v1.ts';
import { validateBinding } from '../../api/validation/pod.ts';
import type { KubeObject } from '../pipeline.ts';
import { admitSubresource } from './admit-subresource.ts';
import { sendAny } from './answer.ts';
import { formOf } from './negotiation.ts';
import { objectOf } from './request-body.ts';
import { writeOptions } from './request-options.ts';
import { keyOf, type ResourceRequest } from './resource-request.ts';

const bindingKind = { group: '', version: 'v1', kind: 'Binding' };
const bindingResource = { group: '', resource: 'pods/binding' };

function checkTarget(binding: Binding): void {
  const errors = validateBinding(binding);
  // not as a 422: nobody has said so there
  if (errors.length > 0) throw new StatusError(500, '', aggregateText(errors));
}

/** The pod on its node; the condition PodScheduled becomes true with it. */
function bound(pod: Pod, binding: Binding, nowMs: number): Pod {
  const name = pod.metadata?.name ?? '';
  const { uid, resourceVersion, annotations, labels } = binding.metadata ?? {};
  const refuse = (why: string): Error => newConflict(bindingResource, name, why);
  if (uid && uid !== pod.metadata?.uid) {
    throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata?.uid ?? ''}`);
  }
  if (resourceVersion && resourceVersion !== pod.metadata?.resourceVersion) {
    throw refuse('the object has been modified; please apply your changes to the latest version and try again');
  }
  if (pod.metadata?.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec?.nodeName) throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  if (pod.spec?.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const scheduled: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: rfc3339(nowMs) };
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  const metadata = { ...pod.metadata };
  if (annotations) metadata.annotations = { ...metadata.annotations, ...annotations };
  if (labels) metadata.labels = { ...metadata.labels, ...labels };
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName: binding.target.name } as Pod['spec'],
    status: { ...pod.status, conditions: [...others, scheduled] },
  };
}

/** POST of pods/binding, or of bindings with the pod's name in the body: what a scheduler does. */
export async function bind(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services, storage } = request;
  const form = { ...formOf(ctx), as: 'object' as const };
  const options = writeOptions(ctx, 'CreateOptions');
  const binding = objectOf(ctx, bindingKind, options) as unknown as Binding;
  const { namespace } = ctx.info;
  const name = ctx.info.name || (binding.metadata?.name ?? '');
  if (binding.metadata?.name && binding.metadata.name !== name) {
    throw newBadRequest('name in URL does not match name in Binding object');
  }
  checkTarget(binding);
  const admitted = { ...request, ctx: { ...ctx, info: { ...ctx.info, name, subresource: 'binding' } } };
  await admitSubresource(admitted, binding as unknown as KubeObject, options.dryRun);
  await storage.store.update(keyOf(entry, storage.prefix, namespace, name), (stored) => {
    if (stored === undefined) throw newNotFound({ group: '', resource: 'pods' }, name);
    const next = bound(stored.object, binding, services.clock.nowMs()) as unknown as KubeObject;
    return { object: options.dryRun ? stored.object : next };
  });
  sendAny(ctx, 201, created, form);
}

/** What these subresources answer: there is no object to show. */
export const created: KubeObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
