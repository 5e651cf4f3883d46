import type { Token } from './lexer.ts';
import type { Literal } from './ast.ts';
import { CelUint, intMax, intMin, uintMax } from './values.ts';

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/** The code of an escape at `index` (the backslash), and its length. */
const readEscape = (text: string, index: number): { code: number; length: number; byte: boolean } => {
  const letter = text[index + 1]!;
  const hexDigits = { x: 2, X: 2, u: 4, U: 8 }[letter];
  if (hexDigits !== undefined) {
    const code = Number.parseInt(text.slice(index + 2, index + 2 + hexDigits), 16);
    return { code, length: 2 + hexDigits, byte: hexDigits === 2 };
  }
  if (/[0-3]/.test(letter))
    return { code: Number.parseInt(text.slice(index + 1, index + 4), 8), length: 4, byte: true };
  return { code: simpleEscapes[letter] ?? letter.codePointAt(0)!, length: 2, byte: false };
};

const contentOf = (text: string): string => {
  const quoteLength = /^(?:"""|''')/.test(text) && text.length >= 6 ? 3 : 1;
  return text.slice(quoteLength, -quoteLength);
};

/** The value of a string literal, or undefined where an escape names no character. */
export const unquoteString = (literal: string): string | undefined => {
  const text = literal.replaceAll(/\r\n?/g, '\n');
  if (/^[rR]/.test(text)) return contentOf(text.slice(1));
  const content = contentOf(text);
  let result = '';
  for (let index = 0; index < content.length;) {
    if (content[index] !== '\\') {
      result += content[index++];
      continue;
    }
    const { code, length } = readEscape(content, index);
    if (code > 0x10ffff || isSurrogate(code)) return undefined;
    result += String.fromCodePoint(code);
    index += length;
  }
  return result;
};

/** The value of a bytes literal: text as UTF-8, `\xff` and `\377` as that byte. */
export const unquoteBytes = (literal: string): Uint8Array | undefined => {
  const text = literal.slice(1).replaceAll(/\r\n?/g, '\n');
  const encoder = new TextEncoder();
  if (/^[rR]/.test(text)) return encoder.encode(contentOf(text.slice(1)));
  const content = contentOf(text);
  const bytes: number[] = [];
  for (let index = 0; index < content.length;) {
    if (content[index] !== '\\') {
      const point = String.fromCodePoint(content.codePointAt(index)!);
      bytes.push(...encoder.encode(point));
      index += point.length;
      continue;
    }
    const { code, length, byte } = readEscape(content, index);
    if (/[uU]/.test(content[index + 1]!)) return undefined;
    if (byte) bytes.push(code);
    else bytes.push(...encoder.encode(String.fromCodePoint(code)));
    index += length;
  }
  return Uint8Array.from(bytes);
};

/** A literal's value, or the message of what is wrong with it. */
export const literalOf = (token: Token, negative: boolean): { value: Literal } | { error: string } => {
  const sign = negative ? '-' : '';
  switch (token.kind) {
    case 'int': {
      const value = BigInt(token.text) * (negative ? -1n : 1n);
      return value > intMax || value < intMin ? { error: 'invalid int literal' } : { value };
    }
    case 'uint': {
      const value = BigInt(token.text.slice(0, -1));
      return value > uintMax ? { error: 'invalid uint literal' } : { value: new CelUint(value) };
    }
    case 'double': {
      const value = Number(sign + token.text);
      return Number.isFinite(value) ? { value } : { error: 'invalid double literal' };
    }
    case 'string': {
      const value = unquoteString(token.text);
      return value === undefined ? { error: 'unable to unescape string' } : { value };
    }
    case 'bytes': {
      const value = unquoteBytes(token.text);
      return value === undefined ? { error: 'unable to unescape string' } : { value };
    }
    case 'true':
    case 'false':
      return { value: token.kind === 'true' };
    default:
      return { value: null };
  }
};
