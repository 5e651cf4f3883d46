/** Label selectors, as text (`a in (b,c),!d`) and as LabelSelector objects. */
import type { LabelSelector, LabelSelectorRequirement } from '../types/meta-v1.ts';
import { aggregateText, forbidden, invalid, required } from './field-error.ts';
import type { FieldError } from './field-error.ts';
import { isLabelValue, isQualifiedName } from './names.ts';

export type Labels = Readonly<Record<string, string>>;
export type SelectorOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

export interface LabelMatcher {
  matches(labels: Labels | undefined): boolean;
  readonly requirements: readonly Requirement[];
  /** true where everything matches */
  readonly empty: boolean;
  /** as `kubectl get -l` takes it, e.g. `app=a,tier in (x,y)` */
  toString(): string;
}

/** A selector that cannot be read; the message is what Kubernetes' BadRequest says. */
export class SelectorError extends Error {
  override name = 'SelectorError';
}

const has = (labels: Labels | undefined, key: string): boolean => labels !== undefined && Object.hasOwn(labels, key);

const int64 = (text: string | undefined): bigint | undefined =>
  text !== undefined && /^[+-]?[0-9]{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;

function matchesOne(r: Requirement, labels: Labels | undefined): boolean {
  const present = has(labels, r.key);
  const value = present ? (labels as Labels)[r.key] : undefined;
  switch (r.operator) {
    case 'exists':
      return present;
    case '!':
      return !present;
    case '!=':
    case 'notin':
      return !present || !r.values.includes(value as string);
    case 'gt':
    case 'lt': {
      const [left, right] = [int64(value), int64(r.values[0])];
      if (left === undefined || right === undefined) return false;
      return r.operator === 'gt' ? left > right : left < right;
    }
    default:
      return present && r.values.includes(value as string);
  }
}

const joiners: Record<SelectorOperator, [string, string]> = {
  '=': ['=', ''],
  '==': ['==', ''],
  '!=': ['!=', ''],
  gt: ['>', ''],
  lt: ['<', ''],
  in: [' in (', ')'],
  notin: [' notin (', ')'],
  exists: ['', ''],
  '!': ['', ''],
};

function requirementText(r: Requirement): string {
  const [before, after] = joiners[r.operator];
  return `${r.operator === '!' ? '!' : ''}${r.key}${before}${[...r.values].sort().join(',')}${after}`;
}

/** A matcher of all the requirements, which are sorted by key. */
export function matcherOf(requirements: readonly Requirement[]): LabelMatcher {
  const sorted = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return {
    matches: (labels) => sorted.every((r) => matchesOne(r, labels)),
    requirements: sorted,
    empty: sorted.length === 0,
    toString: () => sorted.map(requirementText).join(','),
  };
}

export const everything: LabelMatcher = matcherOf([]);
/** What a missing LabelSelector means: no object at all. */
export const nothing: LabelMatcher = { matches: () => false, requirements: [], empty: false, toString: () => '' };

/** Every label of the set, with its value. */
export const matcherOfSet = (set: Labels): LabelMatcher =>
  matcherOf(Object.keys(set).map((key) => ({ key, operator: '=', values: [set[key] as string] })));

type Token = 'end' | 'word' | 'error' | ')' | ',' | '!' | '==' | '=' | '>' | 'in' | '<' | '!=' | 'notin' | '(';
interface Scanned {
  token: Token;
  text: string;
}

/** A two-character operator wins over its first character; `=!` is none. */
const pattern = /[ \t\r\n]+|(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+)/gy;

function scan(selector: string): Scanned[] {
  const tokens: Scanned[] = [];
  pattern.lastIndex = 0;
  for (const match of selector.matchAll(pattern)) {
    if (match[1] !== undefined) tokens.push({ token: match[1] as Token, text: match[1] });
    const word = match[2];
    if (word !== undefined) tokens.push({ token: word === 'in' || word === 'notin' ? word : 'word', text: word });
  }
  tokens.push({ token: 'end', text: '' });
  return tokens;
}

const binaryOperators = 'in, notin, =, ==, !=, gt, lt';
const operators: Partial<Record<Token, SelectorOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

class Parser {
  readonly #tokens: Scanned[];
  #position = 0;
  constructor(selector: string) {
    this.#tokens = scan(selector);
  }

  /** `in` and `notin` are words wherever a key or a value stands. */
  #peek(): Scanned {
    const at = this.#tokens[this.#position] as Scanned;
    return at.token === 'in' || at.token === 'notin' ? { token: 'word', text: at.text } : at;
  }
  #next(): Scanned {
    const at = this.#peek();
    if (this.#position < this.#tokens.length - 1) this.#position++;
    return at;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const { token, text } = this.#peek();
      if (token === 'end') return requirements;
      if (token !== 'word' && token !== '!') {
        throw new SelectorError(`found '${text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const after = this.#next();
      if (after.token === 'end') return requirements;
      if (after.token !== ',') throw new SelectorError(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (following.token !== 'word' && following.token !== '!') {
        throw new SelectorError(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): Requirement {
    const fail = (why: string): SelectorError => new SelectorError(`unable to parse requirement: ${why}`);
    const negated = this.#peek().token === '!';
    if (negated) this.#next();
    const { token, text: key } = this.#next();
    if (token !== 'word') throw fail(`found '${key}', expected: identifier`);
    const keyErrors = isQualifiedName(key);
    if (keyErrors.length > 0) throw fail(aggregateText([invalid('<nil>', key, keyErrors.join('; '))]));
    const after = this.#peek().token;
    if (negated) return { key, operator: '!', values: [] };
    if (after === 'end' || after === ',') return { key, operator: 'exists', values: [] };
    const raw = this.#tokens[this.#position] as Scanned;
    const operator = operators[raw.token];
    if (operator === undefined) throw fail(`found '${raw.text}', expected: ${binaryOperators}`);
    this.#next();
    const values = operator === 'in' || operator === 'notin' ? this.#values(fail) : [this.#exactValue(fail)];
    const errors = valueErrors(key, operator, values);
    if (errors.length > 0) throw fail(aggregateText(errors));
    return { key, operator, values };
  }

  #exactValue(fail: (why: string) => SelectorError): string {
    const at = this.#peek();
    if (at.token === 'end' || at.token === ',') return '';
    if (at.token !== 'word') throw fail(`found '${at.text}', expected: identifier`);
    return this.#next().text;
  }

  /** `(a,b)`; empty places are the empty value */
  #values(fail: (why: string) => SelectorError): string[] {
    const open = this.#next();
    if (open.token !== '(') throw fail(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    const first = this.#peek();
    if (first.token !== 'word' && first.token !== ',' && first.token !== ')') {
      throw fail(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    let wantsValue = true;
    for (;;) {
      const at = this.#next();
      if (at.token === 'word' && wantsValue) {
        values.add(at.text);
        wantsValue = false;
      } else if (at.token === ',' || at.token === ')') {
        if (wantsValue) values.add('');
        wantsValue = true;
        if (at.token === ')') return [...values].sort();
      } else if (wantsValue) {
        throw fail(`found '${at.text}', expected: ',', or identifier`);
      } else {
        throw fail(`found '${at.text}', expected: ',' or ')'`);
      }
    }
  }
}

function valueErrors(key: string, operator: SelectorOperator, values: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (operator === 'gt' || operator === 'lt') {
    for (const [i, value] of values.entries()) {
      if (int64(value) === undefined) {
        errors.push(invalid(`values[${i}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
      }
    }
  }
  for (const [i, value] of values.entries()) {
    const messages = isLabelValue(value);
    if (messages.length > 0) errors.push(invalid(`values[${i}][${key}]`, value, messages.join('; ')));
  }
  return errors;
}

/** Reads `labelSelector=`; throws SelectorError with Kubernetes' words. */
export const parseLabelSelector = (selector: string): LabelMatcher => matcherOf(new Parser(selector).parse());

const objectOperators: Record<string, SelectorOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** Undefined selects nothing, `{}` everything. Throws SelectorError for an operator it does not know. */
export function matcherOfSelector(selector: LabelSelector | null | undefined): LabelMatcher {
  if (!selector) return nothing;
  const set = selector.matchLabels ?? {};
  const requirements: Requirement[] = Object.keys(set).map((key) => ({
    key,
    operator: '=',
    values: [set[key] as string],
  }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    if (!Object.hasOwn(objectOperators, operator)) {
      throw new SelectorError(`"${operator}" is not a valid label selector operator`);
    }
    requirements.push({ key, operator: objectOperators[operator] as SelectorOperator, values: values ?? [] });
  }
  return matcherOf(requirements);
}

export function validateLabels(labels: Labels | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of Object.keys(labels ?? {})) {
    for (const message of isQualifiedName(key)) errors.push(invalid(path, key, message));
    const value = (labels as Labels)[key] as string;
    for (const message of isLabelValue(value)) errors.push(invalid(path, value, message));
  }
  return errors;
}

/** `anyOperator`: one that is not known yet is none of our business */
export function validateLabelRequirement(
  requirement: LabelSelectorRequirement,
  at: string,
  anyOperator = false,
): FieldError[] {
  const errors: FieldError[] = [];
  const values = requirement.values ?? [];
  if (requirement.operator === 'In' || requirement.operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (requirement.operator === 'Exists' || requirement.operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
  } else if (!anyOperator) {
    errors.push(invalid(`${at}.operator`, requirement.operator, 'not a valid selector operator'));
  }
  for (const message of isQualifiedName(requirement.key)) errors.push(invalid(`${at}.key`, requirement.key, message));
  for (const [j, value] of values.entries()) {
    for (const message of isLabelValue(value)) errors.push(invalid(`${at}.values[${j}]`, value, message));
  }
  return errors;
}

export function validateLabelSelector(selector: LabelSelector | null | undefined, path: string): FieldError[] {
  if (!selector) return [];
  return [
    ...validateLabels(selector.matchLabels, `${path}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((requirement, i) =>
      validateLabelRequirement(requirement, `${path}.matchExpressions[${i}]`),
    ),
  ];
}
