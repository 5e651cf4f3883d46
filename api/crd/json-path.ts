/**
 * As much of kubectl's JSONPath as printer columns need:
 *
 *     .spec.replicas   .spec['a.b']   .metadata.labels.app\.kubernetes\.io/name   .items[0]   .items[-1]   .items[*].name
 *     .items[0:2]   .status.conditions[?(@.type=="Ready")].status
 */
import { isObject } from '../meta/clone.ts';

type Step =
  | { readonly field: string }
  | { readonly index: number }
  | { readonly from: number | undefined; readonly to: number | undefined }
  | { readonly every: true }
  | { readonly recursive: true }
  | { readonly filter: Filter };

interface Filter {
  readonly path: readonly Step[];
  readonly operator: string;
  readonly value: unknown;
}

export type JsonPath = readonly Step[];

const filterPattern = /^@((?:\.[\w-]+|\['[^']*'\])+)\s*(?:(==|!=|<=|>=|<|>)\s*(?:"([^"]*)"|'([^']*)'|(.+)))?$/;

function parseBracket(text: string): Step | undefined {
  const quoted = /^'(.*)'$/.exec(text) ?? /^"(.*)"$/.exec(text);
  if (quoted !== null) return { field: quoted[1] as string };
  if (text === '*') return { every: true };
  if (/^-?\d+$/.test(text)) return { index: Number(text) };
  const slice = /^(-?\d+)?:(-?\d+)?$/.exec(text);
  if (slice !== null) {
    const bound = (part: string | undefined): number | undefined => (part === undefined ? undefined : Number(part));
    return { from: bound(slice[1]), to: bound(slice[2]) };
  }
  const filter = /^\?\((.*)\)$/.exec(text);
  const match = filter === null ? null : filterPattern.exec((filter[1] as string).trim());
  if (match === null) return undefined;
  const path = parseJsonPath(match[1] as string);
  if (path === undefined) return undefined;
  const [, , operator = '', double, single, bare] = match;
  return { filter: { path, operator, value: double ?? single ?? literal(bare ?? '') } };
}

function literal(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  return trimmed !== '' && !Number.isNaN(Number(trimmed)) ? Number(trimmed) : trimmed;
}

/** The end of a bracket that begins at `start`; quotes and parentheses may hold brackets. */
function bracketEnd(text: string, start: number): number {
  let quote = '';
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === "'" || c === '"') quote = c;
    else if (c === '[' || c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ']' && --depth === 0) return i;
  }
  return -1;
}

/** Undefined: it is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps: Step[] = [];
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('..', at)) {
      steps.push({ recursive: true });
      at += text[at + 2] === '[' ? 2 : 1;
    } else if (text[at] === '.') {
      const name = /^\.((?:\\.|[^.[\]\\])*)/.exec(text.slice(at)) as RegExpExecArray;
      at += name[0].length;
      const field = (name[1] as string).replaceAll(/\\(.)/g, '$1');
      if (field === '*') steps.push({ every: true });
      else if (field !== '') steps.push({ field });
    } else if (text[at] === '[') {
      const end = bracketEnd(text, at);
      const step = end < 0 ? undefined : parseBracket(text.slice(at + 1, end).trim());
      if (step === undefined) return undefined;
      steps.push(step);
      at = end + 1;
    } else return undefined;
  }
  return steps;
}

/** Everything that the path leads to; nothing where a part of the way is missing. */
export function findByJsonPath(value: unknown, path: JsonPath): unknown[] {
  let found: unknown[] = [value];
  for (const step of path) found = found.flatMap((each) => follow(each, step));
  return found;
}

const childrenOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];

function follow(value: unknown, step: Step): unknown[] {
  if ('field' in step) return isObject(value) && Object.hasOwn(value, step.field) ? [value[step.field]] : [];
  if ('every' in step) return childrenOf(value);
  if ('recursive' in step) return [value, ...childrenOf(value).flatMap((child) => follow(child, step))];
  if (!Array.isArray(value)) return [];
  if ('index' in step) {
    const at = step.index < 0 ? value.length + step.index : step.index;
    return at >= 0 && at < value.length ? [value[at]] : [];
  }
  if ('filter' in step) return value.filter((item) => holds(item, step.filter));
  return value.slice(step.from, step.to);
}

function holds(item: unknown, { path, operator, value }: Filter): boolean {
  const [found] = findByJsonPath(item, path);
  if (operator === '') return found !== undefined;
  if (found === undefined) return false;
  if (operator === '==') return found === value;
  if (operator === '!=') return found !== value;
  if (typeof found !== typeof value || (typeof found !== 'number' && typeof found !== 'string')) return false;
  const [left, right] = [found, value as typeof found];
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  return operator === '<=' ? left <= right : left >= right;
}

/** As Go prints a value: `[a b]`, `map[a:1]`. */
export function printedValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printedValue).join(' ')}]`;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!isObject(value)) return '<nil>';
  const keys = Object.keys(value).sort();
  return `map[${keys.map((key) => `${key}:${printedValue(value[key])}`).join(' ')}]`;
}
