/**
 * Lookups over the type table: which type a group-version-kind is, and its fields with inlined structs flattened, as
 * Go's encoding/json sees them. Codecs, patches and defaults walk objects by these.
 */
import { typeTable } from './table.generated.ts';
import type { FieldFact } from './table.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

/** Group → prefix of its types' full names, where it is not `io.k8s.api.<first label>`. */
const groupPrefixes: Record<string, string> = {
  '': 'io.k8s.api.core',
  'apiextensions.k8s.io': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
  'meta.k8s.io': 'io.k8s.apimachinery.pkg.apis.meta',
};

/** Kinds of meta/v1 that every group version knows too. */
const everywhere = new Set([
  'ListOptions',
  'GetOptions',
  'DeleteOptions',
  'CreateOptions',
  'UpdateOptions',
  'PatchOptions',
  'WatchEvent',
]);
/** Kinds of meta/v1 that are known unversioned, i.e. as `v1`. */
const unversioned = new Set(['Status', 'APIVersions', 'APIGroupList', 'APIGroup', 'APIResourceList']);

/**
 * What a field's type means to the codecs.
 * `named`: the Go name for messages. Structs are resolved by name when walked, since types may contain themselves.
 */
export type TypeNode =
  | { readonly kind: 'string' | 'bool' | 'bytes' | 'any'; readonly go: string }
  | { readonly kind: 'int32' | 'int64' | 'float64'; readonly go: string }
  | { readonly kind: 'quantity' | 'time' | 'microTime' | 'duration' | 'intOrString'; readonly go: string }
  | { readonly kind: 'fieldsV1' | 'rawExtension'; readonly go: string }
  /** a JSON schema, or what may stand in its place: a list of schemas, a bool, a list of names */
  | { readonly kind: 'schemaOr'; readonly other: 'schemas' | 'bool' | 'strings'; readonly go: string }
  | { readonly kind: 'struct'; readonly name: string; readonly go: string }
  | { readonly kind: 'list'; readonly element: TypeNode; readonly go: string; readonly wrapped: boolean }
  | { readonly kind: 'map'; readonly element: TypeNode; readonly go: string };

/** A field as JSON shows it. */
export interface SchemaField {
  readonly name: string;
  readonly node: TypeNode;
  readonly fact: FieldFact;
}

/** One protobuf field of a message: an ordinary field, or an embedded struct that is a message of its own on the wire. */
export type WireField =
  | { readonly number: number; readonly field: SchemaField }
  | { readonly number: number; readonly embedded: StructSchema };

export interface StructSchema {
  /** full name, e.g. `io.k8s.api.core.v1.Pod` */
  readonly name: string;
  /** the name without its package, e.g. `Pod` */
  readonly goName: string;
  /** JSON fields, inlined structs flattened. Includes apiVersion and kind where the type has TypeMeta. */
  readonly fields: ReadonlyMap<string, SchemaField>;
  /** ascending by number */
  readonly wire: readonly WireField[];
  readonly wireByNumber: ReadonlyMap<number, WireField>;
  readonly hasTypeMeta: boolean;
  /** `structType=atomic`: server-side apply replaces it whole */
  readonly atomic: boolean;
}

