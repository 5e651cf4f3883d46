import { messageOf } from '../../../base/message-of.ts';
import {
  addQuantities,
  compareQuantities,
  isWhole,
  parseQuantity,
  quantityOf,
  subtractQuantities,
  unitsOf,
  type Quantity,
} from '../../meta/quantity.ts';
import type { Library } from '../environment.ts';
import { EvaluationError } from '../errors.ts';
import { opaqueType } from '../types.ts';
import { CelOpaque, intMax, intMin, type CelValue } from '../values.ts';
import { traversal } from './costs.ts';

const quantityType = opaqueType('kubernetes.Quantity');
const nanoPerUnit = 1_000_000_000;

class QuantityValue extends CelOpaque {
  readonly type = quantityType;
  readonly quantity: Quantity;

  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof QuantityValue && compareQuantities(this.quantity, other.quantity) === 0;
  }
}

const q = (value: CelValue): Quantity => (value as QuantityValue).quantity;

const parse = (text: string): Quantity => {
  try {
    return parseQuantity(text);
  } catch (error) {
    throw new EvaluationError(messageOf(error));
  }
};

const isQuantity = (text: string): boolean => {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
};

const isInteger = (quantity: Quantity): boolean => {
  if (!isWhole(quantity)) return false;
  const units = unitsOf(quantity);
  return units <= intMax && units >= intMin;
};

const asInteger = (quantity: Quantity): bigint => {
  if (!isInteger(quantity)) throw new EvaluationError('cannot convert value to integer');
  return unitsOf(quantity);
};

const sign = (quantity: Quantity): bigint => (quantity.nano > 0n ? 1n : quantity.nano < 0n ? -1n : 0n);

const add = (a: Quantity, b: Quantity): QuantityValue => new QuantityValue(addQuantities(a, b));
const sub = (a: Quantity, b: Quantity): QuantityValue => new QuantityValue(subtractQuantities(a, b));
const whole = (value: CelValue): Quantity => quantityOf(value as bigint);

const name = 'kubernetes.Quantity';

/** `quantity("1.5Gi").isGreaterThan(quantity("1Gi"))` */
export const quantity: Library = {
  types: [quantityType],
  functions: [
    [`quantity(string): ${name}`, (text) => new QuantityValue(parse(text as string)), traversal()],
    ['isQuantity(string): bool', (text) => isQuantity(text as string), traversal()],
    [`${name}.sign(): int`, (value) => sign(q(value))],
    [`${name}.isGreaterThan(${name}): bool`, (a, b) => compareQuantities(q(a), q(b)) > 0],
    [`${name}.isLessThan(${name}): bool`, (a, b) => compareQuantities(q(a), q(b)) < 0],
    [`${name}.compareTo(${name}): int`, (a, b) => BigInt(compareQuantities(q(a), q(b)))],
    [`${name}.asApproximateFloat(): double`, (value) => Number(q(value).nano) / nanoPerUnit],
    [`${name}.asInteger(): int`, (value) => asInteger(q(value))],
    [`${name}.isInteger(): bool`, (value) => isInteger(q(value))],
    [`${name}.add(${name}): ${name}`, (a, b) => add(q(a), q(b))],
    [`${name}.add(int): ${name}`, (a, b) => add(q(a), whole(b))],
    [`${name}.sub(${name}): ${name}`, (a, b) => sub(q(a), q(b))],
    [`${name}.sub(int): ${name}`, (a, b) => sub(q(a), whole(b))],
  ],
};
