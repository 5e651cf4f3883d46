import type { Expr, StructField } from './ast.ts';
import { tokenize, type Token, type TokenKind } from './lexer.ts';
import { literalOf } from './literals.ts';
import { expandMacro } from './macros.ts';
import { reservedWords } from './reserved-words.ts';
import { noOffset, type Issue, type Source } from './source.ts';

/** Deeper expressions are refused: cel-go's limit. */
const depthMax = 250;
export const expressionLengthMax = 100_000;

const primaryStarts = [
  `'[', '{', '(', '.', '-', '!', 'true', 'false', 'null'`,
  'NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER',
].join(', ');
const listStarts = primaryStarts.replace(`'.', '-', '!',`, `'.', ',', '-', '!', '?',`);

const relations: Readonly<Record<string, string>> = {
  '<': '_<_',
  '<=': '_<=_',
  '>': '_>_',
  '>=': '_>=_',
  '==': '_==_',
  '!=': '_!=_',
  in: '@in',
};
const products: Readonly<Record<string, string>> = { '*': '_*_', '/': '_/_', '%': '_%_' };
const sums: Readonly<Record<string, string>> = { '+': '_+_', '-': '_-_' };

/** A field's name, of which one in backquotes may be no identifier. */
const nameIn = ({ kind, text }: Token): string => (kind === 'escaped' ? text.slice(1, -1) : text);

/** Thrown to leave the descent at the first syntax error; what is wrong stands in the issues. */
class SyntaxAbort extends Error {}

const literalKinds: ReadonlySet<TokenKind> = new Set([
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'true',
  'false',
  'null',
] as const);

