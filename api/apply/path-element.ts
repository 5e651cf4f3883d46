/**
 * One step of a path into an object, as FieldsV1 writes it (the key of a JSON object):
 *
 *     f:replicas                                 a field of an object or a key of a map
 *     k:{"containerPort":80,"protocol":"TCP"}    the item of a list that has these keys
 *     v:"example.com/finalizer"                  the item of a set
 *     i:0                                        the item at an index
 *
 * Two steps are the same if their texts are: keys are sorted, and values are written as Kubernetes' encoder writes them.
 */
import { isObject } from '../meta/clone.ts';
import { goQuote } from '../meta/go-text.ts';

export type PathElement = string;

/** names whose elements are kept; others are made anew each time */
const knownNamesMax = 16_384;
const known = new Map<string, PathElement>();

export function fieldElement(name: string): PathElement {
  const found = known.get(name);
  if (found !== undefined) return found;
  const made = `f:${name}`;
  if (known.size < knownNamesMax) known.set(name, made);
  return made;
}

/** nothing to escape, which is nearly always so */
const isPlain = /^[ !#-%'-;=?-[\]-\u007f]*$/;
const unlike = /[<>&\u2028\u2029]|\\[bf]/g;

/** JSON as Go writes it: `<`, `>`, `&` and line separators are escaped too. */
export function goJson(value: unknown): string {
  if (typeof value === 'string' && isPlain.test(value)) return `"${value}"`;
  const text = JSON.stringify(value) ?? 'null';
  if (typeof value === 'number') return text;
  return text.replaceAll(unlike, (found) => {
    const code = found === '\\b' ? 8 : found === '\\f' ? 12 : found.charCodeAt(0);
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

export const valueElement = (value: unknown): PathElement => `v:${goJson(value)}`;

/** `pairs` sorted by name */
export const keyElement = (pairs: readonly (readonly [name: string, value: unknown])[]): PathElement =>
  `k:{${pairs.map(([name, value]) => `${isPlain.test(name) ? `"${name}"` : JSON.stringify(name)}:${goJson(value)}`).join(',')}}`;

/** A text that is no path element. */
export class PathElementError extends Error {
  override name = 'PathElementError';
}

/** The one way to write what `text` means; undefined: of a kind that we do not know, to be passed over. */
export function canonicalElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new PathElementError('key must be 2 characters long:');
  if (text[1] !== ':') throw new PathElementError(`missing colon: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case 'f':
      return text;
    case 'v':
      return valueElement(parsed(rest));
    case 'k': {
      const keys = parsed(rest);
      if (!isObject(keys)) throw new PathElementError(`no object: ${rest}`);
      return keyElement(sortedPairs(keys));
    }
    case 'i':
      if (!/^[+-]?[0-9]+$/.test(rest)) {
        throw new PathElementError(`strconv.Atoi: parsing ${goQuote(rest)}: invalid syntax`);
      }
      return `i:${Number(rest)}`;
    default:
      return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PathElementError((error as Error).message, { cause: error });
  }
}

const sortedPairs = (keys: Record<string, unknown>): [string, unknown][] =>
  Object.entries(keys).sort(([a], [b]) => compareText(a, b));

/** By bytes of UTF-8, as Go compares strings; JavaScript compares units of UTF-16. */
export function compareText(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // a surrogate stands for what is above all that one unit can hold
    const [highX, highY] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff];
    if (highX !== highY) return highX ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** numbers, texts, booleans, lists, maps, null: the order of values of different kinds */
function rankOf(value: unknown): number {
  if (value === null || value === undefined) return 5;
  const ranks: Readonly<Record<string, number>> = { number: 0, string: 1, boolean: 2 };
  return ranks[typeof value] ?? (Array.isArray(value) ? 3 : 4);
}

function compareValues(a: unknown, b: unknown): number {
  const ranks = rankOf(a) - rankOf(b);
  if (ranks !== 0) return ranks;
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'number' || typeof a === 'boolean') return Number(a) - Number(b);
  if (a === null || typeof a !== 'object') return 0;
  return compareText(JSON.stringify(a), JSON.stringify(b));
}

const kinds = 'fkvi';
const fieldCode = 'f'.charCodeAt(0);

/** The order in which FieldsV1 is written: fields, then items by keys, by value, by index. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  if (a.charCodeAt(0) === fieldCode && b.charCodeAt(0) === fieldCode) return compareText(a, b);
  const kind = kinds.indexOf(a.charAt(0)) - kinds.indexOf(b.charAt(0));
  if (kind !== 0) return kind;
  const [restA, restB] = [a.slice(2), b.slice(2)];
  if (a.startsWith('i')) return Number(restA) - Number(restB);
  const [valueA, valueB] = [JSON.parse(restA) as unknown, JSON.parse(restB) as unknown];
  if (a.startsWith('v')) return compareValues(valueA, valueB);
  return comparePairs(sortedPairs(valueA as Record<string, unknown>), sortedPairs(valueB as Record<string, unknown>));
}

function comparePairs(a: readonly [string, unknown][], b: readonly [string, unknown][]): number {
  for (const [i, [nameA, valueA]] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    const order = compareText(nameA, other[0]) || compareValues(valueA, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  if (isObject(value))
    return `{${sortedPairs(value)
      .map(([k, v]) => `${k}=${valueText(v)}`)
      .join(';')}}`;
  return String(value);
}

/** As messages show it: `.replicas`, `[containerPort=80,protocol="TCP"]`, `[="x"]`, `[0]`. */
export function elementText(element: PathElement): string {
  const rest = element.slice(2);
  switch (element.charAt(0)) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const pairs = sortedPairs(JSON.parse(rest) as Record<string, unknown>);
      return `[${pairs.map(([name, value]) => `${name}=${valueText(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${valueText(JSON.parse(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

export const pathText = (path: readonly PathElement[]): string => path.map(elementText).join('');
