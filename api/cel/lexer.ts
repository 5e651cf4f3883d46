import type { Issue, Source } from './source.ts';

export type TokenKind =
  | 'op'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'ident'
  | 'escaped'
  | 'true'
  | 'false'
  | 'null'
  | 'in'
  | 'eof';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

const operators = [
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '<',
  '>',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '.',
  ',',
  '-',
  '!',
  '?',
  ':',
  '+',
  '*',
  '/',
  '%',
];
const keywords: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in']);

const escape = String.raw`\\(?:[abfnrtv"'\\?\x60]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})`;
// Longer quotes first: `"""` is not an empty string and a quote.
const text = [
  String.raw`[rR]"""[^]*?"""|[rR]'''[^]*?'''|[rR]"[^"\n\r]*"|[rR]'[^'\n\r]*'`,
  String.raw`"""(?:${escape}|[^\\])*?"""|'''(?:${escape}|[^\\])*?'''`,
  String.raw`"(?:${escape}|[^\\"\n\r])*"|'(?:${escape}|[^\\'\n\r])*'`,
].join('|');
const patterns: readonly (readonly [TokenKind | 'skip', RegExp])[] = [
  ['skip', /[\t \r\n\f]+|\/\/[^\n]*/y],
  ['double', /\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?/y],
  ['uint', /0x[0-9a-fA-F]+[uU]|\d+[uU]/y],
  ['int', /0x[0-9a-fA-F]+|\d+/y],
  ['bytes', new RegExp(`[bB](?:${text})`, 'y')],
  ['string', new RegExp(text, 'y')],
  ['escaped', /`[a-zA-Z0-9_.\-/ ]+`/y],
  ['ident', /[a-zA-Z_][a-zA-Z0-9_]*/y],
];

const points = (value: string): number => Array.from(value).length;

/** Text up to where a string that does not end well stops being one: what CEL's lexer complains about as a whole. */
const badString = (input: string, index: number): string | undefined => {
  const start = /(?:[bB]?[rR]?)(?:"""|'''|"|')/y;
  start.lastIndex = index;
  const opening = start.exec(input);
  if (opening === null) return undefined;
  const quote = opening[0].at(-1)!;
  const bad = new RegExp(String.raw`(?:${escape}|[^\\${quote}\n\r])*(?:\\[xXuU]?[0-9a-fA-F]*.?)?`, 'y');
  bad.lastIndex = start.lastIndex;
  return opening[0] + (bad.exec(input)?.[0] ?? '');
};

const match = (input: string, index: number): readonly [TokenKind | 'skip', string] | undefined => {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = index;
    const found = pattern.exec(input)?.[0];
    if (found !== undefined) return [kind === 'ident' && keywords.has(found) ? (found as TokenKind) : kind, found];
  }
  const operator = operators.find((candidate) => input.startsWith(candidate, index));
  return operator === undefined ? undefined : ['op', operator];
};

/** Splits an expression into tokens; what is no token is told and passed over, as ANTLR's lexer does. */
export const tokenize = (source: Source, issues: Issue[]): Token[] => {
  const input = source.text;
  const tokens: Token[] = [];
  let offset = 0;
  for (let index = 0; index < input.length;) {
    const found = match(input, index);
    let length: string;
    if (found === undefined) {
      length = badString(input, index) ?? String.fromCodePoint(input.codePointAt(index)!);
      // A lone `&`, `|` or `=` takes the character after it along: it could have begun an operator.
      if (/^[&|=]$/.test(length)) length += input[index + 1] ?? '';
      issues.push({ offset, message: `Syntax error: token recognition error at: '${length}'` });
    } else {
      length = found[1];
      if (found[0] !== 'skip') tokens.push({ kind: found[0], text: length, offset });
    }
    index += length.length;
    offset += points(length);
  }
  tokens.push({ kind: 'eof', text: '<EOF>', offset });
  return tokens;
};
