import { newNotFound, newTooLargeResourceVersion } from '../../api/meta/status.ts';
import { sendObject } from './answer.ts';
import { formOf } from './negotiation.ts';
import { listOptions } from './request-options.ts';
import { groupResourceOf, keyOf, type ResourceRequest } from './resource-request.ts';
import type { CachedObject } from '../storage/cached-object.ts';

const freshnessTimeoutMs = 3_000;

/** GET of one object: of the latest version, or, with resourceVersion, of any version not older. */
export async function get(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services } = request;
  const form = formOf(ctx, entry);
  const found = await read(request);
  if (found === undefined) throw newNotFound(groupResourceOf(entry), ctx.info.name);
  sendObject(ctx, services.printer, entry, 200, found, form, services.clock.nowMs());
}

async function read({ ctx, entry, storage }: ResourceRequest): Promise<CachedObject | undefined> {
  const { store, prefix } = storage;
  const key = keyOf(entry, prefix, ctx.info.namespace, ctx.info.name);
  const { resourceVersion } = listOptions(ctx, entry);
  if (resourceVersion === undefined || !store.cache.ready) return store.read(key);
  if (resourceVersion > 0 && !(await store.cache.waitFor(resourceVersion, freshnessTimeoutMs))) {
    throw newTooLargeResourceVersion(String(resourceVersion), String(store.cache.revision));
  }
  return store.cache.get(key);
}
