import { additionalOf, propertyOf, type SchemaProps } from './schema-props.ts';

export interface FoundField {
  /** normalised: `spec.a[b c]` */
  readonly path: string;
  readonly schema: SchemaProps | undefined;
}

/** Quoted names hold delimiters. */
const tokens = (path: string): string[] => path.match(/'(?:\\.|[^'\\])*'?|[.[\]]|[^.[\]']+/g) ?? [];

/** Where `.spec.labels['a.b']` leads in a schema; a text: why it leads nowhere. */
export function findField(path: string, schema: SchemaProps, allowBrackets = true): FoundField | string {
  const rest = tokens(path);
  let found: FoundField = { path: '', schema };
  while (rest.length > 0) {
    const token = rest.shift() as string;
    let name: string | undefined;
    if (token === '.') name = rest.shift();
    else if (token === '[') {
      if (!allowBrackets) return 'array notation is not allowed';
      const quoted = rest.shift();
      if (quoted === undefined) return 'unexpected end of JSON path';
      if (!/^'.*'$/.test(quoted)) return `expected single quoted string but got ${quoted}`;
      name = quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
      const end = rest.shift();
      if (end === undefined) return 'unexpected end of JSON path';
      if (end !== ']') return `expected ] but got ${end}`;
    } else return `expected [ or . but got: ${token}`;
    if (name === undefined) return 'unexpected end of JSON path';
    const next = step(found, name);
    if (next === undefined) return 'does not refer to a valid field';
    found = next;
  }
  return found;
}

function step({ path, schema }: FoundField, name: string): FoundField | undefined {
  if (schema?.properties !== undefined) {
    const property = propertyOf(schema, name);
    return property && { path: path === '' ? name : `${path}.${name}`, schema: property };
  }
  return schema?.additionalProperties === undefined
    ? undefined
    : { path: `${path}[${name}]`, schema: additionalOf(schema) };
}
