import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../../client/api-errors.ts';
import type { KubeObject, ResourceClient } from '../../client/types.ts';

/** Creates what is missing; that somebody else was faster, or that the namespace is going away, is as good. */
export async function ensureCreated<T extends KubeObject>(
  resource: ResourceClient<T>,
  object: T,
  namespace: string,
): Promise<void> {
  try {
    await resource.create(object, namespace);
  } catch (error) {
    if (!isAlreadyExists(error) && !isNamespaceTerminating(error) && !isNotFound(error)) throw error;
  }
}