class Parser {
  readonly #tokens: readonly Token[];
  readonly #issues: Issue[];
  #index = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], issues: Issue[]) {
    this.#tokens = tokens;
    this.#issues = issues;
  }

  parse(): Expr {
    const expr = this.#expr();
    const rest = this.#peek();
    if (rest.kind !== 'eof') {
      const next = this.#tokens[this.#index + 1]!;
      const extraneous = next.kind === 'eof' && rest.text !== '(' && rest.text !== '{';
      this.#abort(rest, `${extraneous ? 'extraneous' : 'mismatched'} input '${rest.text}' expecting <EOF>`);
    }
    return expr;
  }

  #peek(): Token {
    return this.#tokens[this.#index]!;
  }

  #is(text: string): boolean {
    const token = this.#peek();
    return token.text === text && (token.kind === 'op' || token.kind === 'in');
  }

  #take(): Token {
    return this.#tokens[this.#index++]!;
  }

  #maybe(text: string): Token | undefined {
    return this.#is(text) ? this.#take() : undefined;
  }

  #abort(token: Token, message: string): never {
    this.#issues.push({ offset: token.offset, message: `Syntax error: ${message}` });
    throw new SyntaxAbort();
  }

  #report(offset: number, message: string): Expr {
    this.#issues.push({ offset, message });
    return { kind: 'literal', offset, value: '<<error>>' };
  }

  #expect(text: string): Token {
    const token = this.#peek();
    if (this.#is(text)) return this.#take();
    if (token.kind === 'eof' && text !== ':') this.#abort(token, `missing '${text}' at '<EOF>'`);
    return this.#abort(token, `mismatched input '${token.text}' expecting '${text}'`);
  }

  /** The end of a list of things, where another could have come. */
  #close(text: string): void {
    const token = this.#peek();
    if (!this.#is(text)) this.#abort(token, `mismatched input '${token.text}' expecting {'${text}', ','}`);
    this.#take();
  }

  #expr(): Expr {
    if (++this.#depth > depthMax) {
      this.#issues.push({ offset: noOffset, message: 'expression recursion limit exceeded: 250' });
      throw new SyntaxAbort();
    }
    const condition = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
    const question = this.#maybe('?');
    if (question === undefined) {
      this.#depth--;
      return condition;
    }
    const yes = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
    this.#expect(':');
    const no = this.#expr();
    this.#depth--;
    return this.#operator(question, '_?_:_', condition, yes, no);
  }

  #operator(at: Token, name: string, ...args: Expr[]): Expr {
    return { kind: 'call', offset: at.offset, name, target: undefined, args };
  }

  /** A chain of `&&` or `||`, balanced, so that a long one is not a deep one. */
  #logical(symbol: string, name: string, next: () => Expr): Expr {
    const terms = [next()];
    const ops: Token[] = [];
    for (let op = this.#maybe(symbol); op !== undefined; op = this.#maybe(symbol)) {
      ops.push(op);
      terms.push(next());
    }
    const balance = (low: number, high: number): Expr => {
      if (low > high) return terms[low]!;
      const middle = Math.floor((low + high + 1) / 2);
      return this.#operator(ops[middle]!, name, balance(low, middle - 1), balance(middle + 1, high));
    };
    return balance(0, ops.length - 1);
  }

  #binary(names: Readonly<Record<string, string>>, next: () => Expr): Expr {
    let left = next();
    for (;;) {
      const token = this.#peek();
      const name = token.kind === 'op' || token.kind === 'in' ? names[token.text] : undefined;
      if (name === undefined) return left;
      this.#take();
      left = this.#operator(token, name, left, next());
    }
  }

  #relation(): Expr {
    return this.#binary(relations, () => this.#binary(sums, () => this.#binary(products, () => this.#unary())));
  }

  #unary(): Expr {
    const first = this.#peek();
    if (!this.#is('!') && !this.#is('-')) return this.#member();
    let count = 0;
    while (this.#maybe(first.text) !== undefined) count++;
    if (first.text === '-') {
      const number = this.#peek();
      if (number.kind === 'int' || number.kind === 'double') {
        // The last minus belongs to the literal: so the smallest int can be written.
        if (count === 1) return this.#postfix(this.#literal(this.#take(), first));
      }
    }
    const operand = this.#member();
    return count % 2 === 0 ? operand : this.#operator(first, first.text === '!' ? '!_' : '-_', operand);
  }

  #member(): Expr {
    return this.#postfix(this.#primary());
  }

  #postfix(start: Expr): Expr {
    let expr = start;
    const depth = this.#depth;
    for (;;) {
      const dot = this.#maybe('.');
      if (dot !== undefined) {
        if (++this.#depth > depthMax) this.#abort(dot, 'expression recursion limit exceeded: 250');
        expr = this.#selection(expr, dot);
        continue;
      }
      const bracket = this.#maybe('[');
      if (bracket === undefined) break;
      const optional = this.#maybe('?') !== undefined;
      const index = this.#expr();
      this.#expect(']');
      expr = this.#operator(bracket, optional ? '_[?_]' : '_[_]', expr, index);
    }
    this.#depth = depth;
    return expr;
  }

  #selection(operand: Expr, dot: Token): Expr {
    const optional = this.#maybe('?') !== undefined;
    const token = this.#take();
    if (token.kind !== 'ident' && token.kind !== 'escaped') {
      if (token.kind === 'eof') this.#abort(token, `no viable alternative at input '.'`);
      this.#abort(token, `no viable alternative at input '.${token.text}'`);
    }
    if (optional) {
      const field: Expr = { kind: 'literal', offset: token.offset, value: nameIn(token) };
      return this.#operator(dot, '_?._', operand, field);
    }
    const open = token.kind === 'ident' ? this.#maybe('(') : undefined;
    if (open === undefined)
      return { kind: 'select', offset: dot.offset, operand, field: nameIn(token), testOnly: false };
    return this.#call(open, token.text, operand);
  }

  #call(open: Token, name: string, target: Expr | undefined): Expr {
    const args: Expr[] = [];
    if (!this.#is(')')) {
      if (this.#peek().kind === 'eof') this.#unexpected(primaryStarts.replace(`'('`, `'(', ')'`));
      do args.push(this.#expr());
      while (this.#maybe(',') !== undefined);
    }
    this.#close(')');
    const call = { kind: 'call', offset: open.offset, name, target, args } as const;
    const expanded = expandMacro(call);
    if (expanded === undefined) return call;
    return 'error' in expanded ? this.#report(expanded.offset, expanded.error) : expanded.expr;
  }

  #primary(): Expr {
    const token = this.#peek();
    if (literalKinds.has(token.kind)) return this.#literal(this.#take(), undefined);
    if (token.kind === 'ident') return this.#named(undefined);
    switch (token.kind === 'op' ? token.text : '') {
      case '.':
        this.#take();
        if (this.#peek().kind === 'ident') return this.#named(token);
        break;
      case '(': {
        this.#take();
        const inner = this.#expr();
        this.#expect(')');
        return inner;
      }
      case '[':
        return this.#list(this.#take());
      case '{':
        return this.#map(this.#take());
      default:
    }
    return this.#unexpected(primaryStarts);
  }

  #unexpected(expected: string): never {
    const token = this.#peek();
    const next = this.#tokens[this.#index + 1];
    // ANTLR passes over one token where the one after it could stand there.
    const startsPrimary = next !== undefined && (literalKinds.has(next.kind) || next.kind === 'ident');
    const verb = token.kind !== 'eof' && startsPrimary ? 'extraneous' : 'mismatched';
    return this.#abort(token, `${verb} input '${token.text}' expecting {${expected}}`);
  }

  #literal(token: Token, minus: Token | undefined): Expr {
    const offset = minus?.offset ?? token.offset;
    const literal = literalOf(token, minus !== undefined);
    return 'error' in literal ? this.#report(offset, literal.error) : { kind: 'literal', offset, value: literal.value };
  }

  /** An identifier, a call, or a message: `a.b.C{field: value}`. */
  #named(leadingDot: Token | undefined): Expr {
    const struct = this.#maybeStruct(leadingDot);
    if (struct !== undefined) return struct;
    const token = this.#take();
    const open = this.#maybe('(');
    const name = `${leadingDot === undefined ? '' : '.'}${token.text}`;
    if (reservedWords.has(token.text)) {
      if (open !== undefined) this.#call(open, name, undefined);
      return this.#report((leadingDot ?? token).offset, `reserved identifier: ${token.text}`);
    }
    if (open !== undefined) return this.#call(open, name, undefined);
    return { kind: 'ident', offset: token.offset, name };
  }

  #maybeStruct(leadingDot: Token | undefined): Expr | undefined {
    let ahead = this.#index;
    const names: string[] = [];
    while (this.#tokens[ahead]?.kind === 'ident') {
      names.push(this.#tokens[ahead++]!.text);
      const following = this.#tokens[ahead]!;
      if (following.kind !== 'op' || following.text !== '.') break;
      ahead++;
    }
    const open = this.#tokens[ahead]!;
    if (open.kind !== 'op' || open.text !== '{' || this.#tokens[ahead - 1]!.kind !== 'ident') return undefined;
    this.#index = ahead + 1;
    const fields: StructField[] = [];
    while (!this.#is('}')) {
      const optional = this.#maybe('?') !== undefined;
      const name = this.#take();
      if (name.kind !== 'ident' && name.kind !== 'escaped') {
        this.#index--;
        const expected = `{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}`;
        this.#abort(name, `extraneous input '${name.text}' expecting ${expected}`);
      }
      const colon = this.#expect(':');
      fields.push({ offset: colon.offset, name: nameIn(name), value: this.#expr(), optional });
      if (this.#maybe(',') === undefined) break;
    }
    this.#close('}');
    const typeName = `${leadingDot === undefined ? '' : '.'}${names.join('.')}`;
    return { kind: 'struct', offset: open.offset, typeName, fields };
  }

  #list(open: Token): Expr {
    const elements: { value: Expr; optional: boolean }[] = [];
    while (!this.#is(']')) {
      if (this.#peek().kind === 'eof') this.#unexpected(listStarts.replace(`'{', '('`, `']', '{', '('`));
      const optional = this.#maybe('?') !== undefined;
      elements.push({ value: this.#expr(), optional });
      if (this.#maybe(',') === undefined) break;
    }
    this.#close(']');
    return { kind: 'list', offset: open.offset, elements };
  }

  #map(open: Token): Expr {
    const entries: { key: Expr; value: Expr; optional: boolean }[] = [];
    while (!this.#is('}')) {
      if (this.#peek().kind === 'eof') this.#unexpected(listStarts.replace(`'{', '('`, `'{', '}', '('`));
      const optional = this.#maybe('?') !== undefined;
      const key = this.#expr();
      this.#expect(':');
      entries.push({ key, value: this.#expr(), optional });
      if (this.#maybe(',') === undefined) break;
    }
    this.#close('}');
    return { kind: 'map', offset: open.offset, entries };
  }
}

/** The tree of an expression, macros expanded; undefined where `issues` says what is wrong with it. */
export const parse = (source: Source, issues: Issue[]): Expr | undefined => {
  if (source.points.length > expressionLengthMax) {
    const message = `expression code point size exceeds limit: size: ${source.points.length}, limit ${expressionLengthMax}`;
    issues.push({ offset: noOffset, message });
    return undefined;
  }
  const tokens = tokenize(source, issues);
  try {
    const expr = new Parser(tokens, issues).parse();
    return issues.length > 0 ? undefined : expr;
  } catch (error) {
    if (error instanceof SyntaxAbort) return undefined;
    throw error;
  }
};
