/**
 * Turns a checked tree into functions once, which then run as often as wanted. Every step counts what it costs, in the
 * units of cel-go, and the run ends with CostExceeded beyond its limit: no expression runs away.
 */
import type { CallNode, ComprehensionNode, Expr, ListNode, MapNode, SelectNode, StructNode } from './ast.ts';
import type { Checked } from './checker.ts';
import type { Environment } from './environment.ts';
import { CostExceeded, EvaluationError, noSuchKey } from './errors.ts';
import { selectField, selectIndex, testField } from './selection.ts';
import { planCall } from './dispatch.ts';
import { isOptional } from './types.ts';
import { ArrayList, CelList, CelMap, CelOptional, EntryMap, mapKey, type CelValue } from './values.ts';

const listCost = 10;
const mapCost = 30;
const structCost = 40;

/** Answers variables by name; undefined for one that has no value. */
export type Variables = (name: string) => CelValue | undefined;

/** What one run carries. */
export class Frame {
  cost = 0;
  /** loop variables and accumulators; an error in one is thrown when it is read */
  readonly slots: (CelValue | EvaluationError)[] = [];
  readonly #limit: number;

  readonly variables: Variables;

  constructor(variables: Variables, limit: number) {
    this.variables = variables;
    this.#limit = limit;
  }

  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostExceeded();
  }
}

export type Step = (frame: Frame) => CelValue;

type Scope = ReadonlyMap<string, number>;

export const asBool = (value: CelValue): boolean => {
  if (typeof value !== 'boolean') throw new EvaluationError('no such overload');
  return value;
};

class Planner {
  readonly #checked: Checked;
  readonly #env: Environment;
  #slotCount = 0;

  constructor(checked: Checked, env: Environment) {
    this.#checked = checked;
    this.#env = env;
  }

  plan(expr: Expr, scope: Scope): Step {
    switch (expr.kind) {
      case 'literal': {
        const { value } = expr;
        return () => value;
      }
      case 'ident':
        return this.#name(expr, scope);
      case 'select':
        return this.#select(expr, scope);
      case 'call':
        return this.#call(expr, scope);
      case 'list':
        return this.#list(expr, scope);
      case 'map':
        return this.#map(expr, scope);
      case 'struct':
        return this.#struct(expr, scope);
      default:
        return this.#comprehension(expr, scope);
    }
  }

  #name(expr: Expr, scope: Scope): Step {
    const name = this.#checked.names.get(expr)!;
    if ('typeValue' in name) {
      const { typeValue } = name;
      return (frame) => {
        frame.spend(1);
        return typeValue;
      };
    }
    const slot = scope.get(name.variable);
    if (slot !== undefined) {
      return (frame) => {
        frame.spend(1);
        const value = frame.slots[slot]!;
        if (value instanceof EvaluationError) throw value;
        return value;
      };
    }
    const plain = name.variable.startsWith('.') ? name.variable.slice(1) : name.variable;
    return (frame) => {
      frame.spend(1);
      const value = frame.variables(plain);
      if (value === undefined) throw new EvaluationError(`no such attribute(s): ${plain}`);
      return value;
    };
  }

  #select(expr: SelectNode, scope: Scope): Step {
    if (this.#checked.names.has(expr)) return this.#name(expr, scope);
    const operand = this.plan(expr.operand, scope);
    const { field } = expr;
    if (expr.testOnly) return (frame) => testField(operand(frame), field);
    return (frame) => {
      const target = operand(frame);
      frame.spend(1);
      return selectField(target, field);
    };
  }

  #call(expr: CallNode, scope: Scope): Step {
    const special = this.#operator(expr, scope);
    if (special !== undefined) return special;
    const overloads = this.#checked.overloads.get(expr)!;
    const member = overloads[0]!.member;
    if (member && isOptional(overloads[0]!.args[0]!) && (expr.name === 'or' || expr.name === 'orValue')) {
      return alternative(this.plan(expr.target!, scope), this.plan(expr.args[0]!, scope), expr.name === 'orValue');
    }
    const operands = member ? [expr.target!, ...expr.args] : expr.args;
    return planCall(
      expr.name,
      overloads,
      operands.map((operand) => this.plan(operand, scope)),
    );
  }

  /** Operators that do not evaluate all that they are given, and those that read fields. */
  #operator({ name, args }: CallNode, scope: Scope): Step | undefined {
    const plan = (index: number): Step => this.plan(args[index]!, scope);
    switch (name) {
      case '_&&_':
        return logical(plan(0), plan(1), false);
      case '_||_':
        return logical(plan(0), plan(1), true);
      case '_?_:_': {
        const [condition, yes, no] = [plan(0), plan(1), plan(2)];
        return (frame) => (asBool(condition(frame)) ? yes(frame) : no(frame));
      }
      case '@not_strictly_false': {
        const inner = plan(0);
        return (frame) => {
          frame.spend(1);
          const value = attempt(inner, frame);
          return value !== false;
        };
      }
      case '_[_]':
        return indexing(plan(0), plan(1), selectIndex);
      case '_?._':
      case '_[?_]':
        return indexing(plan(0), plan(1), optionalIndex);
      default:
        return undefined;
    }
  }

  #list({ elements }: ListNode, scope: Scope): Step {
    const steps = elements.map(({ value, optional }) => ({ step: this.plan(value, scope), optional }));
    return (frame) => {
      const values: CelValue[] = [];
      for (const { step, optional } of steps) {
        const value = optional ? unwrap(step(frame)) : step(frame);
        if (value !== undefined) values.push(value);
      }
      frame.spend(listCost);
      return new ArrayList(values);
    };
  }

  #map({ entries }: MapNode, scope: Scope): Step {
    const steps = entries.map(({ key, value, optional }) => ({
      key: this.plan(key, scope),
      value: this.plan(value, scope),
      optional,
    }));
    return (frame) => {
      const map = new Map<string, readonly [CelValue, CelValue]>();
      for (const step of steps) {
        const key = step.key(frame);
        const id = typeof key === 'number' ? undefined : mapKey(key);
        if (id === undefined) throw new EvaluationError('unsupported key type');
        const value = step.optional ? unwrap(step.value(frame)) : step.value(frame);
        if (map.has(id)) throw new EvaluationError(`Failed with repeated key`);
        if (value !== undefined) map.set(id, [key, value]);
      }
      frame.spend(mapCost);
      return new EntryMap(map);
    };
  }

  #struct({ typeName, fields }: StructNode, scope: Scope): Step {
    const construct = this.#env.struct(typeName)?.construct;
    const steps = fields.map(({ name, value, optional }) => ({ name, optional, step: this.plan(value, scope) }));
    return (frame) => {
      const values = new Map<string, CelValue>();
      for (const { name, step, optional } of steps) {
        const value = optional ? unwrap(step(frame)) : step(frame);
        if (value !== undefined) values.set(name, value);
      }
      frame.spend(structCost);
      if (construct === undefined) throw new EvaluationError(`unknown type '${typeName}'`);
      return construct(values);
    };
  }

  #comprehension(expr: ComprehensionNode, scope: Scope): Step {
    const accu = this.#slotCount++;
    const first = this.#slotCount++;
    const second = this.#slotCount++;
    const accuScope = new Map([...scope, [expr.accuVar, accu] as const]);
    const loopScope = new Map(accuScope).set(expr.iterVar, first);
    if (expr.iterVar2 !== undefined) loopScope.set(expr.iterVar2, second);
    const range = this.plan(expr.range, scope);
    const init = this.plan(expr.accuInit, scope);
    const condition = this.plan(expr.condition, loopScope);
    const step = this.plan(expr.step, loopScope);
    const result = this.plan(expr.result, accuScope);
    const pairs = expr.iterVar2 !== undefined;
    return (frame) => {
      const source = range(frame);
      frame.slots[accu] = attempt(init, frame);
      for (const [key, value] of elementsOf(source, pairs)) {
        frame.slots[first] = key;
        frame.slots[second] = value;
        if (condition(frame) === false) break;
        frame.slots[accu] = attempt(step, frame);
      }
      return result(frame);
    };
  }
}

