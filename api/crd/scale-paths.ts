import { isObject } from '../meta/clone.ts';
import { invalid, type FieldError } from '../meta/field-error.ts';
import { printedValue } from './json-path.ts';
import type { CustomResourceSubresourceScale } from '../types/apiextensions-v1.ts';

const int32Max = 2 ** 31 - 1;

const partsOf = (path: string): string[] => path.replace(/^\./, '').split('.');

/** A plain dotted path: `.spec.replicas`. */
export function valueAtPath(object: unknown, path: string): unknown {
  let at: unknown = object;
  for (const part of partsOf(path)) {
    if (!isObject(at) || !Object.hasOwn(at, part)) return undefined;
    at = at[part];
  }
  return at;
}

/** Sets it, objects on the way made where there are none. Changes `object`. */
export function setAtPath(object: Record<string, unknown>, path: string, value: unknown): void {
  const parts = partsOf(path);
  const last = parts.pop() as string;
  let at = object;
  for (const part of parts) {
    const own = Object.hasOwn(at, part) ? at[part] : undefined;
    const next = isObject(own) ? own : {};
    at[part] = next;
    at = next;
  }
  at[last] = value;
}

const goTypeOf = (value: unknown): string =>
  typeof value === 'string'
    ? 'string'
    : typeof value === 'boolean'
      ? 'bool'
      : typeof value === 'number'
        ? Number.isInteger(value)
          ? 'int64'
          : 'float64'
        : Array.isArray(value)
          ? '[]interface {}'
          : value === null
            ? '<nil>'
            : 'map[string]interface {}';

/** Why the value at the path is not of the type that it must be; undefined: it is, or there is none. */
export function wrongTypeAt(object: unknown, path: string, wanted: 'int64' | 'string'): string | undefined {
  const value = valueAtPath(object, path);
  if (value === undefined || goTypeOf(value) === wanted) return undefined;
  const shown = printedValue(value);
  return `.${partsOf(path).join('.')} accessor error: ${shown} is of the type ${goTypeOf(value)}, expected ${wanted}`;
}

function validateReplicas(object: unknown, path: string): FieldError[] {
  const wrong = wrongTypeAt(object, path, 'int64');
  if (wrong !== undefined) return [invalid(path, 0, wrong)];
  const replicas = Number(valueAtPath(object, path) ?? 0);
  if (replicas < 0) return [invalid(path, replicas, 'should be a non-negative integer')];
  return replicas > int32Max ? [invalid(path, replicas, `should be less than or equal to ${int32Max}`)] : [];
}

export const validateScaleSpec = (object: unknown, scale: CustomResourceSubresourceScale | undefined): FieldError[] =>
  scale === undefined ? [] : validateReplicas(object, scale.specReplicasPath);

export function validateScaleStatus(object: unknown, scale: CustomResourceSubresourceScale | undefined): FieldError[] {
  if (scale === undefined) return [];
  const errors = validateReplicas(object, scale.statusReplicasPath);
  const wrong = scale.labelSelectorPath ? wrongTypeAt(object, scale.labelSelectorPath, 'string') : undefined;
  return wrong === undefined ? errors : [...errors, invalid(scale.labelSelectorPath as string, '', wrong)];
}
