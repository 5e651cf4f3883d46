import { admissionRequest } from './admission-request.ts';
import type { KubeObject } from '../pipeline.ts';
import { operationOptions } from './request-options.ts';
import type { ResourceRequest } from './resource-request.ts';

/** Admission of what is posted to a subresource: an eviction, a binding, a request for a token. */
export async function admitSubresource(request: ResourceRequest, object: KubeObject, dryRun: boolean): Promise<void> {
  const { admission } = request.services;
  const admitted = admissionRequest(request, {
    operation: 'CREATE',
    object,
    old: undefined,
    dryRun,
    options: operationOptions(request.ctx, 'CreateOptions'),
  });
  await admission.mutate(admitted);
  await admission.validate(admitted);
}
