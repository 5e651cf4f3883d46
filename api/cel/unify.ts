/**
 * Whether one type can stand where another is asked for, and what that makes of type parameters.
 *
 *     list(A) ← list(int)        A = int
 *     map(A, B) ← map(string, dyn), then A ← int    no: A is string
 */
import { CelType, dynType, isDyn, isDynOrError, paramType } from './types.ts';

/** What parameters stand for so far, by name. */
export type Bindings = Map<string, CelType>;

const nullable: ReadonlySet<string> = new Set(['opaque', 'struct', 'duration', 'timestamp']);

/** is `a` the same as `b`, or less definite? */
const isEqualOrLessSpecific = (a: CelType, b: CelType): boolean => {
  if (isDyn(a) || a.kind === 'param') return true;
  if (isDyn(b) || b.kind === 'param' || a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  if (a.name !== b.name || a.parameters.length !== b.parameters.length) return false;
  return a.parameters.every((parameter, index) => isEqualOrLessSpecific(parameter, b.parameters[index]!));
};

export const mostGeneral = (a: CelType, b: CelType): CelType => (isEqualOrLessSpecific(a, b) ? a : b);

/** A parameter must not be bound to a type that holds it. */
const occursNotIn = (bindings: Bindings, param: CelType, within: CelType): boolean => {
  if (param.equals(within)) return false;
  if (within.kind === 'param') {
    const bound = bindings.get(within.name);
    return bound === undefined || occursNotIn(bindings, param, bound);
  }
  return within.parameters.every((inner) => occursNotIn(bindings, param, inner));
};

const bind = (bindings: Bindings, type: CelType, param: CelType): { valid: boolean; bound: boolean } => {
  if (type.equals(param)) return { valid: true, bound: true };
  const current = bindings.get(param.name);
  if (current !== undefined) {
    if (type.equals(current)) return { valid: true, bound: true };
    if (!assign(bindings, type, current)) return { valid: false, bound: true };
    const general = mostGeneral(type, current);
    if (occursNotIn(bindings, param, general)) bindings.set(param.name, general);
    return { valid: true, bound: true };
  }
  if (!occursNotIn(bindings, param, type)) return { valid: false, bound: false };
  bindings.set(param.name, type);
  return { valid: true, bound: false };
};

const assign = (bindings: Bindings, a: CelType, b: CelType): boolean => {
  if (b.kind === 'param') {
    const { valid, bound } = bind(bindings, a, b);
    if (valid) return true;
    if (bound) return false;
  }
  if (a.kind === 'param') return bind(bindings, b, a).valid;
  if (isDynOrError(a) || isDynOrError(b)) return true;
  if (a.kind === 'null') return b.kind === 'null' || nullable.has(b.kind);
  if (b.kind === 'null') return nullable.has(a.kind);
  if (a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  if (a.name !== b.name || a.parameters.length !== b.parameters.length) return false;
  return a.parameters.every((parameter, index) => assign(bindings, parameter, b.parameters[index]!));
};

/** The bindings under which every type of `from` fits `to`; undefined where there are none. */
export const assignable = (
  bindings: Bindings,
  from: readonly CelType[],
  to: readonly CelType[],
): Bindings | undefined => {
  if (from.length !== to.length) return undefined;
  const trial = new Map(bindings);
  return from.every((type, index) => assign(trial, type, to[index]!)) ? trial : undefined;
};

/** A type with what its parameters stand for; those that stand for nothing are `dyn` where asked. */
export const substitute = (bindings: Bindings, type: CelType, freeIsDyn: boolean): CelType => {
  if (type.kind === 'param') {
    const bound = bindings.get(type.name);
    if (bound !== undefined) return substitute(bindings, bound, freeIsDyn);
    return freeIsDyn ? dynType : type;
  }
  if (type.parameters.length === 0) return type;
  const parameters = type.parameters.map((inner) => substitute(bindings, inner, freeIsDyn));
  return new CelType(type.kind, type.name, parameters);
};

/** The parameters in a signature get names that no other use of it has. */
export const instantiate = (types: readonly CelType[], fresh: () => string): CelType[] => {
  const names: Bindings = new Map();
  const rename = (type: CelType): CelType => {
    if (type.kind === 'param') {
      const known = names.get(type.name) ?? paramType(fresh());
      names.set(type.name, known);
      return known;
    }
    if (type.parameters.length === 0) return type;
    return new CelType(type.kind, type.name, type.parameters.map(rename));
  };
  return types.map(rename);
};
