/**
 * Reads a message from JSON as protobuf maps it (https://protobuf.dev/programming-guides/json/): fields by their proto
 * name or in lowerCamel, bytes in base64, 64-bit integers as strings or numbers, enums by name or number. Unknown fields
 * are passed over. Mistakes are told in the words of Go's protojson, which clients of etcd's gateway know.
 */
import protobuf from 'protobufjs';
import { JsonCursor } from './json-cursor.ts';

export class FromJsonError extends Error {
  override name = 'FromJsonError';
}

/** messages in messages; each level takes two or three of the stack */
const depthMax = 1000;
const integerForm = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/;
const exponentMax = 40;

type Range = readonly [min: bigint, max: bigint];
const ranges: Readonly<Record<string, Range>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

interface FieldInfo {
  readonly field: protobuf.Field;
  /** of a oneof */
  readonly union: protobuf.OneOf | null;
}
const known = new WeakMap<protobuf.Type, ReadonlyMap<string, FieldInfo>>();

function fieldsOf(type: protobuf.Type): ReadonlyMap<string, FieldInfo> {
  let fields = known.get(type);
  if (fields === undefined) {
    const made = new Map<string, FieldInfo>();
    for (const field of type.fieldsArray) {
      field.resolve();
      const info = { field, union: field.partOf };
      made.set(protoNameOf(field), info);
      made.set(jsonNameOf(field), info);
    }
    known.set(type, (fields = made));
  }
  return fields;
}

type Named = protobuf.Field & { protoName?: string; jsonName?: string };
export const protoNameOf = (field: protobuf.Field): string => (field as Named).protoName ?? field.name;
const jsonNameOf = (field: protobuf.Field): string => (field as Named).jsonName ?? field.name;

