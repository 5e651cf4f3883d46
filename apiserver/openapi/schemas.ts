/** Schemas of Kubernetes types, from the type table: one generator for OpenAPI v3 and v2. */
import type { FieldFact } from '../../api/schema/table.ts';
import { typeTable } from '../../api/schema/table.generated.ts';
import { type GroupVersionKind, structOf } from '../../api/schema/schema.ts';
import { fieldDescription, typeDescription } from './descriptions.ts';
import type { Schema } from './openapi-types.ts';

import { customSchemas, type Dialect } from '../custom/custom-openapi.ts';
import type { ResourceInfo } from '../pipeline.ts';

const refPrefix: Readonly<Record<Dialect, string>> = { v3: '#/components/schemas/', v2: '#/definitions/' };

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  '[]byte': { type: 'string', format: 'byte' },
  'interface{}': {},
  'struct{}': { type: 'object' },
  'io.k8s.apimachinery.pkg.types.UID': { type: 'string' },
};

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

/** Types with a JSON form of their own, which the table does not describe. */
const special: Readonly<Record<string, Readonly<Record<Dialect, Schema>>>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    v3: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    v2: { type: 'string' },
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    v3: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
    v2: { type: 'string', format: 'int-or-string' },
  },
  [`${meta}Time`]: both({
    type: 'string',
    format: 'date-time',
  }),
  [`${meta}MicroTime`]: both({
    type: 'string',
    format: 'date-time',
  }),
  [`${meta}Duration`]: both({ type: 'string' }),
  [`${meta}FieldsV1`]: both({
    type: 'object',
  }),
  [`${meta}Patch`]: both({
    type: 'object',
  }),
  'io.k8s.apimachinery.pkg.runtime.RawExtension': both({
    type: 'object',
  }),
};

function specialSchema(type: string, dialect: Dialect): Schema | undefined {
  const form = special[type]?.[dialect];
  if (form === undefined) return undefined;
  const description = typeDescription(type);
  return description === '' ? form : { description, ...form };
}

function both(schema: Schema): Record<Dialect, Schema> {
  return { v3: schema, v2: schema };
}

const extensions: readonly (readonly [keyof FieldFact, `x-kubernetes-${string}`])[] = [
  ['listMapKeys', 'x-kubernetes-list-map-keys'],
  ['listType', 'x-kubernetes-list-type'],
  ['mapType', 'x-kubernetes-map-type'],
  ['patchMergeKey', 'x-kubernetes-patch-merge-key'],
  ['patchStrategy', 'x-kubernetes-patch-strategy'],
];

/** Defaults that name a constant: `ref(AzureDataDiskCachingReadWrite)` */
const constants: Readonly<Record<string, string>> = {
  AzureDataDiskCachingReadWrite: 'ReadWrite',
  AzureSharedBlobDisk: 'Shared',
};
const zeros: Readonly<Record<string, unknown>> = { string: '', boolean: false, integer: 0, number: 0 };
const rawExtension = 'io.k8s.apimachinery.pkg.runtime.RawExtension';

function declaredDefault(text: string): unknown {
  const constant = /^ref\((.*)\)$/.exec(text)?.[1];
  return constant === undefined ? (JSON.parse(text) as unknown) : (constants[constant.split('.').at(-1) ?? ''] ?? '');
}

/** What Go has where JSON leaves the field out; undefined: nothing, or nothing that could be said. */
function defaultOf(fact: FieldFact, value: Schema): unknown {
  if (fact.default !== undefined) return declaredDefault(fact.default);
  if (fact.pointer || fact.type === rawExtension) return undefined;
  if (typeTable[fact.type]?.kind === 'object') return {};
  return fact.omitempty || value.format === 'byte' ? undefined : zeros[value.type ?? ''];
}

/** Collects the schemas of types asked for, and of all types those refer to. */
export class SchemaBuilder {
  readonly #dialect: Dialect;
  readonly #kinds: ReadonlyMap<string, readonly GroupVersionKind[]>;
  readonly #made = new Map<string, Schema>();
  readonly #custom = new Map<string, () => Schema>();

