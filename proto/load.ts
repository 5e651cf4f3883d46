/**
 * Turns proto3 texts into codecs. For each message an encode and a decode function is generated once, on first use.
 *
 * How values look in JavaScript:
 *   field names        camelCase (`range_end` → `rangeEnd`; `peerURLs`, `ID` stay)
 *   bytes              Uint8Array; decoded ones are views of the input: copy what is kept
 *   64-bit integers    bigint; with `[jstype = JS_NUMBER]` a number (exact to 2^53)
 *   enums              numbers
 *   map<K, V>          a plain object
 *   absent             proto3's default: '', 0, 0n, false, [], {}, empty bytes. `undefined`: messages, oneof members and
 *                      `optional` fields that are not there
 * To encode, any field may be left out or undefined.
 */
import protobuf from 'protobufjs';
import { WireError, WireReader, WireWriter } from './wire.ts';

type Primitive = string | number | bigint | boolean | undefined | null;
/** A message to encode: everything may be left out, at every depth. */
export type Loose<T> = T extends Primitive | Uint8Array
  ? T
  : T extends readonly (infer U)[]
    ? readonly Loose<U>[]
    : { readonly [K in keyof T]?: Loose<T[K]> };

export interface ProtoCodec<T> {
  readonly name: string;
  encode(message: Loose<T>): Uint8Array;
  /** throws WireError on malformed input */
  decode(bytes: Uint8Array): T;
}

export interface ProtoMethod {
  /** `/etcdserverpb.KV/Range` */
  readonly path: string;
  readonly kind: 'unary' | 'server-stream' | 'client-stream' | 'bidi-stream';
  readonly request: ProtoCodec<unknown>;
  readonly response: ProtoCodec<unknown>;
}

export interface LoadedProto {
  /** by full name, `etcdserverpb.RangeRequest`; throws on a name that is not there */
  codec<T = Record<string, unknown>>(fullName: string): ProtoCodec<T>;
  /** what a message is made of, by its full name; throws on a name that is not there */
  type(fullName: string): protobuf.Type;
  /** every method of every service, by path */
  readonly methods: ReadonlyMap<string, ProtoMethod>;
  /** numbers by name of an enum, by its full name */
  enumValues(fullName: string): Readonly<Record<string, number>>;
}

type Encode = (message: never, writer: WireWriter) => void;
type Decode = (reader: WireReader, end: number) => unknown;
interface Generated {
  encode: Encode;
  decode: Decode;
}

/** wire type, the reader's and writer's method, and the default value as source text */
interface Scalar {
  readonly wire: 0 | 1 | 2 | 5;
  readonly method: string;
  readonly zero: string;
}

const scalars: Readonly<Record<string, Scalar>> = {
  int32: { wire: 0, method: 'int32', zero: '0' },
  uint32: { wire: 0, method: 'uint32', zero: '0' },
  sint32: { wire: 0, method: 'sint32', zero: '0' },
  bool: { wire: 0, method: 'bool', zero: 'false' },
  double: { wire: 1, method: 'double', zero: '0' },
  float: { wire: 5, method: 'float', zero: '0' },
  string: { wire: 2, method: 'string', zero: "''" },
  bytes: { wire: 2, method: 'bytesField', zero: 'noBytes' },
};
const wide = new Set(['int64', 'uint64', 'sint64']);

function scalarOf(field: protobuf.FieldBase, type: string): Scalar | undefined {
  if (field.resolvedType instanceof protobuf.Enum && type === field.type) return scalars['int32'];
  if (!wide.has(type)) return scalars[type];
  const asNumber = field.options?.['jstype'] === 'JS_NUMBER';
  return asNumber ? { wire: 0, method: type, zero: '0' } : { wire: 0, method: `${type}Big`, zero: '0n' };
}

const hasPresence = (field: protobuf.Field): boolean => field.partOf !== null && field.partOf !== undefined;

