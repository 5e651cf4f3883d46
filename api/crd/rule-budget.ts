import { forbidden, type FieldError } from '../meta/field-error.ts';

/** A rule that may cost more than it is allowed, and by how much. */
export const budgetError = (path: string, what: string, factor: number): FieldError => {
  const times = factor > 100 ? 'more than 100x' : `${factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1)}x`;
  const advice =
    '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
  return forbidden(path, `${what} exceeds budget by factor of ${times} ${advice}`);
};