  /** `kinds`: full type name → the kinds that objects of this type are. */
  constructor(
    dialect: Dialect,
    kinds: ReadonlyMap<string, readonly GroupVersionKind[]>,
    resources: readonly ResourceInfo[] = [],
  ) {
    this.#dialect = dialect;
    this.#kinds = kinds;
    for (const info of resources) {
      const { custom, typeName } = info;
      if (custom === undefined) continue;
      const make = (): ReturnType<typeof customSchemas> =>
        customSchemas(info, custom, dialect, (type) => this.ref(type));
      this.#custom.set(typeName, () => make().kind);
      this.#custom.set(`${typeName}List`, () => make().list);
    }
  }

  /** A reference to the type's schema, which `schemas()` will hold. */
  ref(type: string): Schema {
    if (!this.#made.has(type)) {
      // Types may contain themselves: the place is taken before the fields are looked at.
      this.#made.set(type, {});
      const custom = this.#custom.get(type);
      this.#made.set(type, custom?.() ?? specialSchema(type, this.#dialect) ?? this.#objectSchema(type));
    }
    return { $ref: refPrefix[this.#dialect] + type };
  }

  /** All schemas made so far, sorted by name. */
  schemas(): Record<string, Schema> {
    return Object.fromEntries([...this.#made].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #objectSchema(type: string): Schema {
    const schema: Schema = {};
    const description = typeDescription(type);
    if (description !== '') schema.description = description;
    const struct = structOf(type);
    const fields = [...struct.fields.values()].filter((field) => field.name !== '');
    // A type whose only field has no name is written by its own code, in any shape.
    if (struct.fields.size > fields.length || /\.(JSON|JSONSchemaPropsOr\w+)$/.test(type)) return schema;
    schema.type = 'object';
    if (fields.length > 0) {
      schema.properties = Object.fromEntries(
        fields
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .map((field) => [field.name, this.#fieldSchema(type, field.name, field.fact)]),
      );
    }
    const required = fields
      .filter(({ fact }) => fact.required || (!fact.optional && !fact.omitempty))
      // as they are declared
      .sort((a, b) => (a.fact.proto ?? 0) - (b.fact.proto ?? 0))
      .map((field) => field.name);
    if (required.length > 0) schema.required = required;
    if (struct.atomic) schema['x-kubernetes-map-type'] = 'atomic';
    const kinds = this.#kinds.get(type);
    if (kinds !== undefined) schema['x-kubernetes-group-version-kind'] = kinds;
    return schema;
  }

  #fieldSchema(owner: string, name: string, fact: FieldFact): Schema {
    const value = this.#valueSchema(fact.type);
    const given = this.#dialect === 'v3' ? defaultOf(fact, value) : undefined;
    const schema: Schema = {};
    const description = fieldDescription(owner, name);
    if (description !== '') schema.description = description;
    if (value.$ref === undefined) Object.assign(schema, value);
    // Beside a reference nothing else counts, so a described field wraps it; v2 readers accept both side by side.
    else if (this.#dialect === 'v3' && (description !== '' || given !== undefined)) schema.allOf = [value];
    else schema.$ref = value.$ref;
    if (given !== undefined) schema.default = given;
    for (const [key, extension] of extensions) if (fact[key] !== undefined) schema[extension] = fact[key];
    return schema;
  }

  #valueSchema(type: string): Schema {
    const scalar = scalars[type];
    if (scalar !== undefined) return { ...scalar };
    if (type.startsWith('[]')) return { type: 'array', items: this.#valueSchema(type.slice(2)) };
    if (type.startsWith('map:')) return { type: 'object', additionalProperties: this.#valueSchema(type.slice(4)) };
    const fact = typeTable[type];
    if (fact?.kind !== 'alias') return this.ref(type);
    const schema = this.#valueSchema(fact.of ?? 'string');
    return fact.enum && fact.values !== undefined ? { ...schema, enum: [...fact.values].sort() } : schema;
  }
}
