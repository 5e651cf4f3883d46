import type { Library } from '../environment.ts';
import { displayValue } from '../display.ts';
import { EvaluationError } from '../errors.ts';
import { ArrayList, type CelList, type CelValue } from '../values.ts';
import { formatText } from './format-text.ts';
import { testPattern } from '../regex.ts';
import { patternMatch, productOf, traversal, traversalOf } from './costs.ts';

const str = (value: CelValue): string => value as string;
const at = (value: CelValue): number => Number(value);

const outOfRange = (index: number): EvaluationError => new EvaluationError(`index out of range: ${index}`);

const charAt = (text: string, index: number): string => {
  const points = Array.from(text);
  if (index < 0 || index > points.length) throw outOfRange(index);
  return points[index] ?? '';
};

const startsAt = (points: readonly string[], wanted: readonly string[], index: number): boolean =>
  wanted.every((point, offset) => points[index + offset] === point);

const indexOf = (text: string, wanted: string, offset = 0): bigint => {
  if (offset < 0) throw outOfRange(offset);
  const points = Array.from(text);
  if (wanted === '') return BigInt(Math.min(offset, points.length));
  const parts = Array.from(wanted);
  for (let index = offset; index + parts.length <= points.length; index++) {
    if (startsAt(points, parts, index)) return BigInt(index);
  }
  return -1n;
};

const lastIndexOf = (text: string, wanted: string, offset?: number): bigint => {
  const points = Array.from(text);
  const parts = Array.from(wanted);
  if (wanted === '' && offset === undefined) return BigInt(points.length);
  const from = offset ?? points.length - 1;
  if (from < 0) {
    if (offset === undefined) return -1n;
    throw outOfRange(from);
  }
  if (wanted === '') return BigInt(Math.min(from, points.length));
  if (from >= points.length) return -1n;
  for (let index = Math.min(from, points.length - parts.length); index >= 0; index--) {
    if (startsAt(points, parts, index)) return BigInt(index);
  }
  return -1n;
};

const replace = (text: string, old: string, by: string, limit: number): string => {
  if (limit === 0 || old === by) return text;
  const bound = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  // Go puts the replacement before each code point, and at the end, where the old text is empty.
  const parts = old === '' ? ['', ...Array.from(text), ''] : text.split(old);
  let result = parts[0]!;
  for (let index = 1; index < parts.length; index++) {
    const separator = index <= bound ? by : old;
    result += `${separator}${parts[index]!}`;
  }
  return result;
};

const split = (text: string, separator: string, limit: number): CelList => {
  if (limit === 0) return new ArrayList([]);
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return new ArrayList(parts);
  return new ArrayList([...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)]);
};

const substring = (text: string, start: number, end?: number): string => {
  const points = Array.from(text);
  if (end !== undefined && start > end) {
    throw new EvaluationError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  if (start < 0 || start > points.length) throw outOfRange(start);
  if (end !== undefined && (end < 0 || end > points.length)) throw outOfRange(end);
  return points.slice(start, end).join('');
};

const join = (list: CelList, separator: string): string => {
  const parts: string[] = [];
  for (const element of list.values()) {
    if (typeof element !== 'string') throw new EvaluationError(`join: invalid input: ${displayValue(element)}`);
    parts.push(element);
  }
  return parts.join(separator);
};

const quoteEscapes: Readonly<Record<string, string>> = {
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': String.raw`\\`,
  '"': String.raw`\"`,
};

const quote = (text: string): string => `"${Array.from(text, (point) => quoteEscapes[point] ?? point).join('')}"`;

// Only ASCII letters change.
const lowerAscii = (text: string): string => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
const upperAscii = (text: string): string => text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase());
/** What Go counts as white space. */
const trim = (text: string): string => text.replaceAll(/^(?:(?!\uFEFF)[\s\u0085])+|(?:(?!\uFEFF)[\s\u0085])+$/g, '');

const joinCost = (_args: readonly CelValue[], result: CelValue): number => traversalOf(result, 2);
const suffixCost = ([, affix]: readonly CelValue[]): number => traversalOf(affix!);

/** CEL's own functions on strings, and the strings extension at version 2. */
export const strings: Library = {
  functions: [
    ['string.contains(string): bool', (text, part) => str(text).includes(str(part)), productOf],
    ['string.startsWith(string): bool', (text, part) => str(text).startsWith(str(part)), suffixCost],
    ['string.endsWith(string): bool', (text, part) => str(text).endsWith(str(part)), suffixCost],
    ['string.matches(string): bool', (text, pattern) => testPattern(str(pattern), str(text)), patternMatch],
    ['matches(string, string): bool', (text, pattern) => testPattern(str(pattern), str(text)), patternMatch],
    ['string.charAt(int): string', (text, index) => charAt(str(text), at(index))],
    ['string.indexOf(string): int', (text, part) => indexOf(str(text), str(part)), elementsOfText],
    ['string.indexOf(string, int): int', (text, part, from) => indexOf(str(text), str(part), at(from)), elementsOfText],
    ['string.lastIndexOf(string): int', (text, part) => lastIndexOf(str(text), str(part)), elementsOfText],
    [
      'string.lastIndexOf(string, int): int',
      (text, part, from) => lastIndexOf(str(text), str(part), at(from)),
      elementsOfText,
    ],
    ['string.lowerAscii(): string', (text) => lowerAscii(str(text)), traversal()],
    ['string.upperAscii(): string', (text) => upperAscii(str(text)), traversal()],
    ['string.trim(): string', (text) => trim(str(text)), traversal()],
    [
      'string.replace(string, string): string',
      (text, old, by) => replace(str(text), str(old), str(by), -1),
      traversal(2),
    ],
    [
      'string.replace(string, string, int): string',
      (text, old, by, limit) => replace(str(text), str(old), str(by), at(limit)),
      traversal(2),
    ],
    ['string.split(string): list<string>', (text, by) => split(str(text), str(by), -1), traversal(2)],
    [
      'string.split(string, int): list<string>',
      (text, by, limit) => split(str(text), str(by), at(limit)),
      traversal(2),
    ],
    ['string.substring(int): string', (text, start) => substring(str(text), at(start)), traversal()],
    ['string.substring(int, int): string', (text, start, end) => substring(str(text), at(start), at(end)), traversal()],
    ['list<string>.join(): string', (list) => join(list as CelList, ''), joinCost],
    ['list<string>.join(string): string', (list, by) => join(list as CelList, str(by)), joinCost],
    ['string.format(list<dyn>): string', (text, args) => formatText(str(text), args as CelList), traversal()],
    ['`strings.quote`(string): string', (text) => quote(str(text)), traversal()],
  ],
};

function elementsOfText([text]: readonly CelValue[]): number {
  return traversalOf(text!);
}
