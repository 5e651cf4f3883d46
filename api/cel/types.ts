export type TypeKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'list'
  | 'map'
  | 'struct'
  | 'opaque'
  | 'type'
  | 'param';

/** A type of CEL. Parameters: the element of a list, key and value of a map, what a `type` is the type of. */
export class CelType {
  readonly kind: TypeKind;
  readonly name: string;
  readonly parameters: readonly CelType[];

  constructor(kind: TypeKind, name: string, parameters: readonly CelType[] = []) {
    this.kind = kind;
    this.name = name;
    this.parameters = parameters;
  }

  /** As CEL's messages print it. */
  toString(): string {
    if (this.kind === 'error') return '!error!';
    if (this.kind === 'null') return 'null';
    if (this.kind === 'timestamp' || this.kind === 'duration') return this.kind;
    if (this.parameters.length === 0) return this.name;
    return `${this.name}(${this.parameters.join(', ')})`;
  }

  equals(other: CelType): boolean {
    if (this === other) return true;
    return (
      this.kind === other.kind &&
      this.name === other.name &&
      this.parameters.length === other.parameters.length &&
      this.parameters.every((parameter, index) => parameter.equals(other.parameters[index]!))
    );
  }
}

const simple = (kind: TypeKind, name: string = kind): CelType => new CelType(kind, name);

export const dynType = simple('dyn');
export const errorType = simple('error');
export const nullType = simple('null', 'null_type');
export const boolType = simple('bool');
export const intType = simple('int');
export const uintType = simple('uint');
export const doubleType = simple('double');
export const stringType = simple('string');
export const bytesType = simple('bytes');
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp');
export const durationType = simple('duration', 'google.protobuf.Duration');
export const typeType = simple('type');

export const listType = (element: CelType): CelType => new CelType('list', 'list', [element]);
export const mapType = (key: CelType, value: CelType): CelType => new CelType('map', 'map', [key, value]);
export const optionalType = (value: CelType): CelType => new CelType('opaque', 'optional_type', [value]);
export const typeOf = (type: CelType): CelType => new CelType('type', 'type', [type]);
export const opaqueType = (name: string, ...parameters: CelType[]): CelType => new CelType('opaque', name, parameters);
export const structType = (name: string): CelType => new CelType('struct', name);
export const paramType = (name: string): CelType => new CelType('param', name);

export const isDyn = (type: CelType): boolean => type.kind === 'dyn';
export const isDynOrError = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error';
export const isOptional = (type: CelType): boolean => type.kind === 'opaque' && type.name === 'optional_type';

const named: Readonly<Record<string, CelType>> = {
  dyn: dynType,
  null: nullType,
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  timestamp: timestampType,
  duration: durationType,
  type: typeType,
};

/** Reads `list<A>`, `map<string, dyn>`, `optional<int>`, `kubernetes.Quantity`; a single capital is a parameter. */
export const parseType = (text: string): CelType => {
  const trimmed = text.trim();
  const known = named[trimmed];
  if (known !== undefined) return known;
  const generic = /^(list|map|optional|type)<(.*)>$/.exec(trimmed);
  if (generic !== null) {
    const inner = splitTopLevel(generic[2]!).map(parseType);
    if (generic[1] === 'list') return listType(inner[0]!);
    if (generic[1] === 'map') return mapType(inner[0]!, inner[1]!);
    return generic[1] === 'optional' ? optionalType(inner[0]!) : typeOf(inner[0]!);
  }
  return /^[A-Z]$/.test(trimmed) ? paramType(trimmed) : opaqueType(trimmed);
};

/** Splits at the commas that stand in no angle brackets. */
export const splitTopLevel = (text: string): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= text.length; index++) {
    const char = text[index];
    if (char === '<') depth++;
    else if (char === '>') depth--;
    else if (char === undefined || (char === ',' && depth === 0)) {
      if (text.slice(start, index).trim() !== '') parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return parts;
};
