/** String formats of OpenAPI that custom resources are checked against; others say nothing. */
import { parseIp } from '../meta/ip.ts';

const whole = (pattern: RegExp) => (text: string) => pattern.test(text);

const hex = '[0-9a-f]';
const uuid = (third: string, fourth: string): ((text: string) => boolean) =>
  whole(new RegExp(`^${hex}{8}-?${hex}{4}-?${third}-?${fourth}-?${hex}{12}$`, 'i'));
const anyQuad = `${hex}{4}`;

function isHostname(text: string): boolean {
  const label = /^[a-z0-9\p{S}\p{L}](?:[a-z0-9\p{S}\p{L}-]{0,61}[a-z0-9\p{S}\p{L}])?$/iu;
  return text.length <= 255 && text.split('.').every((part) => label.test(part));
}

/** Go's request URIs are absolute, or a path from the root. */
function isRequestUri(text: string): boolean {
  if (/[^\x21-\x7e\u0080-\uffff]/.test(text) || /%(?![0-9a-f]{2})/i.test(text)) return false;
  if (text.startsWith('/')) return true;
  return /^[a-z][a-z0-9+.-]*:(?:\/\/[^/?#\s]*)?\S*$/i.test(text);
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return month >= 1 && month <= 12 && day >= 1 && day <= (days[month - 1] as number);
}

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/.exec(time);
  if (!isDate(date) || match === null) return false;
  const [, hours = '', minutes = '', seconds = ''] = match;
  return hours <= '23' && minutes <= '59' && seconds <= '59';
}

/** Go's durations (`1h30m`), or a number and a unit in words (`22 ns`, `3 days`). */
const isDuration = (text: string): boolean =>
  /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/.test(text) ||
  /\d+\s*(?:n(?:s|anos?)|\u00b5s|us|micros?|ms|millis?|s(?:ec)?|m(?:in)?|h(?:r|our)?|d(?:ay)?|w(?:k|eek)?)/i.test(text);

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const ip = parseIp(address);
  return ip !== undefined && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= ip.length * 8;
}

function isIsbn10(text: string): boolean {
  const digits = text.replaceAll(/[\s-]+/g, '');
  if (!/^(?:\d{9}X|\d{10})$/.test(digits)) return false;
  const sum = digits.split('').reduce((total, c, i) => total + (i + 1) * (c === 'X' ? 10 : Number(c)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replaceAll(/[\s-]+/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  const sum = digits.split('').reduce((total, c, i) => total + (i % 2 === 0 ? 1 : 3) * Number(c), 0);
  return sum % 10 === 0;
}

const cardPattern =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replaceAll(/\D+/g, '');
  if (!cardPattern.test(digits)) return false;
  const sum = digits
    .split('')
    .reverse()
    .reduce((total, c, i) => {
      const value = Number(c) * (i % 2 === 0 ? 1 : 2);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}

const byte = '\\s*(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])\\s*';
const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';

/** By name without hyphens, as `date-time` and `datetime` are the same. */
const checks: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: whole(/^[0-9a-f]{24}$/i),
  uri: isRequestUri,
  email: whole(/^(?:[^<>]*<)?[^\s@<>(),;:]+@[^\s@<>(),;:]+>?$/),
  hostname: isHostname,
  ipv4: (text) => parseIp(text) !== undefined && text.includes('.'),
  ipv6: (text) => parseIp(text) !== undefined && text.includes(':'),
  cidr: isCidr,
  mac: whole(
    /^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?:(?:\1[0-9a-f]{2}){2}|(?:\1[0-9a-f]{2}){14})?|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?:\.[0-9a-f]{4})?)$/i,
  ),
  uuid: uuid(anyQuad, anyQuad),
  uuid3: uuid(`3${hex}{3}`, anyQuad),
  uuid4: uuid(`4${hex}{3}`, `[89ab]${hex}{3}`),
  uuid5: uuid(`5${hex}{3}`, `[89ab]${hex}{3}`),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: whole(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: whole(new RegExp(`^rgb\\(${byte},${byte},${byte}\\)$`)),
  byte: whole(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && new RegExp(`^${label}$`).test(text),
  k8slongname: (text) => text.length <= 253 && new RegExp(`^${label}(?:\\.${label})*$`).test(text),
};

const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

/** The format that counts for values of that type; '' where it is unknown there, and so says nothing. */
export function effectiveFormat(type: string | undefined, format: string | undefined): string {
  if (format === undefined || format === '') return '';
  if (type === undefined || type === '' || type === 'string') {
    return Object.hasOwn(checks, format.replaceAll('-', '')) ? format : '';
  }
  return numberFormats[type]?.includes(format) ? format : '';
}

export function matchesFormat(format: string, text: string): boolean {
  const name = format.replaceAll('-', '');
  const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
  return check === undefined || check(text);
}
