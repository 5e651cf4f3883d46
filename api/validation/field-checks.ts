/** Checks that many kinds share. Paths are texts: `spec.containers[0].name`. */
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goIntOrString } from '../meta/go-text.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPercent,
  isPortName,
  isPortNumber,
  isQualifiedName,
  nameIsPathSegment,
  regexMessage,
} from '../meta/names.ts';

/** The errors of each item, with its path. */
export const each = <T>(
  items: readonly T[] | null | undefined,
  path: string,
  check: (item: T, at: string, index: number) => FieldError[],
): FieldError[] => (items ?? []).flatMap((item, i) => check(item, `${path}[${i}]`, i));

/** Messages of a name check as errors of that value. */
export const named = (path: string, value: string, messages: readonly string[]): FieldError[] =>
  messages.map((message) => invalid(path, value, message));

export const dnsLabel = (path: string, value: string): FieldError[] => named(path, value, isDns1123Label(value));
export const dnsSubdomain = (path: string, value: string): FieldError[] =>
  named(path, value, isDns1123Subdomain(value));
export const qualifiedName = (path: string, value: string): FieldError[] => named(path, value, isQualifiedName(value));

export const requiredText = (path: string, value: string | undefined, detail = ''): FieldError[] =>
  value ? [] : [required(path, detail)];

/** `supported` in the order of the message */
export function oneOf(path: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  if (!value) return [required(path)];
  return supported.includes(value) ? [] : [notSupported(path, value, supported)];
}
export const oneOfIfSet = (path: string, value: string | undefined, supported: readonly string[]): FieldError[] =>
  value === undefined || supported.includes(value) ? [] : [notSupported(path, value, supported)];

export const forbiddenIf = (condition: unknown, path: string, why: string): FieldError[] =>
  condition ? [forbidden(path, why)] : [];

export const protocols = ['SCTP', 'TCP', 'UDP'] as const;

export const portNumber = (path: string, port: number): FieldError[] =>
  isPortNumber(port).map((message) => invalid(path, port, message));

export const portNumberOrName = (path: string, port: number | string | undefined): FieldError[] =>
  typeof port === 'string' ? named(path, port, isPortName(port)) : portNumber(path, port ?? 0);

/** Whatever fits one segment of a path, as kinds and names of other groups. */
export const pathSegment = (path: string, value: string | undefined): FieldError[] =>
  value ? named(path, value, nameIsPathSegment(value, false)) : [required(path)];

const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