/** its full name as the proto has it: `request_union`, which is `requestUnion` here */
function unionName({ fullName }: protobuf.OneOf): string {
  const at = fullName.lastIndexOf('.') + 1;
  return fullName.slice(1, at) + fullName.slice(at).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** an integer however it is written, `1e3` and `"10.0"` too; undefined: it is none */
function integerOf(text: string): bigint | undefined {
  const match = integerForm.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  let digits = (whole + fraction).replace(/^0+(?=\d)/, '');
  if (/^0+$/.test(digits)) return 0n;
  if (Math.abs(exponent) > exponentMax) return undefined;
  const shift = exponent - fraction.length;
  if (shift >= 0) digits += '0'.repeat(shift);
  else {
    if (!/^0*$/.test(digits.slice(shift))) return undefined;
    digits = digits.slice(0, shift) || '0';
  }
  return BigInt(sign + digits);
}

function integer(field: protobuf.Field, token: string): number | bigint | undefined {
  const range = ranges[field.type];
  const text = token.startsWith('"') ? (JSON.parse(token) as string) : token;
  const value = integerOf(text);
  if (range === undefined || value === undefined || value < range[0] || value > range[1]) return undefined;
  if (field.type.endsWith('32')) return Number(value);
  if (field.options?.['jstype'] !== 'JS_NUMBER') return value;
  // beyond what a number holds exactly it means «as much as there is»
  return Number(value > safeMax ? safeMax : value < -safeMax ? -safeMax : value);
}

const base64Form = /^[A-Za-z0-9+/]*={0,2}$/;

function bytesOf(token: string): Uint8Array | undefined {
  if (!token.startsWith('"')) return undefined;
  const text = (JSON.parse(token) as string).replace(/[\r\n]/g, '');
  // the alphabet for URLs as a whole or not at all
  const standard = /[-_]/.test(text)
    ? /[+/]/.test(text)
      ? '!'
      : text.replaceAll('-', '+').replaceAll('_', '/')
    : text;
  const bare = standard.replace(/=+$/, '');
  const padded = bare.length < standard.length;
  if (!base64Form.test(standard) || bare.length % 4 === 1 || (padded && standard.length % 4 !== 0)) return undefined;
  return new Uint8Array(Buffer.from(bare, 'base64'));
}

/** `skip`: an enum's name that is not known is passed over as an unknown field is */
const skip = Symbol('skip');

function scalar(field: protobuf.Field, token: string): unknown {
  if (field.resolvedType instanceof protobuf.Enum) {
    if (token.startsWith('"')) {
      const name = JSON.parse(token) as string;
      return Object.hasOwn(field.resolvedType.values, name) ? field.resolvedType.values[name] : skip;
    }
    const value = integerOf(token);
    return value === undefined || value < -(2n ** 31n) || value >= 2n ** 31n ? undefined : Number(value);
  }
  switch (field.type) {
    case 'string':
      return token.startsWith('"') ? (JSON.parse(token) as string) : undefined;
    case 'bytes':
      return bytesOf(token);
    case 'bool':
      return token === 'true' ? true : token === 'false' ? false : undefined;
    default:
      return integer(field, token);
  }
}

class Reader {
  readonly #json: JsonCursor;

  constructor(text: string) {
    this.#json = new JsonCursor(text);
  }

  message(type: protobuf.Type, depth = 1): Record<string, unknown> {
    const json = this.#json;
    if (depth > depthMax) throw new FromJsonError('proto: exceeded max recursion depth');
    if (!json.take('{')) this.#unexpected();
    const fields = fieldsOf(type);
    const message: Record<string, unknown> = {};
    const seen = new Set<protobuf.Field | protobuf.OneOf>();
    for (let first = true; !json.take('}'); first = false) {
      if (!first) json.token(); // a comma
      json.peek();
      const at = json.pos;
      const name = json.token();
      json.token(); // a colon
      const info = fields.get(JSON.parse(name) as string);
      if (info === undefined) {
        json.skip();
        continue;
      }
      if (seen.has(info.field)) this.#refuse(at, `duplicate field ${name}`);
      seen.add(info.field);
      if (json.peek() === 'n') {
        json.skip();
        continue;
      }
      if (info.union !== null) {
        if (seen.has(info.union)) {
          this.#refuse(at, `error parsing ${name}, oneof ${unionName(info.union)} is already set`);
        }
        seen.add(info.union);
      }
      const value = info.field.repeated ? this.#list(info.field, depth) : this.#single(info.field, depth);
      if (value !== skip) message[info.field.name] = value;
    }
    return message;
  }

  #list(field: protobuf.Field, depth: number): unknown[] {
    const json = this.#json;
    if (!json.take('[')) this.#unexpected();
    const list: unknown[] = [];
    for (let first = true; !json.take(']'); first = false) {
      if (!first) json.token();
      const value = this.#single(field, depth);
      if (value !== skip) list.push(value);
    }
    return list;
  }

  #single(field: protobuf.Field, depth: number): unknown {
    const { resolvedType } = field;
    if (resolvedType instanceof protobuf.Type) return this.message(resolvedType, depth + 1);
    this.#json.peek();
    const at = this.#json.pos;
    const token = this.#json.token();
    const value = scalar(field, token);
    if (value === undefined) {
      const kind = resolvedType instanceof protobuf.Enum ? 'enum' : field.type;
      this.#refuse(at, `invalid value for ${kind} field ${jsonNameOf(field)}: ${token}`);
    }
    return value;
  }

  #unexpected(): never {
    const json = this.#json;
    json.peek();
    const at = json.pos;
    throw new FromJsonError(`proto: syntax error (${json.placeOf(at)}): unexpected token ${json.token()}`);
  }

  #refuse(at: number, what: string): never {
    throw new FromJsonError(`proto: (${this.#json.placeOf(at)}): ${what}`);
  }
}

/** `text`: one whole JSON value. The message as load.ts encodes it. Throws FromJsonError. */
export const messageFromJson = (type: protobuf.Type, text: string): Record<string, unknown> =>
  new Reader(text).message(type);
