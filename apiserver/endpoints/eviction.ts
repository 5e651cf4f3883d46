import { newBadRequest } from '../../api/meta/status.ts';
import type { Eviction } from '../../api/types/policy-v1.ts';
import type { KubeObject } from '../pipeline.ts';
import { admitSubresource } from './admit-subresource.ts';
import { sendAny } from './answer.ts';
import { created } from './binding.ts';
import { deleteObject } from './delete.ts';
import { formOf } from './negotiation.ts';
import { objectOf } from './request-body.ts';
import { writeOptions, type DeleteRequestOptions } from './request-options.ts';
import type { ResourceRequest } from './resource-request.ts';

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };

/** POST of pods/eviction: a delete that disruption budgets may refuse (there are none yet). */
export async function evict(request: ResourceRequest): Promise<void> {
  const { ctx } = request;
  const form = { ...formOf(ctx), as: 'object' as const };
  const options = writeOptions(ctx, 'CreateOptions');
  const eviction = objectOf(ctx, evictionKind, options) as unknown as Eviction;
  if (eviction.metadata?.name && eviction.metadata.name !== ctx.info.name) {
    throw newBadRequest('name in URL does not match name in Eviction object');
  }
  await admitSubresource(request, eviction as unknown as KubeObject, options.dryRun);
  const asked = (eviction.deleteOptions ?? {}) as DeleteRequestOptions;
  await deleteObject(request, ctx.info.name, { ...asked, ...(options.dryRun && { dryRun: ['All'] }) });
  sendAny(ctx, 201, created, form);
}
