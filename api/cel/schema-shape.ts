/**
 * What an OpenAPI schema makes of a value: its type in expressions, and how its JSON is read.
 *
 *     {type: string, format: date-time}    timestamp
 *     {type: integer}                      int
 *     {x-kubernetes-int-or-string: true}   dyn: int or string
 *     {type: object, properties: …}        a type of its own, fields by their escaped names
 */
import { escapeProperty } from './escaping.ts';
import type { StructDeclaration, StructLookup } from './environment.ts';
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  stringType,
  structType,
  timestampType,
  type CelType,
} from './types.ts';

/** The parts of a schema that matter here; a structural schema of a custom resource, or one of the OpenAPI document. */
export interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

export type ScalarKind =
  'dyn' | 'intOrString' | 'string' | 'bytes' | 'duration' | 'date' | 'dateTime' | 'double' | 'int' | 'bool';

export interface ShapeField {
  /** as in JSON */
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
}

/** `sizeMax`, `sizeMin`: bounds on elements or characters, and on what it takes at least when written: for cost estimates. */
interface Sized {
  readonly type: CelType;
  readonly nullable: boolean;
  readonly sizeMax: number;
  readonly sizeMin: number;
}

export interface ScalarShape extends Sized {
  readonly kind: ScalarKind;
}
export interface ListShape extends Sized {
  readonly kind: 'list';
  readonly element: Shape;
  readonly listType: string;
  /** in JSON's names */
  readonly keys: readonly string[];
}
export interface MapShape extends Sized {
  readonly kind: 'map';
  readonly value: Shape;
}
export interface ObjectShape extends Sized {
  readonly kind: 'object';
  /** by escaped name */
  readonly fields: ReadonlyMap<string, ShapeField>;
}
export type Shape = ScalarShape | ListShape | MapShape | ObjectShape;

const requestBytesMax = 3 * 1024 * 1024;
const stringBytesMin = 2;

const scalar = (kind: ScalarKind, type: CelType, node: SchemaNode, sizeMax: number, sizeMin: number): ScalarShape => ({
  kind,
  type,
  nullable: node.nullable ?? false,
  sizeMax,
  sizeMin,
});

const stringShape = (node: SchemaNode): Shape => {
  const longest = requestBytesMax - 2;
  const length = node.maxLength === undefined ? undefined : Math.max(node.maxLength, 0);
  switch (node.format) {
    case 'byte':
      return scalar('bytes', bytesType, node, length ?? longest, stringBytesMin);
    case 'duration':
      return scalar('duration', durationType, node, 32, 3);
    case 'date':
      return scalar('date', timestampType, node, 12, 12);
    case 'date-time':
      return scalar('dateTime', timestampType, node, 32, 21);
    default: {
      const choices = (node.enum ?? []).filter((value) => typeof value === 'string');
      const enumMax = choices.length === 0 ? longest : Math.max(...choices.map((choice) => choice.length));
      // maxLength counts code points, of up to four bytes
      return scalar('string', stringType, node, length === undefined ? enumMax : length * 4, stringBytesMin);
    }
  }
};

const resourceProperties: Readonly<Record<string, SchemaNode>> = {
  kind: { type: 'string' },
  apiVersion: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

const objectShape = (node: SchemaNode, name: string): Shape => {
  const fields = new Map<string, ShapeField>();
  let sizeMin = 2;
  for (const [property, child] of Object.entries(node.properties ?? {})) {
    const escaped = escapeProperty(property);
    const shape = shapeOf(child, `${name}.${escaped ?? property}`, child['x-kubernetes-embedded-resource']);
    if (shape === undefined) continue;
    const required = node.required?.includes(property) ?? false;
    if (escaped !== undefined) fields.set(escaped, { name: property, shape, required });
    if (required && child.default === undefined) sizeMin += property.length + shape.sizeMin + 4;
  }
  const nullable = node.nullable ?? false;
  return { kind: 'object', type: structType(name), nullable, fields, sizeMax: fields.size, sizeMin };
};

const mapShape = (node: SchemaNode, values: SchemaNode, name: string): Shape | undefined => {
  const value = shapeOf(values, `${name}.@elem`, values['x-kubernetes-embedded-resource']);
  if (value === undefined) return undefined;
  const sizeMax = Math.max(node.maxProperties ?? Math.floor((requestBytesMax - 2) / (value.sizeMin + 6)), 0);
  const type = mapType(stringType, value.type);
  return { kind: 'map', type, nullable: node.nullable ?? false, value, sizeMax, sizeMin: 2 };
};

const listShape = (node: SchemaNode, items: SchemaNode, name: string): Shape | undefined => {
  const element = shapeOf(items, `${name}.@idx`, items['x-kubernetes-embedded-resource']);
  if (element === undefined) return undefined;
  const sizeMax = Math.max(node.maxItems ?? Math.floor((requestBytesMax - 2) / (element.sizeMin + 1)), 0);
  return {
    kind: 'list',
    type: listType(element.type),
    nullable: node.nullable ?? false,
    element,
    listType: node['x-kubernetes-list-type'] ?? 'atomic',
    keys: node['x-kubernetes-list-map-keys'] ?? [],
    sizeMax,
    sizeMin: 2,
  };
};

/**
 * undefined: values of it cannot be named in expressions. `name` becomes the type's; `isResource`: kind, apiVersion and
 * metadata.name are there even if the schema does not say so.
 */
export const shapeOf = (node: SchemaNode, name: string, isResource = false): Shape | undefined => {
  if (node['x-kubernetes-int-or-string'] === true) {
    const longest = node.maxLength === undefined ? requestBytesMax - 2 : Math.max(node.maxLength, 0) * 4;
    return scalar('intOrString', dynType, node, longest, 1);
  }
  const schema = isResource ? { ...node, properties: { ...node.properties, ...resourceProperties } } : node;
  switch (schema.type) {
    case 'array':
      return schema.items === undefined ? undefined : listShape(schema, schema.items, name);
    case 'object': {
      const values = schema.additionalProperties;
      if (!isResource && typeof values === 'object') return mapShape(schema, values, name);
      return objectShape(schema, name);
    }
    case 'string':
      return stringShape(schema);
    case 'boolean':
      return scalar('bool', boolType, schema, 1, 4);
    case 'number':
      return scalar('double', doubleType, schema, 1, 1);
    case 'integer':
      return scalar('int', intType, schema, 1, 1);
    default:
      return undefined;
  }
};

const collect = (shape: Shape, into: Map<string, ObjectShape>): void => {
  if (shape.kind === 'list') collect(shape.element, into);
  else if (shape.kind === 'map') collect(shape.value, into);
  else if (shape.kind === 'object') {
    into.set(shape.type.name, shape);
    for (const field of shape.fields.values()) collect(field.shape, into);
  }
};

/** The types that a shape is made of, for an environment. */
export const structsOf = (shape: Shape): StructLookup => {
  const shapes = new Map<string, ObjectShape>();
  collect(shape, shapes);
  return (name): StructDeclaration | undefined => {
    const found = shapes.get(name);
    if (found === undefined) return undefined;
    return { type: found.type, field: (field) => found.fields.get(field)?.shape.type };
  };
};
