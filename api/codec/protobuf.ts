/**
 * `application/vnd.kubernetes.protobuf`: the four bytes `k8s\0`, then a runtime.Unknown that names the type and holds the
 * object's own message.
 *
 *     6b 38 73 00 | 0a … TypeMeta{v1, ConfigMap} | 12 … the ConfigMap | 1a 00 | 22 00
 */
import protobuf from 'protobufjs/minimal.js';
import { structOf, parseGroupVersion, schemaOf, typeOf, apiVersionOf } from '../schema/schema.ts';
import type { GroupVersionKind } from '../schema/schema.ts';
import { decodeMessage, decodeRawJson, ProtobufError } from './protobuf-decode.ts';
import { encodeStruct } from './protobuf-encode.ts';

export { ProtobufError } from './protobuf-decode.ts';
export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

const prefix = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

export const hasProtobufPrefix = (bytes: Uint8Array): boolean => prefix.every((byte, i) => bytes[i] === byte);

/** Any object of the table's types, lists, Status and options included. Throws where the table has no such type. */
export function encodeObject(object: unknown, gvk: GroupVersionKind): Uint8Array {
  const schema = schemaOf(gvk);
  if (schema === undefined)
    throw new ProtobufError(`no kind "${gvk.kind}" is registered for version "${apiVersionOf(gvk)}"`);
  const raw = encodeStruct(schema, object as Record<string, unknown>);
  const writer = protobuf.Writer.create();
  writer.uint32(10).fork();
  writer.uint32(10).string(apiVersionOf(gvk)).uint32(18).string(gvk.kind);
  writer.ldelim();
  writer.uint32(18).bytes(raw);
  writer.uint32(26).string('').uint32(34).string('');
  const unknown = writer.finish();
  const bytes = new Uint8Array(prefix.length + unknown.length);
  bytes.set(prefix);
  bytes.set(unknown, prefix.length);
  return bytes;
}

export interface ProtobufEnvelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
  /** '' for protobuf; else what `raw` is, e.g. `application/json` */
  readonly contentType: string;
}

/** Reads the envelope only. Throws ProtobufError. */
export function decodeEnvelope(bytes: Uint8Array): ProtobufEnvelope {
  if (!hasProtobufPrefix(bytes)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  let [apiVersion, kind, contentType] = ['', '', ''];
  let raw: Uint8Array = new Uint8Array(0);
  try {
    const reader = protobuf.Reader.create(bytes.subarray(prefix.length));
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 10) {
        const meta = protobuf.Reader.create(reader.bytes());
        while (meta.pos < meta.len) {
          const inner = meta.uint32();
          if (inner === 10) apiVersion = meta.string();
          else if (inner === 18) kind = meta.string();
          else meta.skipType(inner & 7);
        }
      } else if (tag === 18) raw = reader.bytes();
      else if (tag === 34) contentType = reader.string();
      else reader.skipType(tag & 7);
    }
  } catch (error) {
    throw new ProtobufError('unexpected EOF', { cause: error });
  }
  return { apiVersion, kind, raw, contentType };
}

/** The object of an envelope's message, with its apiVersion and kind. */
export function decodeRaw(raw: Uint8Array, gvk: GroupVersionKind): Record<string, unknown> {
  const name = typeOf(gvk.group, gvk.version, gvk.kind);
  if (name === undefined)
    throw new ProtobufError(`no kind "${gvk.kind}" is registered for version "${apiVersionOf(gvk)}"`);
  return { apiVersion: apiVersionOf(gvk), kind: gvk.kind, ...decodeMessage(structOf(name), raw, decodeEmbedded) };
}

/** Bytes with the `k8s\0` prefix → the object. Throws ProtobufError. */
export function decodeObject(bytes: Uint8Array): Record<string, unknown> {
  const { apiVersion, kind, raw } = decodeEnvelope(bytes);
  return decodeRaw(raw, { ...parseGroupVersion(apiVersion), kind });
}

/** An object inside another is JSON or protobuf; its first bytes tell. */
const decodeEmbedded = (bytes: Uint8Array): unknown =>
  hasProtobufPrefix(bytes) ? decodeObject(bytes) : decodeRawJson(bytes);

/**
 * A watch event as it stands in a protobuf stream: a bare WatchEvent (no prefix, no envelope) whose object has both.
 * The stream puts each event's length before it, four bytes, big-endian: `frame`.
 */
export function encodeWatchEvent(type: string, object: unknown, gvk: GroupVersionKind): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(10).string(type);
  writer.uint32(18).fork().uint32(10).bytes(encodeObject(object, gvk)).ldelim();
  return writer.finish();
}

export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(4 + message.length);
  new DataView(framed.buffer).setUint32(0, message.length);
  framed.set(message, 4);
  return framed;
}
