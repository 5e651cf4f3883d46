import { StatusError } from '../../api/meta/status.ts';
import { sendList } from './answer.ts';
import { deleteObject, deleteOptionsOf } from './delete.ts';
import { listQuery } from './list.ts';
import { formOf } from './negotiation.ts';
import type { ResourceRequest } from './resource-request.ts';

/** deletes in flight at once for one request */
const parallelDeletes = 8;

/** DELETE of all that a list would show. Objects that are gone meanwhile are as they should be. */
export async function deleteCollection(request: ResourceRequest): Promise<void> {
  const { ctx, entry, services, storage } = request;
  const form = formOf(ctx, entry);
  const options = deleteOptionsOf(ctx);
  const found = await storage.reader.list(listQuery(request));
  const left = [...found.items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      const { namespace = '', name = '' } = item.object.metadata ?? {};
      const one = { ...request, ctx: { ...ctx, info: { ...ctx.info, namespace, name } } };
      try {
        await deleteObject(one, name, options);
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: parallelDeletes }, worker));
  sendList(ctx, services.printer, entry, found, form, services.clock.nowMs());
}
