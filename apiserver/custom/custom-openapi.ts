/** What OpenAPI documents say of a custom kind: its schema, with what every object has. */
import {
  additionalOf,
  embedded,
  intOrString,
  itemsOf,
  preserve,
  type SchemaProps,
} from '../../api/crd/schema-props.ts';
import type { CustomDocument, ResourceInfo } from '../../api/schema/resources.ts';
import { fieldDescription } from '../openapi/descriptions.ts';
import type { Schema } from '../openapi/openapi-types.ts';

export type Dialect = 'v3' | 'v2';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const known = 'io.k8s.api.core.v1.Pod';

type Ref = (type: string) => Schema;

/** `stable.example.com`, `v1`, `CronTab` → `com.example.stable.v1.CronTab` */
export const customTypeName = (group: string, version: string, kind: string): string =>
  [...group.split('.').reverse(), version, kind].join('.');

function head(ref: Ref, dialect: Dialect): Record<string, Schema> {
  const metadata = ref(`${meta}ObjectMeta`);
  const description =
    "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
  return {
    apiVersion: { type: 'string', description: fieldDescription(known, 'apiVersion') },
    kind: { type: 'string', description: fieldDescription(known, 'kind') },
    metadata: dialect === 'v3' ? { description, allOf: [metadata] } : { description, ...metadata },
  };
}

/**
 * OpenAPI v2 knows less, and kubectl's reader of it copes with less still (apiextensions-apiserver, ToStructuralOpenAPIV2):
 * what it has no words for is left open, so that nothing that is right is refused.
 */
function withoutV3(schema: SchemaProps): SchemaProps {
  const { anyOf: _, oneOf: __, allOf: ___, not: ____, default: _____, nullable, ...rest } = schema;
  const own: SchemaProps = { ...rest };
  if (nullable) delete own.type;
  if (nullable || schema[preserve]) {
    delete own.items;
    delete own.properties;
  }
  const isOpen = schema[preserve] && own.type === 'object';
  if (isOpen || schema[intOrString] || (own.type === 'array' && own.items === undefined)) delete own.type;
  const required = own.required?.filter((name) => !own.properties?.[name]?.nullable);
  if (required?.length === 0 || additionalOf(schema)?.nullable) delete own.required;
  else if (required !== undefined) own.required = required;
  return own;
}

function convert(schema: SchemaProps, dialect: Dialect, ref: Ref): Schema {
  const own = dialect === 'v2' ? withoutV3(schema) : schema;
  const made = { ...own } as Record<string, unknown>;
  const items = itemsOf(own);
  if (items !== undefined) made['items'] = convert(items, dialect, ref);
  const additional = additionalOf(own);
  if (additional !== undefined) made['additionalProperties'] = convert(additional, dialect, ref);
  // kube-openapi's readers take a schema here and nothing else
  else if (own.additionalProperties === true && dialect === 'v2') made['additionalProperties'] = {};
  else if (own.additionalProperties === false && dialect === 'v2') delete made['additionalProperties'];
  if (own.properties !== undefined || own[embedded]) {
    const fields = Object.entries(own.properties ?? {}).map(([name, field]) => [name, convert(field, dialect, ref)]);
    made['properties'] = { ...(Object.fromEntries(fields) as object), ...(own[embedded] && head(ref, dialect)) };
  }
  return made;
}

/** The schemas of a custom kind and of its lists. */
export function customSchemas(
  info: ResourceInfo,
  document: CustomDocument,
  dialect: Dialect,
  ref: Ref,
): { kind: Schema; list: Schema } {
  const { group, version, kind } = info;
  // kubectl takes fields that are not named for unknown ones, even beside those of every object: then none is named
  const schema: SchemaProps | undefined = document.schema;
  const isOpen = schema === undefined || (dialect === 'v2' && schema[preserve] === true);
  const own: Schema = isOpen ? { type: 'object' } : convert(schema, dialect, ref);
  if (!isOpen) own.properties = { ...own.properties, ...head(ref, dialect) };
  own['x-kubernetes-group-version-kind'] = [{ group, kind, version }];
  const { apiVersion, kind: kindField } = head(ref, dialect);
  const listMeta = ref(`${meta}ListMeta`);
  const list: Schema = {
    description: `${document.listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: apiVersion as Schema,
      items: { description: `List of ${info.resource}.`, type: 'array', items: ref(info.typeName) },
      kind: kindField as Schema,
      metadata: dialect === 'v3' ? { allOf: [listMeta] } : listMeta,
    },
    'x-kubernetes-group-version-kind': [{ group, kind: document.listKind, version }],
  };
  return { kind: own, list };
}
