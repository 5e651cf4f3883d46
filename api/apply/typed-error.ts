import { goQuote } from '../meta/go-text.ts';
import { isObject } from '../meta/clone.ts';
import { pathText, type PathElement } from './path-element.ts';

export interface TypedProblem {
  readonly path: string;
  readonly message: string;
}

/** An object that does not fit its schema; worded as structured-merge-diff words it. */
export class TypedError extends Error {
  override name = 'TypedError';
  constructor(problems: readonly TypedProblem[]) {
    const texts = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    super(texts.length === 1 ? texts.join('') : ['errors:', ...texts.map((text) => `  ${text}`)].join('\n'));
  }
}

export const typedProblem = (path: readonly PathElement[], message: string): TypedProblem => ({
  path: pathText(path),
  message,
});

/** `%T` of a decoded JSON value */
export function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'map[string]interface {}';
}

const sortedKeys = (value: Record<string, unknown>): string[] => Object.keys(value).sort();

/** `%v`: `map[a:1 b:[x y]]` */
export function goPlain(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(goPlain).join(' ')}]`;
  if (isObject(value)) {
    return `map[${sortedKeys(value)
      .map((key) => `${key}:${goPlain(value[key])}`)
      .join(' ')}]`;
  }
  return JSON.stringify(value);
}

/** `%#v`: `map[string]interface {}{"a":1}` */
export function goDetailed(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goDetailed).join(', ')}}`;
  if (isObject(value)) {
    return `map[string]interface {}{${sortedKeys(value)
      .map((key) => `${goQuote(key)}:${goDetailed(value[key])}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}
