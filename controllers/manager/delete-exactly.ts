import { isNotFound } from '../../client/api-errors.ts';
import type { KubeObject, ResourceClient } from '../../client/types.ts';

/** Deletes this very object, and not another one that has taken its name; gone already is as well. */
export async function deleteExactly<T extends KubeObject>(client: ResourceClient<T>, object: T): Promise<void> {
  const { name = '', namespace, uid } = object.metadata ?? {};
  try {
    await client.delete(name, namespace, { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