const attempt = (step: Step, frame: Frame): CelValue | EvaluationError => {
  try {
    return step(frame);
  } catch (error) {
    if (error instanceof EvaluationError) return error;
    throw error;
  }
};

/** `&&` and `||`: what decides wins over an error, on whichever side it stands. */
const logical =
  (left: Step, right: Step, deciding: boolean): Step =>
  (frame) => {
    const first = attempt(left, frame);
    if (first === deciding) return deciding;
    const second = attempt(right, frame);
    if (second === deciding) return deciding;
    if (first instanceof EvaluationError) throw first;
    if (second instanceof EvaluationError) throw second;
    asBool(first);
    asBool(second);
    return !deciding;
  };

const indexing =
  (operand: Step, index: Step, select: (target: CelValue, key: CelValue) => CelValue): Step =>
  (frame) => {
    const target = operand(frame);
    const key = index(frame);
    frame.spend(1);
    return select(target, key);
  };

/** `a.or(b)` and `a.orValue(b)` look at b only where a holds nothing. */
const alternative =
  (target: Step, other: Step, unwraps: boolean): Step =>
  (frame) => {
    const first = target(frame);
    frame.spend(1);
    if (!(first instanceof CelOptional)) throw new EvaluationError('no such overload');
    if (first.value === undefined) return other(frame);
    return unwraps ? first.value : first;
  };

const optionalIndex = (target: CelValue, key: CelValue): CelValue => {
  const held = target instanceof CelOptional ? target.value : target;
  if (held === undefined) return CelOptional.none;
  return selectIndex(CelOptional.of(held), key);
};

const unwrap = (value: CelValue): CelValue | undefined => {
  if (!(value instanceof CelOptional)) throw new EvaluationError('no such overload');
  return value.value;
};

/** What a loop goes over: elements; keys; index and element; key and value. */
function* elementsOf(source: CelValue, pairs: boolean): Generator<readonly [CelValue, CelValue]> {
  if (source instanceof CelList) {
    const { size } = source;
    for (let index = 0; index < size; index++) {
      const element = source.get(index);
      yield pairs ? [BigInt(index), element] : [element, null];
    }
    return;
  }
  if (!(source instanceof CelMap)) throw new EvaluationError('no such overload');
  for (const key of source.keys()) {
    if (!pairs) {
      yield [key, null];
      continue;
    }
    const value = source.find(key);
    if (value === undefined) throw noSuchKey(key);
    yield [key, value];
  }
}

export const planProgram = (expr: Expr, checked: Checked, env: Environment): Step =>
  new Planner(checked, env).plan(expr, new Map());
