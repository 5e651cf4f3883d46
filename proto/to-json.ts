/**
 * Writes a message, as load.ts decodes it, as JSON in the way etcd's gateway does: fields by their proto names and in
 * their order, what has its default left out, bytes in base64, 64-bit integers as strings, enums by name.
 */
import protobuf from 'protobufjs';
import { protoNameOf } from './from-json.ts';

type Write = (value: unknown) => string;
interface FieldWriter {
  /** in JavaScript */
  readonly name: string;
  /** `"mod_revision":` */
  readonly label: string;
  readonly repeated: boolean;
  /** has no default: it is there or not */
  readonly presence: boolean;
  readonly write: Write;
}
const known = new WeakMap<protobuf.Type, readonly FieldWriter[]>();

function writerOf(field: protobuf.Field): Write {
  const { resolvedType } = field.resolve();
  if (resolvedType instanceof protobuf.Type) {
    return (value) => messageToJson(resolvedType, value as Record<string, unknown>);
  }
  if (resolvedType instanceof protobuf.Enum) {
    const names = resolvedType.valuesById;
    return (value) => JSON.stringify(names[value as number] ?? value);
  }
  if (field.type === 'bytes') {
    return (value) => {
      const { buffer, byteOffset, byteLength } = value as Uint8Array;
      return `"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`;
    };
  }
  if (field.type === 'int64' || field.type === 'uint64') return (value) => `"${String(value)}"`;
  return (value) => JSON.stringify(value);
}

function writersOf(type: protobuf.Type): readonly FieldWriter[] {
  let writers = known.get(type);
  if (writers === undefined) {
    writers = type.fieldsArray.map((field) => ({
      name: field.name,
      label: `${JSON.stringify(protoNameOf(field))}:`,
      repeated: field.repeated,
      presence: field.partOf !== null || field.resolve().resolvedType instanceof protobuf.Type,
      write: writerOf(field),
    }));
    known.set(type, writers);
  }
  return writers;
}

const isDefault = (value: unknown): boolean =>
  value === 0 || value === 0n || value === '' || value === false || (value instanceof Uint8Array && value.length === 0);

export function messageToJson(type: protobuf.Type, message: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  for (const { name, label, repeated, presence, write } of writersOf(type)) {
    const value = message[name];
    if (value === undefined || value === null) continue;
    if (repeated) {
      const list = value as readonly unknown[];
      if (list.length > 0) parts.push(`${label}[${list.map(write).join(',')}]`);
    } else if (presence || !isDefault(value)) parts.push(label + write(value));
  }
  return `{${parts.join(',')}}`;
}
