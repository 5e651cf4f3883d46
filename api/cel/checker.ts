import type { CallNode, ComprehensionNode, Expr, ListNode, MapNode, SelectNode, StructNode } from './ast.ts';
import type { Environment, FunctionDeclaration, Overload } from './environment.ts';
import type { Issue } from './source.ts';
import {
  boolType,
  dynType,
  errorType,
  intType,
  isDyn,
  isDynOrError,
  isOptional,
  listType,
  mapType,
  optionalType,
  paramType,
  stringType,
  type CelType,
} from './types.ts';
import { assignable, instantiate, mostGeneral, substitute, type Bindings } from './unify.ts';
import { runtimeType } from './values.ts';

/** What checking found out about a node, for the interpreter. */
export interface Checked {
  readonly types: ReadonlyMap<Expr, CelType>;
  /** the overloads that may apply, of calls */
  readonly overloads: ReadonlyMap<Expr, readonly Overload[]>;
  /** identifiers and selections that name a variable (`a.b` declared as a whole) or a type */
  readonly names: ReadonlyMap<Expr, Name>;
  readonly type: CelType;
}

export type Name = { readonly variable: string } | { readonly typeValue: CelType };

/** `a.b.c` as names; undefined where it does not begin with an identifier. */
const qualifiedName = (expr: Expr): string | undefined => {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.testOnly) return undefined;
  const operand = qualifiedName(expr.operand);
  return operand === undefined ? undefined : `${operand}.${expr.field}`;
};

class Checker {
  readonly #env: Environment;
  readonly #issues: Issue[];
  #bindings: Bindings = new Map();
  #scopes: ReadonlyMap<string, CelType>[] = [];
  #freshCount = 0;
  readonly types = new Map<Expr, CelType>();
  readonly overloads = new Map<Expr, readonly Overload[]>();
  readonly names = new Map<Expr, Name>();

  constructor(env: Environment, issues: Issue[]) {
    this.#env = env;
    this.#issues = issues;
  }

  check(expr: Expr): CelType {
    const type = this.#check(expr);
    this.types.set(expr, type);
    return type;
  }

  finish(): void {
    for (const [expr, type] of this.types) this.types.set(expr, substitute(this.#bindings, type, true));
  }

  #check(expr: Expr): CelType {
    switch (expr.kind) {
      case 'literal':
        return runtimeType(expr.value);
      case 'ident':
        return this.#ident(expr, expr.name);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        return this.#struct(expr);
      default:
        return this.#comprehension(expr);
    }
  }

  #report(expr: { readonly offset: number }, message: string): CelType {
    this.#issues.push({ offset: expr.offset, message });
    return errorType;
  }

  #mismatch(expr: Expr, expected: CelType, actual: CelType): CelType {
    const shown = (type: CelType): string => substitute(this.#bindings, type, false).toString();
    return this.#report(expr, `expected type '${shown(expected)}' but found '${shown(actual)}'`);
  }

  #fits(to: CelType, from: CelType): boolean {
    const bindings = assignable(this.#bindings, [to], [from]);
    if (bindings !== undefined) this.#bindings = bindings;
    return bindings !== undefined;
  }

