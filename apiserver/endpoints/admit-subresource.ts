import type { KubeObject } from '../pipeline.ts';
import { operationOptions } from './request-options.ts';
import type { ResourceRequest } from './resource-request.ts';

/** Admission of what is posted to a subresource: an eviction, a binding, a request for a token. */
export async function admitSubresource(
  { ctx, entry, services }: ResourceRequest,
  object: KubeObject,
  dryRun: boolean,
): Promise<void> {
  const { namespace, name, subresource } = ctx.info;
  const request = {
    operation: 'CREATE' as const,
    entry,
    subresource,
    namespace,
    name,
    object,
    old: undefined,
    user: ctx.user,
    dryRun,
    options: operationOptions(ctx, 'CreateOptions'),
    warn: (text: string) => ctx.reply.warn(text),
    annotate: (key: string, value: string) => ctx.audit?.annotate(key, value),
  };
  await services.admission.mutate(request);
  await services.admission.validate(request);
}
