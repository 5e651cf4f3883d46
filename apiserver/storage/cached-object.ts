import type { KubeObject } from '../pipeline.ts';
import { decodeObject, hasProtobufPrefix } from '../../api/codec/protobuf.ts';
import { UnreadableError, type KeyValue } from './etcd-client.ts';
import { writeMark } from './write-mark.ts';

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
  /** of its stored form, for bounds on what is kept; 0: not from the store */
  readonly storedBytes: number;
  /** what its stored value is sealed with; undefined: not known */
  readonly form: string | undefined;
  #bareJson: string | undefined;
  #frames: Map<string, Uint8Array> | undefined;

  constructor(key: string, object: KubeObject, modRevision: number, lease: string, storedBytes = 0, form?: string) {
    this.key = key;
    this.object = object;
    this.modRevision = modRevision;
    this.lease = lease;
    this.storedBytes = storedBytes;
    this.form = form;
  }

  /**
   * The store's JSON does not hold the resourceVersion: it is the mod revision. Protobuf is what a real kube-apiserver on
   * the same store writes. Throws UnreadableError where the value could not be decrypted.
   */
  static decode(kv: KeyValue): CachedObject {
    if (kv.unreadable !== undefined) throw new UnreadableError(`unable to transform key "${kv.key}": ${kv.unreadable}`);
    const object = (
      hasProtobufPrefix(kv.value) ? decodeObject(kv.value) : JSON.parse(decoder.decode(kv.value))
    ) as KubeObject;
    object.metadata = { ...object.metadata, resourceVersion: String(kv.modRevision) };
    return new CachedObject(kv.key, object, kv.modRevision, kv.lease, kv.value.length, kv.form);
  }

  /** Without kind and apiVersion, as items of a list are. */
  get bareJson(): string {
    if (this.#bareJson === undefined) {
      const { kind: _, apiVersion: __, metadata, ...rest } = this.object;
      this.#bareJson = JSON.stringify({ metadata, ...rest });
    }
    return this.#bareJson;
  }

  get json(): string {
    const { kind, apiVersion } = this.object;
    return `{"kind":"${kind ?? ''}","apiVersion":"${apiVersion ?? ''}",${this.bareJson.slice(1)}`;
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

  /** Of the same version, with other contents: what a dry run would have written. */
  withObject(object: KubeObject): CachedObject {
    return new CachedObject(this.key, object, this.modRevision, this.lease);
  }

  /** As it was when deleted at `revision`: watches show the last state under the revision of the deletion. */
  deletedAt(revision: number): CachedObject {
    const metadata = { ...this.object.metadata, resourceVersion: String(revision) };
    return new CachedObject(this.key, { ...this.object, metadata }, revision, this.lease, this.storedBytes);
  }
}

/** What the store keeps of an object: its JSON without the resourceVersion, and the mark of this write. */
export function encodeForStore(object: KubeObject): Uint8Array {
  let stored = object;
  if (object.metadata?.resourceVersion !== undefined) {
    const { resourceVersion: _, ...metadata } = object.metadata;
    stored = { ...object, metadata };
  }
  return encoder.encode(JSON.stringify(stored) + writeMark());
}
