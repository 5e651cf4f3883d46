import { sizeOf, type CelValue } from '../values.ts';
import type { CallCost } from '../environment.ts';

/** A unit of cost is about ten characters looked at. */
const traversalFactor = 0.1;
const regexFactor = 0.25;

/** Of the first argument, once or several times over. */
export const traversal =
  (times = 1): CallCost =>
  ([text]) =>
    Math.ceil(sizeOf(text!) * times * traversalFactor);

export const traversalOf = (value: CelValue, times = 1): number => Math.ceil(sizeOf(value) * times * traversalFactor);

export const shorterOf: CallCost = ([a, b]) => Math.ceil(Math.min(sizeOf(a!), sizeOf(b!)) * traversalFactor);

export const bothOf: CallCost = ([a, b]) => Math.ceil((sizeOf(a!) + sizeOf(b!)) * traversalFactor);

export const productOf: CallCost = ([a, b]) => traversalOf(a!) * traversalOf(b!);

/** A pattern of n characters over a text of m: n × m, at about four characters of pattern a state. */
export const patternMatch: CallCost = ([text, pattern]) =>
  Math.ceil((1 + sizeOf(text!)) * traversalFactor) * Math.ceil(sizeOf(pattern!) * regexFactor);

export const elements: CallCost = ([list]) => sizeOf(list!);