function mapSource(field: protobuf.MapField): { write: string; read: string } {
  const key = scalarOf(field, field.keyType);
  if (key === undefined) throw new WireError(`${field.fullName}: unsupported key type ${field.keyType}`);
  const value = scalarOf(field, field.type);
  const access = `m.${field.name}`;
  const keyOf = key.zero === "''" ? 'k' : key.zero === '0n' ? 'BigInt(k)' : 'Number(k)';
  const valueTag = (2 << 3) | (value?.wire ?? 2);
  const writeValue =
    value === undefined
      ? `{ const b = w.mark(); types.get(${JSON.stringify(typeName(field))}).encode(${access}[k], w); w.length(b); }`
      : `w.${value.method}(${access}[k]);`;
  const write =
    `if (${access} != null) { for (const k of Object.keys(${access}).reverse()) { const a = w.mark(); ${writeValue} ` +
    `w.uint32(${valueTag}); w.${key.method}(${keyOf}); w.uint32(${(1 << 3) | key.wire}); w.length(a); ` +
    `w.uint32(${(field.id << 3) | 2}); } }`;
  const readValue =
    value === undefined
      ? `{ const e2 = r.end(); v = types.get(${JSON.stringify(typeName(field))}).decode(r, e2); }`
      : `v = r.${value.method}();`;
  const zero = value?.zero ?? `types.get(${JSON.stringify(typeName(field))}).decode(r, r.pos)`;
  const read =
    `{ const e1 = r.end(); let k = ${key.zero}, v; while (r.pos < e1) { const t1 = r.uint32(); ` +
    `if (t1 >>> 3 === 1) k = r.${key.method}(); else if (t1 >>> 3 === 2) ${readValue} else r.skip(t1 & 7); } ` +
    `${access}[k] = v === undefined ? ${zero} : v; }`;
  return { write, read };
}

function typeName(field: protobuf.FieldBase): string {
  const name = field.resolvedType?.fullName;
  if (name === undefined) throw new WireError(`${field.fullName}: unknown type ${field.type}`);
  return name.slice(1);
}

function messageSource(field: protobuf.Field): { write: string; read: string } {
  const access = `m.${field.name}`;
  const type = `types.get(${JSON.stringify(typeName(field))})`;
  const tag = (field.id << 3) | 2;
  const one = (value: string): string =>
    `{ const a = w.mark(); ${type}.encode(${value}, w); w.length(a); w.uint32(${tag}); }`;
  if (field.repeated) {
    return {
      write: `if (${access} != null) for (let i = ${access}.length - 1; i >= 0; i--) ${one(`${access}[i]`)}`,
      read: `{ const e = r.end(); ${access}.push(${type}.decode(r, e)); }`,
    };
  }
  return {
    write: `if (${access} != null) ${one(access)}`,
    read: `{ const e = r.end(); ${access} = ${type}.decode(r, e); }`,
  };
}

function scalarSource(field: protobuf.Field, scalar: Scalar): { write: string; read: string } {
  const access = `m.${field.name}`;
  const tag = ((field.id << 3) | scalar.wire) >>> 0;
  if (!field.repeated) {
    const filled = scalar.method === 'bytesField' ? ` && ${access}.length > 0` : ` && ${access} !== ${scalar.zero}`;
    const guard = `${access} != null${hasPresence(field) ? '' : filled}`;
    return {
      write: `if (${guard}) { w.${scalar.method}(${access}); w.uint32(${tag}); }`,
      read: `${access} = r.${scalar.method}();`,
    };
  }
  if (scalar.wire === 2) {
    return {
      write: `if (${access} != null) for (let i = ${access}.length - 1; i >= 0; i--) { w.${scalar.method}(${access}[i]); w.uint32(${tag}); }`,
      read: `${access}.push(r.${scalar.method}());`,
    };
  }
  const packed = (field.id << 3) | 2;
  return {
    write:
      `if (${access} != null && ${access}.length > 0) { const a = w.mark(); for (let i = ${access}.length - 1; i >= 0; i--) ` +
      `w.${scalar.method}(${access}[i]); w.length(a); w.uint32(${packed}); }`,
    read:
      `if ((tag & 7) === 2) { const e = r.end(); while (r.pos < e) ${access}.push(r.${scalar.method}()); } ` +
      `else ${access}.push(r.${scalar.method}());`,
  };
}

/** A field whose wire type is another than its own is an unknown field. */
function tagsOf(field: protobuf.Field): number[] {
  const scalar = field instanceof protobuf.MapField ? undefined : scalarOf(field, field.type);
  const wires = new Set([scalar?.wire ?? 2, ...(field.repeated ? [2] : [])]);
  return [...wires].map((wire) => ((field.id << 3) | wire) >>> 0);
}

