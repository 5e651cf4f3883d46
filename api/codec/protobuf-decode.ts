/** Protobuf messages of Kubernetes' types as JSON objects, in the form Go would write. Unknown fields are skipped, as Go does. */
import protobuf from 'protobufjs/minimal.js';
import type { Reader } from 'protobufjs';
import { bytesToBase64 } from '../meta/base64.ts';
import { setOwn } from '../meta/clone.ts';
import { formatQuantity, parseQuantity } from '../meta/quantity.ts';
import { formatMicroTime, formatTime } from '../meta/time.ts';
import type { StructSchema, TypeNode } from '../schema/schema.ts';
import { emptyMessage, jsonSchemaType, structOf } from '../schema/schema.ts';
import { fieldValue, finishStruct, omitted } from './go-values.ts';
import { nestingMax, parseJson } from './json-scanner.ts';

/** Bytes that are no such message. */
export class ProtobufError extends Error {
  override name = 'ProtobufError';
}

type Json = Record<string, unknown>;
/** Reads an embedded object whose raw bytes are protobuf themselves. */
export type DecodeEmbedded = (bytes: Uint8Array) => unknown;

const utf8 = new TextDecoder('utf-8');

/** Throws ProtobufError. */
export function decodeMessage(schema: StructSchema, bytes: Uint8Array, embedded: DecodeEmbedded): Json {
  try {
    return readStruct(protobuf.Reader.create(bytes), schema, bytes.length, embedded, 0);
  } catch (error) {
    if (error instanceof RangeError) throw new ProtobufError('unexpected EOF', { cause: error });
    if (error instanceof Error && error.message.startsWith('invalid wire type')) {
      throw new ProtobufError(`proto: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function readStruct(reader: Reader, schema: StructSchema, end: number, embedded: DecodeEmbedded, depth: number): Json {
  if (depth > nestingMax) throw new ProtobufError('exceeded max depth');
  const raw: Json = {};
  readFields(reader, schema, end, raw, embedded, depth);
  const object: Json = {};
  for (const key of Object.keys(raw)) {
    const field = schema.fields.get(key);
    if (field === undefined) continue;
    const value = fieldValue(field, raw[key]);
    if (value !== omitted) object[key] = value;
  }
  return finishStruct(schema, object);
}

/** Reads up to `end` into `raw`, embedded structs included, as they are inlined in JSON. */
function readFields(
  reader: Reader,
  schema: StructSchema,
  end: number,
  raw: Json,
  embedded: DecodeEmbedded,
  depth: number,
): void {
  if (end > reader.len) throw new ProtobufError('unexpected EOF');
  while (reader.pos < end) {
    const key = reader.uint32();
    const [number, wireType] = [key >>> 3, key & 7];
    const wire = schema.wireByNumber.get(number);
    if (wire === undefined) {
      if (number === 0) throw new ProtobufError(`proto: ${schema.goName}: illegal tag 0 (wire type ${wireType})`);
      reader.skipType(wireType);
    } else if ('embedded' in wire) {
      const length = reader.uint32();
      readFields(reader, wire.embedded, reader.pos + length, raw, embedded, depth);
    } else {
      const { name, node } = wire.field;
      readInto(reader, name, node, wireType, raw, embedded, depth);
    }
  }
  if (reader.pos !== end) throw new ProtobufError('unexpected EOF');
}

function readInto(
  reader: Reader,
  name: string,
  node: TypeNode,
  wireType: number,
  raw: Json,
  embedded: DecodeEmbedded,
  depth: number,
): void {
  if (node.kind === 'list' && !node.wrapped) {
    const list = (raw[name] ??= []) as unknown[];
    const packed =
      wireType === 2 && /^(?:u?int|bool|float)/.test(node.element.kind) && node.element.kind !== 'intOrString';
    if (!packed) list.push(readValue(reader, node.element, wireType, embedded, depth));
    else {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) list.push(readValue(reader, node.element, wireTypeOf(node.element), embedded, depth));
    }
  } else if (node.kind === 'map') {
    const map = (raw[name] ??= {}) as Json;
    readMapEntry(reader, node.element, map, embedded, depth);
  } else raw[name] = readValue(reader, node, wireType, embedded, depth);
}

const wireTypeOf = (node: TypeNode): number =>
  node.kind === 'float64' ? 1 : node.kind === 'bool' || node.kind === 'int32' || node.kind === 'int64' ? 0 : 2;

function readMapEntry(reader: Reader, element: TypeNode, map: Json, embedded: DecodeEmbedded, depth: number): void {
  const end = reader.uint32() + reader.pos;
  let key = '';
  let value: unknown = element.kind === 'string' || element.kind === 'bytes' ? '' : undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = readString(reader);
    else if (tag >>> 3 === 2) value = readValue(reader, element, tag & 7, embedded, depth);
    else reader.skipType(tag & 7);
  }
  setOwn(map, key, value === undefined && element.kind === 'quantity' ? '0' : value);
}

const readString = (reader: Reader): string => utf8.decode(reader.bytes());

function readValue(reader: Reader, node: TypeNode, wireType: number, embedded: DecodeEmbedded, depth: number): unknown {
  if (wireType !== wireTypeOf(node)) {
    throw new ProtobufError(`proto: wrong wireType = ${wireType} for field of type ${node.go}`);
  }
  switch (node.kind) {
    case 'string':
      return readString(reader);
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return Number(reader.int64());
    case 'float64':
      return reader.double();
    case 'bytes':
      return bytesToBase64(reader.bytes());
    case 'struct': {
      const length = reader.uint32();
      return readStruct(reader, structOf(node.name), reader.pos + length, embedded, depth + 1);
    }
    default:
      return readSpecial(node, reader.bytes(), embedded, depth);
  }
}

type SpecialNode = Exclude<TypeNode, { kind: 'string' | 'bool' | 'int32' | 'int64' | 'float64' | 'bytes' | 'struct' }>;

function readSpecial(node: SpecialNode, bytes: Uint8Array, embedded: DecodeEmbedded, depth: number): unknown {
  if (node.kind === 'schemaOr') return readSchemaOr(node, bytes, embedded, depth);
  const reader = protobuf.Reader.create(bytes);
  const fields = new Map<number, unknown>();
  const items: unknown[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (node.kind === 'list' && number === 1) items.push(readValue(reader, node.element, wireType, embedded, depth));
    else if (wireType === 0) fields.set(number, Number(reader.int64()));
    else if (wireType === 2) fields.set(number, reader.bytes());
    else reader.skipType(wireType);
  }
  const number = (at: number): number => (typeof fields.get(at) === 'number' ? (fields.get(at) as number) : 0);
  const raw = (at: number): Uint8Array =>
    fields.get(at) instanceof Uint8Array ? (fields.get(at) as Uint8Array) : none;
  switch (node.kind) {
    case 'list':
      return items;
    case 'quantity':
      return formatQuantity(parseQuantity(utf8.decode(raw(1)) || '0'));
    case 'intOrString':
      return number(1) === 1 ? utf8.decode(raw(3)) : number(2) | 0;
    case 'time':
    case 'microTime': {
      const instant = { seconds: number(1), nanos: number(2) };
      if (instant.seconds === 0 && instant.nanos === 0) return null;
      return node.kind === 'time' ? formatTime(instant) : formatMicroTime(instant);
    }
    case 'fieldsV1':
    case 'rawExtension':
      return raw(1).length === 0 ? null : embedded(raw(1));
    default:
      if (node.go !== emptyMessage) throw new ProtobufError(`a ${node.go} has no protobuf form`);
      return {};
  }
}

/** The schema is field 1, or for a bool 2; what else it may be the other one. */
function readSchemaOr(
  node: TypeNode & { kind: 'schemaOr' },
  bytes: Uint8Array,
  embedded: DecodeEmbedded,
  depth: number,
): unknown {
  const reader = protobuf.Reader.create(bytes);
  const schema = (): Json => {
    const length = reader.uint32();
    return readStruct(reader, structOf(jsonSchemaType), reader.pos + length, embedded, depth + 1);
  };
  const others: unknown[] = [];
  let own: Json | undefined;
  let allows = false;
  const schemaNumber = node.other === 'bool' ? 2 : 1;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const number = tag >>> 3;
    if (number === schemaNumber && (tag & 7) === 2) own = schema();
    else if (number === 1 && (tag & 7) === 0) allows = reader.bool();
    else if (number === 2 && (tag & 7) === 2) others.push(node.other === 'strings' ? readString(reader) : schema());
    else reader.skipType(tag & 7);
  }
  if (own !== undefined) return own;
  return node.other === 'bool' ? allows : others;
}

const none = new Uint8Array(0);

/** Raw bytes that are JSON text. */
export const decodeRawJson = (bytes: Uint8Array): unknown => parseJson(utf8.decode(bytes));
