import { CachedObject } from './cached-object.ts';
import type { KeyValue } from './etcd-client.ts';
import type { ObjectCodec } from './object-codec.ts';

/** Stored objects as their resource shows them, converted together. */
export async function decodeAll(kvs: readonly KeyValue[], codec: ObjectCodec): Promise<CachedObject[]> {
  const stored = kvs.map((kv) => CachedObject.decode(kv));
  if (stored.length === 0) return stored;
  const shown = await codec.fromStored(stored.map(({ object }) => object));
  return stored.map((one, i) => {
    const object = shown[i];
    if (object === undefined) throw new Error(`${one.key}: lost in conversion`);
    return new CachedObject(one.key, object, one.modRevision, one.lease, one.storedBytes, one.form);
  });
}
