import { sendList } from './answer.ts';
import { formOf } from './negotiation.ts';
import { listOptions } from './request-options.ts';
import { listPrefix, type ResourceRequest } from './resource-request.ts';
import type { ListQuery } from '../storage/list-reader.ts';

export function listQuery(request: ResourceRequest): ListQuery {
  const { ctx, entry } = request;
  const options = listOptions(ctx, entry);
  const { limit, continue: token, resourceVersion, match, selects } = options;
  return { prefix: listPrefix(request), limit, continue: token, resourceVersion, match, selects };
}

export async function list(request: ResourceRequest): Promise<void> {
  const { ctx, entry, storage, services } = request;
  const form = formOf(ctx, entry);
  const result = await storage.reader.list(listQuery(request));
  sendList(ctx, services.printer, entry, result, form, services.clock.nowMs());
}
