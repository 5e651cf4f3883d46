import type { Expr } from './ast.ts';
import { compilePattern } from './regex.ts';
import type { Issue } from './source.ts';
import { parseDuration, parseTimestamp } from './time-text.ts';

/** Literals whose text can be judged before the expression ever runs. */
const judges: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => parseTimestamp(text) !== undefined,
  matches: (text) => {
    compilePattern(text);
    return true;
  },
};

const isValid = (name: string, text: string): boolean => {
  try {
    return judges[name]!(text);
  } catch {
    return false;
  }
};

const childrenOf = (expr: Expr): readonly Expr[] => {
  switch (expr.kind) {
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case 'list':
      return expr.elements.map(({ value }) => value);
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expr.fields.map(({ value }) => value);
    case 'comprehension':
      return [expr.range, expr.accuInit, expr.condition, expr.step, expr.result];
    default:
      return [];
  }
};

/** Durations, timestamps and patterns that are written out must be ones. */
export const validateLiterals = (expr: Expr, issues: Issue[]): void => {
  for (const child of childrenOf(expr)) validateLiterals(child, issues);
  if (expr.kind !== 'call' || !Object.hasOwn(judges, expr.name)) return;
  const literal = expr.args.at(-1);
  if (literal?.kind !== 'literal' || typeof literal.value !== 'string') return;
  if (!isValid(expr.name, literal.value)) {
    issues.push({ offset: literal.offset, message: `invalid ${expr.name} argument` });
  }
};