function initialValue(field: protobuf.Field): string {
  if (field instanceof protobuf.MapField) return '{}';
  if (field.repeated) return '[]';
  if (hasPresence(field)) return 'undefined';
  return scalarOf(field, field.type)?.zero ?? 'undefined';
}

function sourceOf(field: protobuf.Field): { write: string; read: string } {
  if (field instanceof protobuf.MapField) return mapSource(field);
  const scalar = scalarOf(field, field.type);
  return scalar === undefined ? messageSource(field) : scalarSource(field, scalar);
}

/**
 * Clearing the other members of a oneof is left to the sender: of two that are present on the wire (no encoder writes
 * that) both are seen.
 */
function generate(type: protobuf.Type, types: { get(name: string): Generated }): Generated {
  const fields = type.fieldsArray.map((field) => field.resolve());
  const sources = fields.map((field) => ({ field, ...sourceOf(field) }));
  const writes = sources
    .toSorted((a, b) => b.field.id - a.field.id)
    .map((s) => s.write)
    .join('\n');
  const cases = sources
    .map(
      (s) =>
        `${tagsOf(s.field)
          .map((tag) => `case ${tag}:`)
          .join(' ')} ${s.read} break;`,
    )
    .join('\n');
  const initial = fields.map((field) => `${field.name}: ${initialValue(field)}`).join(', ');
  const source = `return {
    encode(m, w) { ${writes} },
    decode(r, end) {
      const m = { ${initial} };
      while (r.pos < end) {
        const tag = r.uint32();
        switch (tag) { ${cases} default: r.skipField(tag); }
      }
      if (r.pos !== end) throw new WireError('field of ${type.name} runs over the end of its message');
      return m;
    } };`;
  // The source is made of our own schema texts alone, never of input.
  // oxlint-disable-next-line no-new-func, no-implied-eval
  const make = new Function('types', 'noBytes', 'WireError', source) as (...args: unknown[]) => Generated;
  return make(types, new Uint8Array(0), WireError);
}

const writer = new WireWriter();

function kindOf(method: protobuf.Method): ProtoMethod['kind'] {
  if (method.requestStream) return method.responseStream ? 'bidi-stream' : 'client-stream';
  return method.responseStream ? 'server-stream' : 'unary';
}

function servicesOf(namespace: protobuf.NamespaceBase, out: protobuf.Service[] = []): protobuf.Service[] {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Service) out.push(nested);
    else if (nested instanceof protobuf.Namespace) servicesOf(nested, out);
  }
  return out;
}

export function loadProto(texts: string | readonly string[]): LoadedProto {
  const root = new protobuf.Root();
  for (const text of typeof texts === 'string' ? [texts] : texts) protobuf.parse(text, root, { keepCase: false });
  root.resolveAll();

  const generated = new Map<string, Generated>();
  const types = {
    get(name: string): Generated {
      let found = generated.get(name);
      if (found === undefined) {
        found = generate(root.lookupType(name), types);
        generated.set(name, found);
      }
      return found;
    },
  };
  const codec = <T>(fullName: string): ProtoCodec<T> => {
    const { encode, decode } = types.get(fullName);
    return {
      name: fullName,
      encode(message) {
        writer.reset();
        encode(message as never, writer);
        return writer.finish();
      },
      decode: (bytes) => decode(new WireReader(bytes), bytes.length) as T,
    };
  };
  const methods = new Map<string, ProtoMethod>();
  for (const service of servicesOf(root)) {
    for (const method of service.methodsArray) {
      method.resolve();
      const path = `${service.fullName.slice(1)}/${method.name}`;
      methods.set(`/${path}`, {
        path: `/${path}`,
        kind: kindOf(method),
        request: codec(method.resolvedRequestType?.fullName.slice(1) ?? method.requestType),
        response: codec(method.resolvedResponseType?.fullName.slice(1) ?? method.responseType),
      });
    }
  }
  const type = (fullName: string): protobuf.Type => root.lookupType(fullName);
  return { codec, type, methods, enumValues: (fullName) => root.lookupEnum(fullName).values };
}
