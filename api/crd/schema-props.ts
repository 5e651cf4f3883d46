/** A JSONSchemaProps of a CustomResourceDefinition in its JSON form, which is also what objects are walked by. */
export interface SchemaProps {
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  default?: unknown;
  example?: unknown;
  nullable?: boolean;
  enum?: unknown[];
  properties?: Record<string, SchemaProps>;
  additionalProperties?: boolean | SchemaProps;
  items?: SchemaProps | SchemaProps[];
  required?: string[];
  allOf?: SchemaProps[];
  anyOf?: SchemaProps[];
  oneOf?: SchemaProps[];
  not?: SchemaProps;
  maximum?: number;
  exclusiveMaximum?: boolean;
  minimum?: number;
  exclusiveMinimum?: boolean;
  multipleOf?: number;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  maxItems?: number;
  minItems?: number;
  uniqueItems?: boolean;
  maxProperties?: number;
  minProperties?: number;
  externalDocs?: { description?: string; url?: string };
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: ValidationRule[];
  // what a definition may name only to be refused
  id?: string;
  $schema?: string;
  $ref?: string;
  additionalItems?: boolean | SchemaProps;
  patternProperties?: Record<string, SchemaProps>;
  definitions?: Record<string, SchemaProps>;
  dependencies?: Record<string, SchemaProps | string[]>;
}

/** One of `x-kubernetes-validations`. */
export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export const preserve = 'x-kubernetes-preserve-unknown-fields';
export const embedded = 'x-kubernetes-embedded-resource';
export const intOrString = 'x-kubernetes-int-or-string';
export const listType = 'x-kubernetes-list-type';
export const listMapKeys = 'x-kubernetes-list-map-keys';
export const mapType = 'x-kubernetes-map-type';
export const validations = 'x-kubernetes-validations';

/** The schema of a list's items; lists of schemas are not structural and count as none. */
export const itemsOf = (schema: SchemaProps | undefined): SchemaProps | undefined =>
  Array.isArray(schema?.items) ? undefined : schema?.items;

/** The schema of what is no named property; undefined: none, or anything goes. */
export const additionalOf = (schema: SchemaProps | undefined): SchemaProps | undefined =>
  typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;

export const propertyOf = (schema: SchemaProps | undefined, name: string): SchemaProps | undefined =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;

/** The schema that a field of an object stands under: its property's, else that of additional ones. */
export const fieldSchemaOf = (schema: SchemaProps | undefined, name: string): SchemaProps | undefined =>
  propertyOf(schema, name) ?? additionalOf(schema);

/** All schemas below this one, itself first. */
export function* schemasWithin(schema: SchemaProps): Generator<SchemaProps> {
  yield schema;
  const nested: (SchemaProps | undefined)[] = [
    ...(Array.isArray(schema.items) ? schema.items : [schema.items]),
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    schema.not,
    ...Object.values(schema.properties ?? {}),
    additionalOf(schema),
    ...Object.values(schema.patternProperties ?? {}),
    ...Object.values(schema.definitions ?? {}),
  ];
  for (const child of nested) if (child !== undefined && child !== null) yield* schemasWithin(child);
}