  #fresh(): string {
    return `_var${this.#freshCount++}`;
  }

  #lookup(expr: Expr, name: string): CelType | undefined {
    if (!name.startsWith('.')) {
      for (const scope of this.#scopes.toReversed()) {
        const type = scope.get(name);
        if (type !== undefined) {
          this.names.set(expr, { variable: name });
          return type;
        }
      }
    }
    const plain = name.startsWith('.') ? name.slice(1) : name;
    const variable = this.#env.variable(plain);
    if (variable !== undefined) {
      // A leading dot passes by loop variables of the same name.
      this.names.set(expr, { variable: name });
      return variable;
    }
    const constant = this.#env.typeNamed(plain);
    if (constant === undefined) return undefined;
    this.names.set(expr, { typeValue: constant.value });
    return constant.type;
  }

  #ident(expr: Expr, name: string): CelType {
    return this.#lookup(expr, name) ?? this.#report(expr, `undeclared reference to '${name}' (in container '')`);
  }

  #select(expr: SelectNode): CelType {
    const name = qualifiedName(expr);
    if (name !== undefined && !this.#isLocal(name)) {
      const found = this.#lookup(expr, name);
      if (found !== undefined) return found;
    }
    const type = this.#field(expr, expr.operand, expr.field, false);
    return expr.testOnly ? boolType : substitute(this.#bindings, type, false);
  }

  /** Loop variables hide declared names that begin as they do. */
  #isLocal(name: string): boolean {
    const root = name.split('.', 1)[0]!;
    return this.#scopes.some((scope) => scope.has(root));
  }

  #field(expr: Expr, operand: Expr, field: string, optional: boolean): CelType {
    const operandType = substitute(this.#bindings, this.check(operand), false);
    const wasOptional = isOptional(operandType);
    const target = wasOptional ? operandType.parameters[0]! : operandType;
    const result = this.#fieldOf(expr, target, field);
    return wasOptional || optional ? optionalType(result) : result;
  }

  #fieldOf(expr: Expr, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.parameters[1]!;
      case 'struct':
        return this.#env.struct(target.name)?.field(field) ?? this.#report(expr, `undefined field '${field}'`);
      case 'param':
        this.#fits(dynType, target);
        return dynType;
      default:
        if (!isDynOrError(target)) this.#report(expr, `type '${target.toString()}' does not support field selection`);
        return dynType;
    }
  }

  #call(expr: CallNode): CelType {
    if (expr.name === '_?._') return this.#optionalSelect(expr);
    for (const arg of expr.args) this.check(arg);
    if (expr.target === undefined) {
      const declared = this.#env.function(expr.name);
      if (declared === undefined) return this.#undeclared(expr, expr.name);
      return this.#resolve(expr, declared, expr.args, false);
    }
    const prefix = qualifiedName(expr.target);
    const namespaced = prefix === undefined ? undefined : this.#env.function(`${prefix}.${expr.name}`);
    if (namespaced !== undefined) return this.#resolve(expr, namespaced, expr.args, false);
    this.check(expr.target);
    const declared = this.#env.function(expr.name);
    if (declared === undefined) return this.#undeclared(expr, expr.name);
    return this.#resolve(expr, declared, [expr.target, ...expr.args], true);
  }

  #undeclared(expr: Expr, name: string): CelType {
    return this.#report(expr, `undeclared reference to '${name}' (in container '')`);
  }

  #optionalSelect(expr: CallNode): CelType {
    const [operand, field] = expr.args as [Expr, Expr];
    const name = field.kind === 'literal' && typeof field.value === 'string' ? field.value : '';
    this.types.set(field, stringType);
    return substitute(this.#bindings, this.#field(expr, operand, name, true), false);
  }

  #resolve(expr: CallNode, declared: FunctionDeclaration, args: readonly Expr[], member: boolean): CelType {
    const given = args.map((arg) => this.types.get(arg)!);
    if (declared.name === '_&&_' || declared.name === '_||_') return this.#logical(args, given);
    const found: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of declared.overloads) {
      if (overload.member !== member) continue;
      const [own, ...wanted] = instantiate([overload.result, ...overload.args], () => this.#fresh());
      const bindings = assignable(this.#bindings, given, wanted);
      if (bindings === undefined) continue;
      this.#bindings = bindings;
      found.push(overload);
      const overloadResult = substitute(bindings, own!, false);
      if (result === undefined) result = overloadResult;
      else if (!isDyn(result) && !overloadResult.equals(result)) result = dynType;
    }
    if (result === undefined) return this.#noOverload(expr, declared.name, given, member);
    this.overloads.set(expr, found);
    return result;
  }

  #logical(args: readonly Expr[], given: readonly CelType[]): CelType {
    let ok = true;
    for (const [index, type] of given.entries()) {
      if (this.#fits(type, boolType)) continue;
      this.#mismatch(args[index]!, boolType, type);
      ok = false;
    }
    return ok ? boolType : errorType;
  }

  #noOverload(expr: CallNode, name: string, given: readonly CelType[], member: boolean): CelType {
    const types = given.map((type) => substitute(this.#bindings, type, true).toString());
    const receiver = member ? `${types.shift()}.` : '';
    const signature = `${receiver}(${types.join(', ')})`;
    return this.#report(expr, `found no matching overload for '${name}' applied to '${signature}'`);
  }

  #join(expr: Expr, previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    if (this.#fits(previous, current)) return mostGeneral(previous, current);
    return this.#mismatch(expr, previous, current);
  }

  #unwrapped(expr: Expr, type: CelType): CelType {
    if (isOptional(type)) return type.parameters[0]!;
    if (!isDyn(type)) this.#mismatch(expr, optionalType(type), type);
    return type;
  }

  #list(expr: ListNode): CelType {
    let element: CelType | undefined;
    for (const { value, optional } of expr.elements) {
      const type = this.check(value);
      element = this.#join(value, element, optional ? this.#unwrapped(value, type) : type);
    }
    return listType(element ?? paramType(this.#fresh()));
  }

  #map(expr: MapNode): CelType {
    let keyType: CelType | undefined;
    let valueType: CelType | undefined;
    for (const { key, value, optional } of expr.entries) {
      keyType = this.#join(key, keyType, this.check(key));
      const type = this.check(value);
      valueType = this.#join(value, valueType, optional ? this.#unwrapped(value, type) : type);
    }
    return mapType(keyType ?? paramType(this.#fresh()), valueType ?? paramType(this.#fresh()));
  }

  #struct(expr: StructNode): CelType {
    const declared = this.#env.struct(expr.typeName);
    if (declared === undefined) return this.#undeclared(expr, expr.typeName);
    for (const field of expr.fields) {
      let type = this.check(field.value);
      if (field.optional) type = this.#unwrapped(field.value, type);
      const wanted = declared.field(field.name);
      if (wanted === undefined) this.#report(field, `undefined field '${field.name}'`);
      else if (!this.#fits(wanted, type)) {
        const provided = substitute(this.#bindings, type, true).toString();
        const what = `'${wanted.toString()}' but provided type is '${provided}'`;
        this.#report(field, `expected type of field '${field.name}' is ${what}`);
      }
    }
    return declared.type;
  }

  /** The types of a loop's variables: element, or index and element; key, or key and value. */
  #loopTypes(expr: ComprehensionNode, range: CelType): readonly [CelType, CelType] {
    const two = expr.iterVar2 !== undefined;
    switch (range.kind) {
      case 'list':
        return two ? [intType, range.parameters[0]!] : [range.parameters[0]!, dynType];
      case 'map':
        return [range.parameters[0]!, range.parameters[1]!];
      case 'dyn':
      case 'error':
      case 'param':
        this.#fits(dynType, range);
        return [dynType, dynType];
      default: {
        const what = `expression of type '${range.toString()}' cannot be range of a comprehension`;
        this.#report(expr.range, `${what} (must be list, map, or dynamic)`);
        return [errorType, errorType];
      }
    }
  }

  #comprehension(expr: ComprehensionNode): CelType {
    this.check(expr.range);
    const accuType = this.check(expr.accuInit);
    const range = substitute(this.#bindings, this.types.get(expr.range)!, false);
    const [first, second] = this.#loopTypes(expr, range);
    const loop = new Map([[expr.iterVar, first]]);
    if (expr.iterVar2 !== undefined) loop.set(expr.iterVar2, second);
    this.#scopes.push(new Map([[expr.accuVar, accuType]]), loop);
    this.#require(expr.condition, this.check(expr.condition), boolType);
    this.#require(expr.step, this.check(expr.step), accuType);
    this.#scopes.pop();
    const result = this.check(expr.result);
    this.#scopes.pop();
    return substitute(this.#bindings, result, false);
  }

  #require(expr: Expr, type: CelType, wanted: CelType): void {
    if (!this.#fits(wanted, type)) this.#mismatch(expr, wanted, type);
  }
}

/** Types of all nodes; undefined where `issues` says what is wrong. */
export const check = (expr: Expr, env: Environment, issues: Issue[]): Checked | undefined => {
  const checker = new Checker(env, issues);
  checker.check(expr);
  if (issues.length > 0) return undefined;
  checker.finish();
  const { types, overloads, names } = checker;
  return { types, overloads, names, type: types.get(expr)! };
};
