import type { KubeObject } from '../pipeline.ts';

/**
 * Between what the store keeps and what a resource shows, where these differ: custom objects, which may be stored in
 * another version and by an older schema.
 */
export interface ObjectCodec {
  /** Objects as they were stored, all at once; changes them or returns others. Throws StatusError. */
  fromStored(objects: KubeObject[]): KubeObject[] | Promise<KubeObject[]>;
  toStored(object: KubeObject): KubeObject | Promise<KubeObject>;
}
