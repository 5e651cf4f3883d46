/** IP addresses and CIDR blocks, as Kubernetes reads them. */
import { invalid } from './field-error.ts';
import type { FieldError } from './field-error.ts';

/** 4 or 16 bytes */
export type IpAddress = readonly number[];

function parseV4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((p) => /^[0-9]{1,3}$/.test(p) && Number(p) <= 255)) return undefined;
  return parts.map(Number);
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = (half: string | undefined): number[] | undefined => {
    if (half === undefined || half === '') return [];
    const bytes: number[] = [];
    const parts = half.split(':');
    for (const [i, part] of parts.entries()) {
      const v4 = part.includes('.') && i === parts.length - 1 ? parseV4(part) : undefined;
      if (v4 !== undefined) bytes.push(...v4);
      else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
        const group = parseInt(part, 16);
        bytes.push(group >> 8, group & 255);
      } else return undefined;
    }
    return bytes;
  };
  const [head, tail] = [groups(halves[0]), groups(halves[1])];
  if (head === undefined || tail === undefined) return undefined;
  const gap = 16 - head.length - tail.length;
  if (halves.length === 1 ? gap !== 0 : gap < 2) return undefined;
  return [...head, ...Array<number>(gap).fill(0), ...tail];
}

/** Undefined for what is no address. */
export const parseIp = (text: string): IpAddress | undefined => (text.includes(':') ? parseV6(text) : parseV4(text));

export const isIpv4 = (text: string): boolean => parseIp(text)?.length === 4 || isMapped(parseIp(text));
export const isIpv6 = (text: string): boolean => parseIp(text)?.length === 16 && !isMapped(parseIp(text));

const isMapped = (ip: IpAddress | undefined): boolean =>
  ip?.length === 16 && ip.slice(0, 10).every((b) => b === 0) && ip[10] === 255 && ip[11] === 255;

/** RFC 5952: the longest run of zero groups is `::` */
export function formatIp(ip: IpAddress): string {
  if (ip.length === 4) return ip.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((ip[2 * i] as number) << 8) | (ip[2 * i + 1] as number));
  let [start, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) [start, length] = [i, run];
  }
  const hex = (list: number[]): string => list.map((g) => g.toString(16)).join(':');
  if (start < 0) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

export const ipFamily = (text: string): 'IPv4' | 'IPv6' | undefined =>
  isIpv4(text) ? 'IPv4' : isIpv6(text) ? 'IPv6' : undefined;

const leadingZero = (text: string): boolean => /(?:^|\.)0[0-9]/.test(text);

/** `unchanged`: values of the old object, which need no longer be right */
export function validateIp(text: string, path: string, unchanged: readonly string[] = []): FieldError[] {
  if (unchanged.includes(text)) return [];
  const ip = parseIp(text);
  if (ip === undefined) {
    return [invalid(path, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  }
  const errors: FieldError[] = [];
  if (leadingZero(text)) errors.push(invalid(path, text, 'must not have leading 0s'));
  if (isMapped(ip)) errors.push(invalid(path, text, 'must not be an IPv4-mapped IPv6 address'));
  return errors;
}

/** Fields newer than the strict rules also want RFC 5952's form. */
export function validateCanonicalIp(text: string, path: string): FieldError[] {
  const errors = validateIp(text, path);
  const ip = parseIp(text);
  if (errors.length > 0 || ip === undefined || formatIp(ip) === text) return errors;
  return [invalid(path, text, `must be in canonical form ("${formatIp(ip)}")`)];
}

export function validateCidr(text: string, path: string, unchanged: readonly string[] = []): FieldError[] {
  if (unchanged.includes(text)) return [];
  const [address = '', length = '', ...rest] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || rest.length > 0 || !/^[0-9]{1,3}$/.test(length) || Number(length) > ip.length * 8) {
    return [invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  }
  if (leadingZero(address) || /^0[0-9]/.test(length)) {
    return [invalid(path, text, 'must not have leading 0s in IP or prefix length')];
  }
  if (isMapped(ip)) return [invalid(path, text, 'must not have an IPv4-mapped IPv6 address')];
  const bits = Number(length);
  const beyond = ip.some((byte, i) => (byte & (255 >> Math.min(8, Math.max(0, bits - i * 8)))) !== 0);
  return beyond ? [invalid(path, text, 'must not have bits set beyond the prefix length')] : [];
}

/** Addresses at which no other machine can be reached are no endpoints. */
export function validateEndpointIp(text: string, path: string): FieldError[] {
  const ip = parseIp(text);
  if (ip === undefined) return [invalid(path, text, 'must be a valid IP address')];
  const v4 = ip.length === 4 ? ip : isMapped(ip) ? ip.slice(12) : undefined;
  const [a = 0, b = 0, c = 0] = v4 ?? ip;
  const errors: FieldError[] = [];
  const refuse = (why: string): void => void errors.push(invalid(path, text, why));
  if ((v4 ?? ip).every((byte) => byte === 0)) refuse(`may not be unspecified (${text})`);
  if (v4 ? a === 127 : ip.slice(0, 15).every((byte) => byte === 0) && ip[15] === 1) {
    refuse('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  }
  if (v4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) {
    refuse('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  }
  if (v4 ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 0x02) {
    refuse('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  }
  return errors;
}

/** `10.1.0.0/16` → its address and prefix length; undefined for what is no block. */
function parseCidr(text: string): { ip: IpAddress; bits: number } | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || rest.length > 0 || !/^[0-9]{1,3}$/.test(length)) return undefined;
  const bits = Number(length);
  return bits > ip.length * 8 ? undefined : { ip, bits };
}

const masked = (ip: IpAddress, bits: number): number[] =>
  ip.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) & 0xff);

export const cidrFamily = (text: string): 'IPv4' | 'IPv6' | undefined => ipFamily(text.split('/')[0] ?? '');

/** Fields newer than the strict rules also want RFC 5952's form. */
export function validateCanonicalCidr(text: string, path: string): FieldError[] {
  const errors = validateCidr(text, path);
  const parsed = parseCidr(text);
  if (errors.length > 0 || parsed === undefined) return errors;
  const canonical = `${formatIp(masked(parsed.ip, parsed.bits))}/${parsed.bits}`;
  return canonical === text ? [] : [invalid(path, text, `must be in canonical form ("${canonical}")`)];
}

/** Whether `inner` lies in `outer` and is smaller; undefined where one of them is no block. */
export function isStrictSubnet(inner: string, outer: string): boolean | undefined {
  const [small, large] = [parseCidr(inner), parseCidr(outer)];
  if (small === undefined || large === undefined) return undefined;
  if (small.ip.length !== large.ip.length || large.bits >= small.bits) return false;
  return masked(small.ip, large.bits).join() === masked(large.ip, large.bits).join();
}
