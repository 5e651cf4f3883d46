/** `Object{spec: Object.spec{…}}` and `JSONPatch{op: "add", …}`: what mutating policies make. */
import type { Library, StructDeclaration } from './environment.ts';
import { EvaluationError } from './errors.ts';
import { toJson } from './json-values.ts';
import { dynType, stringType, structType, type CelType } from './types.ts';
import { CelList, CelMap, CelObject, type CelValue } from './values.ts';
import { traversal } from './libraries/costs.ts';

class FieldsObject extends CelObject {
  readonly type: CelType;
  readonly #fields: ReadonlyMap<string, CelValue>;
  /** what a field that is not set answers with */
  readonly #absent: CelValue | undefined;

  constructor(type: CelType, fields: ReadonlyMap<string, CelValue>, absent?: CelValue) {
    super();
    this.type = type;
    this.#fields = fields;
    this.#absent = absent;
  }
  get(field: string): CelValue | undefined {
    return this.#fields.get(field) ?? this.#absent;
  }
  has(field: string): boolean {
    return this.#fields.has(field);
  }
  fields(): Iterable<string> {
    return this.#fields.keys();
  }
}

export const objectType = structType('Object');
export const jsonPatchType = structType('JSONPatch');

const jsonPatchFields: Readonly<Record<string, CelType>> = {
  op: stringType,
  path: stringType,
  from: stringType,
  value: dynType,
};

/** The type of fields that there are not. */
const nothingFits = structType('');

/** Types of which nothing is known but the path of the field that they stand for. */
export const patchStructs = (name: string): StructDeclaration | undefined => {
  if (name === jsonPatchType.name) {
    return {
      type: jsonPatchType,
      field: (field) => (Object.hasOwn(jsonPatchFields, field) ? jsonPatchFields[field] : nothingFits),
      construct: (fields) => new FieldsObject(jsonPatchType, fields, ''),
    };
  }
  if (name !== objectType.name && !name.startsWith(`${objectType.name}.`)) return undefined;
  const type = structType(name);
  return { type, field: () => dynType, construct: (fields) => new FieldsObject(type, fields) };
};

const check = (value: CelValue, path: string): void => {
  if (value instanceof CelObject) {
    if (value.type.name !== path) {
      const why = `unexpected type name "${value.type.name}", expected "${path}", which matches field name path`;
      throw new EvaluationError(`type mismatch: ${why} from root Object type`);
    }
    for (const field of value.fields()) check(value.get(field)!, `${path}.${field}`);
  } else if (value instanceof CelList) {
    for (const element of value.values()) check(element, path);
  } else if (value instanceof CelMap) {
    for (const key of value.keys()) check(value.find(key)!, path);
  }
};

/** The JSON of an object that an expression made, if each type in it is that of where it stands. */
export const objectJson = (value: CelValue): unknown => {
  check(value, value instanceof CelObject ? objectType.name : '');
  return toJson(value);
};

/** A value of a JSON patch begins where its own type says. */
const valueJson = (value: CelValue): unknown => {
  if (value instanceof CelObject) check(value, value.type.name);
  return toJson(value);
};

/** The operations of a list of `JSONPatch{…}`. */
export const jsonPatchOf = (value: CelValue): Record<string, unknown>[] =>
  Array.from((value as CelList).values(), (operation) => {
    if (!(operation instanceof CelObject)) throw new EvaluationError('type mismatch: not a JSONPatch');
    const result: Record<string, unknown> = {};
    for (const field of operation.fields()) {
      const set = operation.get(field)!;
      if (field === 'from' && set === '') continue;
      result[field] = field === 'value' ? valueJson(set) : set;
    }
    return result;
  });

export const patchFunctions: Library = {
  functions: [
    [
      '`jsonpatch.escapeKey`(string): string',
      (text) => (text as string).replaceAll('~', '~0').replaceAll('/', '~1'),
      traversal(),
    ],
  ],
};
