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
const httpPathRegex = new RegExp(`^${httpPath}$`);

/** `acme.io/foo` */
export function domainPrefixedPath(path: string, value: string | undefined): FieldError[] {
  if (!value) return [required(path)];
  const slash = value.indexOf('/');
  const [host, rest] = [value.slice(0, slash), value.slice(slash + 1)];
  if (slash <= 0 || rest === '') {
    return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = dnsSubdomain(path, host);
  return httpPathRegex.test(rest) ? errors : [...errors, invalid(path, rest, regexMessage('Invalid path', httpPath))];
}

/** A count, or a part of the whole like `25%`; not negative. */
export function intOrPercent(path: string, value: number | string | undefined): FieldError[] {
  if (typeof value === 'string') return isPercent(value).map((m) => invalid(path, goIntOrString(value), m));
  return (value ?? 0) < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];
}

/** 25 of `25%`; undefined: it is no percentage */
export const percentOf = (value: number | string | undefined): number | undefined =>
  typeof value === 'string' && /^[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : undefined;
/** A text that is no percentage counts as the number it is, or as 0. */
export const isZeroIntOrPercent = (value: number | string | undefined): boolean =>
  (percentOf(value) ?? (Number(value ?? 0) || 0)) === 0;

export const fileMode = (path: string, mode: number | undefined): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];

/** Paths below a volume: relative, without `..` */
export function localPath(path: string, value: string): FieldError[] {
  const errors = value.startsWith('/') ? [invalid(path, value, 'must be a relative path')] : [];
  return [...errors, ...noBacksteps(path, value)];
}
export const noBacksteps = (path: string, value: string): FieldError[] =>
  value.split('/').includes('..') ? [invalid(path, value, "must not contain '..'")] : [];

/** Names that begin with `..` are kept for the way volumes are written. */
export function localNonReservedPath(path: string, value: string): FieldError[] {
  const reserved = value.startsWith('..') && !value.startsWith('../');
  return [...localPath(path, value), ...(reserved ? [invalid(path, value, "must not start with '..'")] : [])];
}
