/**
 * What a rule may cost at most, from its expression and the bounds that schemas put on lists, maps and strings: an
 * estimate on the pattern of cel-go's. A rule that may cost too much is refused when its definition is written.
 */
import type { Expr } from '../cel/ast.ts';
import type { Program } from '../cel/cel.ts';
import type { Shape } from '../cel/schema-shape.ts';
import { forbidden, type FieldError } from '../meta/field-error.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { budgetError } from './rule-budget.ts';
import { additionalOf, itemsOf, type SchemaProps } from './schema-props.ts';

const ruleCostMax = 10_000_000;
const schemaCostMax = 100_000_000;
const worstShown = 4;
const requestBytesMax = 3 * 1024 * 1024;
const stringCostFactor = 0.1;
const regexCostFactor = 0.25;

interface Estimate {
  readonly cost: number;
  /** what is known of the value: its shape, and the most elements or characters that it may have */
  readonly shape: Shape | undefined;
  readonly size: number;
}

type Scope = ReadonlyMap<string, Estimate>;

const scalarSize = 1;
const unknownSize = requestBytesMax;

const sized = (cost: number, shape: Shape | undefined): Estimate => ({
  cost,
  shape,
  size: shape === undefined ? unknownSize : shape.sizeMax,
});

/** Functions that look at each character or element of what they are called on. */
const linear: ReadonlySet<string> = new Set([
  'contains',
  'startsWith',
  'endsWith',
  'indexOf',
  'lastIndexOf',
  'lowerAscii',
  'upperAscii',
  'replace',
  'split',
  'substring',
  'trim',
  'string',
  'bytes',
  'isSorted',
  'sum',
  'max',
  'min',
  '_==_',
  '_!=_',
  '_<_',
  '_<=_',
  '_>_',
  '_>=_',
  '_+_',
  '@in',
  '_in_',
]);
const patterns: ReadonlySet<string> = new Set(['matches', 'find', 'findAll']);

class Estimator {
  estimate(expr: Expr, scope: Scope): Estimate {
    switch (expr.kind) {
      case 'literal':
        return { cost: 0, shape: undefined, size: typeof expr.value === 'string' ? expr.value.length : scalarSize };
      case 'ident':
        return { ...(scope.get(expr.name) ?? { shape: undefined, size: scalarSize }), cost: 1 };
      case 'select':
        return this.#select(expr, scope);
      case 'call':
        return this.#call(expr, scope);
      case 'comprehension':
        return this.#loop(expr, scope);
      case 'list': {
        const parts = expr.elements.map(({ value }) => this.estimate(value, scope).cost);
        return { cost: parts.reduce((sum, cost) => sum + cost, 10), shape: undefined, size: parts.length };
      }
      case 'map': {
        const cost = expr.entries.reduce(
          (sum, { key, value }) => sum + this.estimate(key, scope).cost + this.estimate(value, scope).cost,
          30,
        );
        return { cost, shape: undefined, size: expr.entries.length };
      }
      default: {
        const cost = expr.fields.reduce((sum, { value }) => sum + this.estimate(value, scope).cost, 40);
        return { cost, shape: undefined, size: scalarSize };
      }
    }
  }

