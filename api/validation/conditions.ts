import { duplicate, invalid, required, tooLong, type FieldError } from '../meta/field-error.ts';
import type { Condition } from '../types/meta-v1.ts';
import { each, oneOf, qualifiedName } from './field-checks.ts';

const reason = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const reasonMessage =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', " +
  "and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or " +
  "'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
const reasonBytesMax = 1024;
const messageBytesMax = 32 * 1024;

function validateCondition(condition: Partial<Condition>, path: string): FieldError[] {
  const { type = '', status, observedGeneration = 0, lastTransitionTime, message = '' } = condition;
  const errors = type === '' ? [required(`${path}.type`, 'is required')] : qualifiedName(`${path}.type`, type);
  errors.push(...oneOf(`${path}.status`, status, ['False', 'True', 'Unknown']));
  if (observedGeneration < 0) {
    errors.push(invalid(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'));
  }
  if (!lastTransitionTime) errors.push(required(`${path}.lastTransitionTime`));
  const why = condition.reason ?? '';
  if (why === '') errors.push(required(`${path}.reason`));
  else {
    if (!reason.test(why)) errors.push(invalid(`${path}.reason`, why, reasonMessage));
    if (Buffer.byteLength(why) > reasonBytesMax) errors.push(tooLong(`${path}.reason`, reasonBytesMax));
  }
  if (Buffer.byteLength(message) > messageBytesMax) errors.push(tooLong(`${path}.message`, messageBytesMax));
  return errors;
}

/** Conditions of the common form: one of each type. */
export function validateConditions(conditions: readonly Condition[] | undefined, path: string): FieldError[] {
  const seen = new Set<string>();
  return each(conditions, path, (condition, at) => {
    const { type = '' } = condition as Partial<Condition>;
    const twice = seen.has(type) ? [duplicate(at, type)] : [];
    seen.add(type);
    return [...twice, ...validateCondition(condition, at)];
  });
}
