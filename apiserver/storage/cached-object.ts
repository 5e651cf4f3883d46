import type { KubeObject } from '../pipeline.ts';
import type { KeyValue } from './etcd-client.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * One version of one stored object. It is decoded once and encoded once, and shared by every list and watch that
 * shows it: `object` must never be changed.
 */
export class CachedObject {
  readonly key: string;
  readonly object: KubeObject;
  readonly modRevision: number;
  readonly lease: string;
  #json: string | undefined;
  #frames: Map<string, Uint8Array> | undefined;

  constructor(key: string, object: KubeObject, modRevision: number, lease: string) {
    this.key = key;
    this.object = object;
    this.modRevision = modRevision;
    this.lease = lease;
  }

  /** The store's JSON does not hold the resourceVersion: it is the mod revision. */
  static decode(kv: KeyValue): CachedObject {
    const object = JSON.parse(decoder.decode(kv.value)) as KubeObject;
    object.metadata = { ...object.metadata, resourceVersion: String(kv.modRevision) };
    return new CachedObject(kv.key, object, kv.modRevision, kv.lease);
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.object);
    return this.#json;
  }

  /** The bytes of this version in one more form (a watch frame, protobuf, …), made by the first who asks. */
  encoded(form: string, make: () => Uint8Array): Uint8Array {
    this.#frames ??= new Map();
    let bytes = this.#frames.get(form);
    if (bytes === undefined) {
      bytes = make();
      this.#frames.set(form, bytes);
    }
    return bytes;
  }

  /** As it was when deleted at `revision`: watches show the last state under the revision of the deletion. */
  deletedAt(revision: number): CachedObject {
    const metadata = { ...this.object.metadata, resourceVersion: String(revision) };
    return new CachedObject(this.key, { ...this.object, metadata }, revision, this.lease);
  }
}

/** What the store keeps of an object. */
export function encodeForStore(object: KubeObject): Uint8Array {
  if (object.metadata?.resourceVersion === undefined) return encoder.encode(JSON.stringify(object));
  const { resourceVersion: _, ...metadata } = object.metadata;
  return encoder.encode(JSON.stringify({ ...object, metadata }));
}
