/**
 * CEL, as Kubernetes uses it: in rules of custom resources, admission policies and match conditions.
 *
 *     const compiled = compile('self.replicas <= self.max', kubernetesEnvironment.withVariables({ self: … }));
 *     if ('error' in compiled) …            "ERROR: <input>:1:1: undeclared reference to 'x' …"
 *     const outcome = evaluate(compiled, { self: valueOf(shape, json) });
 *     if ('error' in outcome) …             "no such key: max"
 *
 * It is our own and not a library's since none for JavaScript parses all that Kubernetes allows (`a.?b`, `Object{…}`),
 * types expressions as cel-go does, and ends those that run away.
 */
import { check } from './checker.ts';
import type { Environment } from './environment.ts';
import { CostExceeded, EvaluationError } from './errors.ts';
import { Frame, planProgram, type Step, type Variables } from './interpreter.ts';
import { validateLiterals } from './literal-validation.ts';
import { parse } from './parser.ts';
import { Source, type Issue } from './source.ts';
import type { Expr } from './ast.ts';
import type { CelType } from './types.ts';
import type { CelValue } from './values.ts';

/** What one expression may spend, in cel-go's units: about a tenth of a second. */
export const perCallCostMax = 1_000_000;

export interface Program {
  readonly expression: string;
  /** what it evaluates to */
  readonly type: CelType;
  readonly step: Step;
  readonly expr: Expr;
  readonly types: ReadonlyMap<Expr, CelType>;
}

export type Compiled = Program | { readonly error: string };

export type Outcome = ({ readonly value: CelValue } | { readonly error: Error }) & { readonly cost: number };

/** Parses, checks and plans an expression. */
export const compile = (expression: string, environment: Environment): Compiled => {
  const source = new Source(expression);
  const issues: Issue[] = [];
  const expr = parse(source, issues);
  if (expr === undefined) return { error: source.displayAll(issues) };
  const checked = check(expr, environment, issues);
  if (checked === undefined) return { error: source.displayAll(issues) };
  validateLiterals(expr, issues);
  if (issues.length > 0) return { error: source.displayAll(issues) };
  const step = planProgram(expr, checked, environment);
  return { expression, type: checked.type, step, expr, types: checked.types };
};

const lookupIn =
  (variables: Readonly<Record<string, CelValue>>): Variables =>
  (name) =>
    Object.hasOwn(variables, name) ? variables[name] : undefined;

/** Runs a program. Variables by name, or by a function that finds them when they are asked for. */
export const evaluate = (
  program: Program,
  variables: Readonly<Record<string, CelValue>> | Variables,
  costMax: number = perCallCostMax,
): Outcome => {
  const frame = new Frame(typeof variables === 'function' ? variables : lookupIn(variables), costMax);
  try {
    return { value: program.step(frame), cost: frame.cost };
  } catch (error) {
    if (error instanceof EvaluationError || error instanceof CostExceeded) return { error, cost: frame.cost };
    // deep nesting of values, not of the expression
    if (error instanceof RangeError) return { error: new EvaluationError(error.message), cost: frame.cost };
    throw error;
  }
};