const specials: Record<string, TypeNode> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { kind: 'quantity', go: 'resource.Quantity' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { kind: 'intOrString', go: 'intstr.IntOrString' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { kind: 'time', go: 'v1.Time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { kind: 'microTime', go: 'v1.MicroTime' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Duration': { kind: 'duration', go: 'v1.Duration' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': { kind: 'fieldsV1', go: 'v1.FieldsV1' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { kind: 'rawExtension', go: 'runtime.RawExtension' },
  'io.k8s.apimachinery.pkg.types.UID': { kind: 'string', go: 'types.UID' },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': { kind: 'fieldsV1', go: 'v1.JSON' },
  // unions with JSON forms of their own
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray': {
    kind: 'schemaOr',
    other: 'schemas',
    go: 'v1.JSONSchemaPropsOrArray',
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool': {
    kind: 'schemaOr',
    other: 'bool',
    go: 'v1.JSONSchemaPropsOrBool',
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray': {
    kind: 'schemaOr',
    other: 'strings',
    go: 'v1.JSONSchemaPropsOrStringArray',
  },
};
/** What a `schemaOr` holds where it is a schema. */
export const jsonSchemaType = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
/** Go's name of the one type without fields, a definition's `subresources.status` */
export const emptyMessage = 'v1.CustomResourceSubresourceStatus';

const scalars: Record<string, TypeNode> = {
  string: { kind: 'string', go: 'string' },
  bool: { kind: 'bool', go: 'bool' },
  int32: { kind: 'int32', go: 'int32' },
  int64: { kind: 'int64', go: 'int64' },
  float64: { kind: 'float64', go: 'float64' },
  '[]byte': { kind: 'bytes', go: '[]uint8' },
  'interface{}': { kind: 'any', go: 'interface {}' },
  'struct{}': { kind: 'any', go: 'struct {}' },
};

/** `io.k8s.api.core.v1.Pod` → `v1.Pod`, as Go prints a type */
const goNameOf = (full: string): string => full.split('.').slice(-2).join('.');

const nodes = new Map<string, TypeNode>();

/** The meaning of a type expression of the table, e.g. `[]io.k8s.api.core.v1.Container`. */
export function typeNode(type: string): TypeNode {
  const known = nodes.get(type);
  if (known !== undefined) return known;
  const made = resolveNode(type);
  nodes.set(type, made);
  return made;
}

function resolveNode(type: string): TypeNode {
  const fixed = (Object.hasOwn(scalars, type) && scalars[type]) || (Object.hasOwn(specials, type) && specials[type]);
  if (fixed) return fixed;
  if (type.startsWith('[]')) {
    const element = typeNode(type.slice(2));
    return { kind: 'list', element, go: `[]${element.go}`, wrapped: false };
  }
  if (type.startsWith('map:')) {
    const element = typeNode(type.slice(4));
    return { kind: 'map', element, go: `map[string]${element.go}` };
  }
  const fact = Object.hasOwn(typeTable, type) ? typeTable[type] : undefined;
  if (fact === undefined) return { kind: 'any', go: goNameOf(type) };
  if (fact.kind === 'object') return { kind: 'struct', name: type, go: goNameOf(type) };
  const of = typeNode(fact.of ?? 'string');
  // a named slice of strings is a message with one repeated field on the wire
  if (of.kind === 'list' && of.element.kind === 'string') return { ...of, go: goNameOf(type), wrapped: true };
  return { ...of, go: goNameOf(type) };
}

const structs = new Map<string, StructSchema>();

/** The struct of that full name; throws where the table has none. */
export function structOf(name: string): StructSchema {
  const known = structs.get(name);
  if (known !== undefined) return known;
  const fact = Object.hasOwn(typeTable, name) ? typeTable[name] : undefined;
  if (fact === undefined || fact.kind !== 'object') throw new Error(`the type table has no struct ${name}`);
  const fields = new Map<string, SchemaField>();
  const wire: WireField[] = [];
  let hasTypeMeta = false;
  for (const inline of fact.inline ?? []) {
    const embedded = structOf(inline.type);
    for (const [key, field] of embedded.fields) fields.set(key, field);
    if (inline.type === `${meta}TypeMeta`) hasTypeMeta = true;
    else if (inline.proto === null) wire.push(...embedded.wire);
    else wire.push({ number: inline.proto, embedded });
  }
  for (const [key, field] of Object.entries(fact.fields ?? {})) {
    const own: SchemaField = { name: key, node: typeNode(field.type), fact: field };
    fields.set(key, own);
    if (field.proto !== undefined) wire.push({ number: field.proto, field: own });
  }
  wire.sort((a, b) => a.number - b.number);
  const made: StructSchema = {
    name,
    goName: name.slice(name.lastIndexOf('.') + 1),
    fields,
    wire,
    wireByNumber: new Map(wire.map((w) => [w.number, w])),
    hasTypeMeta,
    atomic: fact.markers?.includes('structType=atomic') ?? false,
  };
  structs.set(name, made);
  return made;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** `apps`, `v1`, `Deployment` → `io.k8s.api.apps.v1.Deployment`; undefined where the table has no such type. */
export function typeOf(group: string, version: string, kind: string): string | undefined {
  if (!/^[A-Za-z0-9]+$/.test(kind)) return undefined;
  const prefix = (Object.hasOwn(groupPrefixes, group) && groupPrefixes[group]) || `io.k8s.api.${group.split('.')[0]}`;
  const own = `${prefix}.${version}.${kind}`;
  if (isStruct(own)) return own;
  if (everywhere.has(kind) || (unversioned.has(kind) && group === '' && version === 'v1')) {
    return isStruct(meta + kind) ? meta + kind : undefined;
  }
  if (group === '' && version === 'v1' && kind === 'List') return `${meta}List`;
  return undefined;
}

const isStruct = (name: string): boolean => Object.hasOwn(typeTable, name) && typeTable[name]?.kind === 'object';

/** `typeOf` + `structOf`. */
export function schemaOf(gvk: GroupVersionKind): StructSchema | undefined {
  const name = typeOf(gvk.group, gvk.version, gvk.kind);
  return name === undefined ? undefined : structOf(name);
}

/** `apps/v1` → group and version; `v1` is of the core group ''. */
export function parseGroupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export const apiVersionOf = (gvk: { group: string; version: string }): string =>
  gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`;