  #select(expr: Extract<Expr, { kind: 'select' }>, scope: Scope): Estimate {
    const operand = this.estimate(expr.operand, scope);
    if (expr.testOnly) return { cost: operand.cost + 1, shape: undefined, size: scalarSize };
    const { shape } = operand;
    const found =
      shape?.kind === 'object' ? shape.fields.get(expr.field)?.shape : shape?.kind === 'map' ? shape.value : undefined;
    return sized(operand.cost + 1, found);
  }

  #call(expr: Extract<Expr, { kind: 'call' }>, scope: Scope): Estimate {
    const args = [...(expr.target === undefined ? [] : [expr.target]), ...expr.args].map((arg) =>
      this.estimate(arg, scope),
    );
    const own = args.reduce((sum, { cost }) => sum + cost, 0);
    const [first, second] = args;
    if (expr.name === '_[_]' || expr.name === '_[?_]') {
      const { shape } = first ?? {};
      return sized(own + 1, shape?.kind === 'list' ? shape.element : shape?.kind === 'map' ? shape.value : undefined);
    }
    let cost = 1;
    if (patterns.has(expr.name)) {
      cost = (first?.size ?? 0) * stringCostFactor * Math.max(1, (second?.size ?? 0) * regexCostFactor);
    } else if (expr.name === '_==_' || expr.name === '_!=_') {
      cost = Math.max(1, Math.min(first?.size ?? 0, second?.size ?? 0) * stringCostFactor);
    } else if (linear.has(expr.name)) {
      cost = Math.max(1, Math.max(...args.map(({ size }) => size)) * stringCostFactor);
    }
    const size =
      expr.name === '_+_'
        ? args.reduce((sum, each) => sum + each.size, 0)
        : expr.name === 'string'
          ? Number.POSITIVE_INFINITY
          : (first?.size ?? scalarSize);
    return { cost: own + Math.ceil(cost), shape: undefined, size };
  }

  #loop(expr: Extract<Expr, { kind: 'comprehension' }>, scope: Scope): Estimate {
    const range = this.estimate(expr.range, scope);
    const { shape } = range;
    const element = shape?.kind === 'list' ? sized(0, shape.element) : { cost: 0, shape: undefined, size: unknownSize };
    const value = shape?.kind === 'map' ? sized(0, shape.value) : element;
    const inner = new Map(scope);
    inner.set(expr.iterVar, shape?.kind === 'list' ? element : { cost: 0, shape: undefined, size: scalarSize });
    if (expr.iterVar2 !== undefined) inner.set(expr.iterVar2, value);
    const init = this.estimate(expr.accuInit, scope);
    inner.set(expr.accuVar, init);
    const each = this.estimate(expr.condition, inner).cost + this.estimate(expr.step, inner).cost;
    const result = this.estimate(expr.result, inner);
    return { cost: range.cost + init.cost + range.size * each + result.cost, shape: undefined, size: range.size };
  }
}

export function estimateRuleCost(program: Program, shape: Shape): number {
  const self = sized(0, shape);
  return new Estimator().estimate(
    program.expr,
    new Map([
      ['self', self],
      ['oldSelf', self],
    ]),
  ).cost;
}

/** How often each schema's values may stand in one object; undefined: as often as fits into a request. */
function cardinalities(root: SchemaProps): Map<SchemaProps, number | undefined> {
  const found = new Map<SchemaProps, number | undefined>();
  const visit = (schema: SchemaProps, times: number | undefined): void => {
    found.set(schema, times);
    for (const property of Object.values(schema.properties ?? {})) visit(property, times);
    const multiplied = (bound: number | undefined): number | undefined =>
      bound === undefined || times === undefined ? undefined : times * bound;
    const items = itemsOf(schema);
    if (items !== undefined) visit(items, multiplied(schema.maxItems));
    const additional = additionalOf(schema);
    if (additional !== undefined) visit(additional, multiplied(schema.maxProperties));
  };
  visit(root, 1);
  return found;
}

interface Cost {
  readonly path: string;
  readonly cost: number;
}

/** Errors of rules that may cost too much; `stored` rules are forgiven. */
export class CostCheck {
  readonly #stored: ReadonlySet<string>;
  readonly #times: Map<SchemaProps, number | undefined>;
  readonly #costs: Cost[] = [];

  constructor(root: SchemaProps, stored: ReadonlySet<string>) {
    this.#stored = stored;
    this.#times = cardinalities(root);
  }

  check(schema: SchemaProps, { rule, program, message }: CompiledRule, shape: Shape, path: string): FieldError[] {
    const often = this.#times.get(schema) ?? Math.floor(requestBytesMax / (shape.sizeMin + 1));
    const errors: FieldError[] = [];
    const note = (one: Program | undefined, field: string, what: string, times: number): void => {
      if (one === undefined) return;
      const cost = estimateRuleCost(one, shape) * times;
      this.#costs.push({ path: `${path}.${field}`, cost });
      if (cost > ruleCostMax && !this.#stored.has(rule.rule)) {
        errors.push(budgetError(`${path}.${field}`, what, cost / ruleCostMax));
      }
    };
    note(program, 'rule', 'estimated rule cost', often);
    note(message, 'messageExpression', 'estimated messageExpression cost', 1);
    return errors;
  }

  /** What all rules of the schema may cost together. */
  total(path: string): FieldError[] {
    const total = this.#costs.reduce((sum, { cost }) => sum + cost, 0);
    if (total <= schemaCostMax) return [];
    const worst = [...this.#costs].sort((a, b) => b.cost - a.cost).slice(0, worstShown);
    const why = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [...worst.map((one) => forbidden(one.path, why)), budgetError(path, what, total / schemaCostMax)];
  }
}
