/**
 * Objects as the protobuf messages that Kubernetes' generated Go code writes: fields ascending; scalars and structs that
 * are no pointers always, even zero; repeated numbers unpacked; maps by sorted key.
 */
import protobuf from 'protobufjs/minimal.js';
import type { Writer } from 'protobufjs';
import { base64ToBytes } from '../meta/base64.ts';
import { parseMicroTime, parseTime } from '../meta/time.ts';
import type { SchemaField, StructSchema, TypeNode } from '../schema/schema.ts';
import { emptyMessage, jsonSchemaType, structOf } from '../schema/schema.ts';

const varint = 0;
const fixed64 = 1;
const delimited = 2;

const text = new TextEncoder();

const tag = (writer: Writer, number: number, wireType: number): Writer => writer.uint32((number << 3) | wireType);

type Json = Record<string, unknown>;

export function encodeStruct(schema: StructSchema, object: Json): Uint8Array {
  const writer = protobuf.Writer.create();
  writeStruct(writer, schema, object);
  return writer.finish();
}

function writeStruct(writer: Writer, schema: StructSchema, object: Json): void {
  for (const wire of schema.wire) {
    if ('embedded' in wire) {
      tag(writer, wire.number, delimited).fork();
      writeStruct(writer, wire.embedded, object);
      writer.ldelim();
    } else writeField(writer, wire.number, wire.field, object);
  }
}

function writeField(writer: Writer, number: number, field: SchemaField, object: Json): void {
  const value = Object.hasOwn(object, field.name) ? object[field.name] : undefined;
  const { node } = field;
  const absent = value === undefined || value === null;
  if (node.kind === 'list' && !node.wrapped) {
    for (const item of absent ? [] : (value as unknown[])) writeValue(writer, number, node.element, item);
    return;
  }
  if (node.kind === 'map') {
    if (!absent) writeMap(writer, number, node.element, value as Json);
    return;
  }
  // nil pointers, slices and bytes are not written; everything else is, zero or not
  if (absent && (field.fact.pointer || node.kind === 'bytes' || node.kind === 'list' || node.kind === 'any')) return;
  writeValue(writer, number, node, value);
}

function writeMap(writer: Writer, number: number, element: TypeNode, map: Json): void {
  for (const key of Object.keys(map).sort()) {
    tag(writer, number, delimited).fork();
    tag(writer, 1, delimited).string(key);
    writeValue(writer, 2, element, map[key]);
    writer.ldelim();
  }
}

/** One value with its tag; undefined and null are written as zero. */
function writeValue(writer: Writer, number: number, node: TypeNode, value: unknown): void {
  switch (node.kind) {
    case 'string':
      tag(writer, number, delimited).string(typeof value === 'string' ? value : '');
      return;
    case 'bool':
      tag(writer, number, varint).bool(value === true);
      return;
    case 'int32':
      tag(writer, number, varint).int32(typeof value === 'number' ? value : 0);
      return;
    case 'int64':
      tag(writer, number, varint).int64(typeof value === 'number' ? value : 0);
      return;
    case 'float64':
      tag(writer, number, fixed64).double(typeof value === 'number' ? value : 0);
      return;
    case 'bytes':
      tag(writer, number, delimited).bytes(base64ToBytes(typeof value === 'string' ? value : ''));
      return;
    default:
      tag(writer, number, delimited).fork();
      writeMessage(writer, node, value);
      writer.ldelim();
  }
}

type MessageNode = Exclude<TypeNode, { kind: 'string' | 'bool' | 'int32' | 'int64' | 'float64' | 'bytes' }>;

/** The types that are messages of a few fields of their own. */
function writeMessage(writer: Writer, node: MessageNode, value: unknown): void {
  switch (node.kind) {
    case 'struct':
      writeStruct(writer, structOf(node.name), (value ?? {}) as Json);
      return;
    case 'quantity':
      tag(writer, 1, delimited).string(typeof value === 'string' ? value : '0');
      return;
    case 'intOrString':
      writeIntOrString(writer, value);
      return;
    case 'time':
    case 'microTime':
      writeTime(writer, node.kind, value);
      return;
    case 'list':
      for (const item of (value ?? []) as unknown[]) writeValue(writer, 1, node.element, item);
      return;
    case 'schemaOr':
      writeSchemaOr(writer, node, value);
      return;
    case 'fieldsV1':
    case 'rawExtension':
      if (value !== undefined && value !== null) tag(writer, 1, delimited).bytes(text.encode(JSON.stringify(value)));
      return;
    default:
      if (node.go !== emptyMessage) throw new Error(`a ${node.go} has no protobuf form`);
  }
}

const jsonSchema: TypeNode = { kind: 'struct', name: jsonSchemaType, go: 'v1.JSONSchemaProps' };

/** The schema is field 1, or for a bool 2; what else it may be the other one. */
function writeSchemaOr(writer: Writer, { other }: TypeNode & { kind: 'schemaOr' }, value: unknown): void {
  const isSchema = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (other === 'bool') tag(writer, 1, varint).bool(value === true || isSchema);
  if (isSchema) writeValue(writer, other === 'bool' ? 2 : 1, jsonSchema, value);
  else if (Array.isArray(value)) {
    const element: TypeNode = other === 'strings' ? { kind: 'string', go: 'string' } : jsonSchema;
    for (const item of value as unknown[]) writeValue(writer, 2, element, item);
  }
}

function writeIntOrString(writer: Writer, value: unknown): void {
  const isText = typeof value === 'string';
  tag(writer, 1, varint).int64(isText ? 1 : 0);
  tag(writer, 2, varint).int32(typeof value === 'number' ? value : 0);
  tag(writer, 3, delimited).string(isText ? value : '');
}

/** The zero time is an empty message. */
function writeTime(writer: Writer, kind: 'time' | 'microTime', value: unknown): void {
  if (typeof value !== 'string') return;
  const { seconds, nanos } = kind === 'microTime' ? parseMicroTime(value) : parseTime(value);
  tag(writer, 1, varint).int64(seconds);
  tag(writer, 2, varint).int32(kind === 'microTime' ? nanos - (nanos % 1000) : 0);
}
