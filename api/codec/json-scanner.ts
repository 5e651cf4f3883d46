/**
 * A JSON reader that keeps what JSON.parse throws away and Kubernetes reports: keys that occur twice, and numbers as they
 * were written. Errors are worded as Go's encoding/json words them.
 */
import { setOwn } from '../meta/clone.ts';

/** Deeper nesting is refused, so that no recursion over the value can overflow the stack. */
export const nestingMax = 1000;

export class JsonSyntaxError extends Error {
  override name = 'JsonSyntaxError';
}

/** A number that is no exact integer of a JavaScript number: a fraction, an exponent, or too many digits. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export interface ScannedJson {
  value: unknown;
  /** object → keys that came more than once, in order; the last value was kept */
  duplicates: ReadonlyMap<object, readonly string[]>;
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** up to a quote, a backslash or a control character below U+0020 */
const plainString = /[ !#-[\]-\uffff]*/y;

class Scanner {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  readonly duplicates = new Map<object, string[]>();

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
    return value;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #unexpected(where: string): JsonSyntaxError {
    if (this.#at >= this.#text.length) return new JsonSyntaxError('unexpected end of JSON input');
    const c = String.fromCodePoint(this.#text.codePointAt(this.#at) as number);
    const shown = c === "'" ? `'\\''` : c === '"' ? `'"'` : `'${JSON.stringify(c).slice(1, -1)}'`;
    return new JsonSyntaxError(`invalid character ${shown} ${where}`);
  }

  #value(): unknown {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > nestingMax) throw new JsonSyntaxError('exceeded max depth');
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #literal<T>(text: string, value: T): T {
    for (let i = 0; i < text.length; i++) {
      if (this.#text[this.#at] !== text[i]) throw this.#unexpected(`in literal ${text} (expecting '${text[i]}')`);
      this.#at++;
    }
    return value;
  }

  #number(): number | JsonNumber {
    number.lastIndex = this.#at;
    const text = number.exec(this.#text)?.[0];
    if (text === undefined) {
      const sign = this.#text[this.#at] === '-';
      if (sign) this.#at++;
      throw this.#unexpected(sign ? 'in numeric literal' : 'looking for beginning of value');
    }
    this.#at += text.length;
    const value = Number(text);
    return Number.isSafeInteger(value) && /^-?[0-9]+$/.test(text) ? value : new JsonNumber(text);
  }

  #string(): string {
    const start = this.#at++;
    let escaped = false;
    for (;;) {
      plainString.lastIndex = this.#at;
      plainString.exec(this.#text);
      this.#at = plainString.lastIndex;
      const c = this.#text[this.#at];
      if (c === '"') break;
      if (c !== '\\') throw this.#unexpected('in string literal');
      escaped = true;
      this.#escape();
    }
    this.#at++;
    const raw = this.#text.slice(start, this.#at);
    return escaped ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  }

  #escape(): void {
    this.#at++;
    const c = this.#text[this.#at];
    if (c === undefined || !'"\\/bfnrtu'.includes(c)) throw this.#unexpected('in string escape code');
    this.#at++;
    const digits = c === 'u' ? 4 : 0;
    for (let i = 0; i < digits; i++) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? ''))
        throw this.#unexpected('in \\u hexadecimal character escape');
      this.#at++;
    }
  }

  #array(): unknown[] {
    const list: unknown[] = [];
    this.#skipSpace();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return list;
    }
    for (;;) {
      list.push(this.#value());
      this.#skipSpace();
      const c = this.#text[this.#at];
      if (c !== ',' && c !== ']') throw this.#unexpected('after array element');
      this.#at++;
      if (c === ']') return list;
    }
  }

  #object(): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#skipSpace();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return object;
    }
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      this.#skipSpace();
      if (this.#text[this.#at] !== ':') throw this.#unexpected('after object key');
      this.#at++;
      const value = this.#value();
      if (Object.hasOwn(object, key)) this.#noteDuplicate(object, key);
      setOwn(object, key, value);
      this.#skipSpace();
      const c = this.#text[this.#at];
      if (c !== ',' && c !== '}') throw this.#unexpected('after object key:value pair');
      this.#at++;
      if (c === '}') return object;
    }
  }

  #noteDuplicate(object: object, key: string): void {
    const keys = this.duplicates.get(object);
    if (keys === undefined) this.duplicates.set(object, [key]);
    else if (!keys.includes(key)) keys.push(key);
  }
}

const [quote, backslash, colon, point, minus, zero, nine] = ['"', '\\', ':', '.', '-', '0', '9'].map((c) =>
  c.charCodeAt(0),
) as [number, number, number, number, number, number, number];
const isDigit = (code: number): boolean => code >= zero && code <= nine;

/** Where the string that begins at `start` ends. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

/** How many keys valid JSON has; undefined where a number in it is not written as a plain integer. */
function countKeys(text: string): number | undefined {
  let keys = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = stringEnd(text, i);
    else if (code === colon) keys++;
    else if (code === point || (code === minus && text.charCodeAt(i + 1) === zero)) return undefined;
    // an exponent: the letter stands behind a digit
    else if ((code | 0x20) === 0x65 && isDigit(text.charCodeAt(i - 1))) return undefined;
  }
  return keys;
}

/** How many keys the value has; NaN where it is nested too deep or has integers that JavaScript cannot hold. */
function keysOf(value: unknown, depth: number): number {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 0 : NaN;
  if (value === null || typeof value !== 'object') return 0;
  if (depth === nestingMax) return NaN;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += keysOf(item, depth + 1);
    return keys;
  }
  for (const key in value) keys += 1 + keysOf((value as Record<string, unknown>)[key], depth + 1);
  return keys;
}

const noDuplicates: ScannedJson['duplicates'] = new Map();

/** What JSON.parse makes of it, where it has thrown nothing away: no key twice, no number that is no exact integer. */
function parseSimple(text: string): ScannedJson | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return keysOf(value, 0) === countKeys(text) ? { value, duplicates: noDuplicates } : undefined;
  } catch {
    // the slow reader says what is wrong, in Go's words
    return undefined;
  }
}

/** Throws JsonSyntaxError. */
export function scanJson(text: string): ScannedJson {
  const simple = parseSimple(text);
  if (simple !== undefined) return simple;
  const scanner = new Scanner(text);
  return { value: scanner.document(), duplicates: scanner.duplicates };
}

/** JSON text as a plain value; numbers become JavaScript numbers. */
export function parseJson(text: string): unknown {
  return plain(scanJson(text).value);
}

/** Numbers as JavaScript has them; integers beyond 2^53 lose their last digits. */
export function plain(value: unknown): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setOwn(copy, key, plain((value as Record<string, unknown>)[key]));
  return copy;
}
