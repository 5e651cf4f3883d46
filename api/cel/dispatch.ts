import type { Overload } from './environment.ts';
import { EvaluationError } from './errors.ts';
import type { Step } from './interpreter.ts';
import type { CelType } from './types.ts';
import { CelList, CelMap, CelObject, CelOptional, runtimeType, type CelValue } from './values.ts';

/** Can the value stand for the type? Elements of lists and maps are not looked at. */
const matches = (value: CelValue, type: CelType): boolean => {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'list':
      return value instanceof CelList;
    case 'map':
      return value instanceof CelMap;
    case 'struct':
      return value instanceof CelObject || value instanceof CelMap;
    case 'opaque':
      if (type.name === 'optional_type') return value instanceof CelOptional;
      return runtimeType(value).name === type.name;
    default:
      return runtimeType(value).kind === type.kind;
  }
};

const noOverload = (name: string, args: readonly CelValue[]): EvaluationError => {
  const types = args.map((arg) => runtimeType(arg).name).join(', ');
  return new EvaluationError(`no such overload: ${name}(${types})`);
};

/** A call: of the overloads that checking left, the first that the values fit. */
export const planCall = (name: string, overloads: readonly Overload[], operands: readonly Step[]): Step => {
  const [only] = overloads;
  return (frame) => {
    const args = operands.map((operand) => operand(frame));
    const fits = (overload: Overload): boolean => overload.args.every((type, index) => matches(args[index]!, type));
    const overload = overloads.length === 1 && fits(only!) ? only : overloads.find(fits);
    if (overload === undefined) throw noOverload(name, args);
    const result = overload.run(...args);
    frame.spend(overload.cost === undefined ? 1 : overload.cost(args, result));
    return result;
  };
};
