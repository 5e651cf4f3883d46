import { formatIp, parseIp, type IpAddress } from '../../meta/ip.ts';
import type { Library } from '../environment.ts';
import { EvaluationError } from '../errors.ts';
import { opaqueType } from '../types.ts';
import { CelOpaque, type CelValue } from '../values.ts';
import { traversal, traversalOf } from './costs.ts';

const ipType = opaqueType('net.IP');
const cidrType = opaqueType('net.CIDR');

class IpValue extends CelOpaque {
  readonly type = ipType;
  readonly bytes: IpAddress;
  constructor(bytes: IpAddress) {
    super();
    this.bytes = bytes;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof IpValue && formatIp(this.bytes) === formatIp(other.bytes);
  }
}

class CidrValue extends CelOpaque {
  readonly type = cidrType;
  readonly bytes: IpAddress;
  readonly bits: number;
  constructor(bytes: IpAddress, bits: number) {
    super();
    this.bytes = bytes;
    this.bits = bits;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof CidrValue && cidrText(this) === cidrText(other);
  }
}

const isMapped = (ip: IpAddress): boolean =>
  ip.length === 16 && ip.slice(0, 10).every((byte) => byte === 0) && ip[10] === 255 && ip[11] === 255;

const leadingZero = (text: string): boolean => !text.includes(':') && /(?:^|\.)0\d/.test(text);

const parseAddress = (text: string): IpValue => {
  const quoted = JSON.stringify(text);
  if (text.includes('%')) throw new EvaluationError(`IP address ${quoted} with zone value is not allowed`);
  const bytes = leadingZero(text) ? undefined : parseIp(text);
  if (bytes === undefined) {
    const why = `ParseAddr(${quoted}): unable to parse IP`;
    throw new EvaluationError(`IP Address ${quoted} parse error during conversion from string: ${why}`);
  }
  if (isMapped(bytes)) throw new EvaluationError(`IPv4-mapped IPv6 address ${quoted} is not allowed`);
  return new IpValue(bytes);
};

const parseCidr = (text: string): CidrValue => {
  const found = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const bytes = found === null || leadingZero(text) ? undefined : parseIp(found[1]!);
  const bits = Number(found?.[2]);
  if (bytes === undefined || bits > bytes.length * 8) {
    const why = `netip.ParsePrefix(${JSON.stringify(text)}): unable to parse`;
    throw new EvaluationError(`network address parse error during conversion from string: ${why}`);
  }
  if (isMapped(bytes)) throw new EvaluationError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new CidrValue(bytes, bits);
};

const parses = (parse: (text: string) => unknown, text: string): boolean => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

const masked = (bytes: IpAddress, bits: number): IpAddress =>
  bytes.map((byte, index) => {
    const kept = Math.min(Math.max(bits - index * 8, 0), 8);
    return byte & (0xff << (8 - kept)) & 0xff;
  });

const cidrText = ({ bytes, bits }: CidrValue): string => `${formatIp(bytes)}/${bits}`;

const contains = ({ bytes, bits }: CidrValue, ip: IpAddress): boolean =>
  ip.length === bytes.length && formatIp(masked(ip, bits)) === formatIp(masked(bytes, bits));

const containsCidr = (outer: CidrValue, inner: CidrValue): boolean =>
  outer.bits <= inner.bits && contains(outer, inner.bytes);

const ip = (value: CelValue): IpAddress => (value as IpValue).bytes;
const cidr = (value: CelValue): CidrValue => value as CidrValue;
const str = (value: CelValue): string => value as string;

const isUnspecified = (bytes: IpAddress): boolean => bytes.every((byte) => byte === 0);
const isLoopback = (bytes: IpAddress): boolean =>
  bytes.length === 4 ? bytes[0] === 127 : bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1;
const isMulticast = (bytes: IpAddress): boolean => (bytes.length === 4 ? bytes[0]! >> 4 === 14 : bytes[0] === 0xff);
const isLinkLocalMulticast = (bytes: IpAddress): boolean =>
  bytes.length === 4
    ? bytes[0] === 224 && bytes[1] === 0 && bytes[2] === 0
    : bytes[0] === 0xff && (bytes[1]! & 0x0f) === 2;
const isLinkLocalUnicast = (bytes: IpAddress): boolean =>
  bytes.length === 4 ? bytes[0] === 169 && bytes[1] === 254 : bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
const isGlobalUnicast = (bytes: IpAddress): boolean =>
  !isUnspecified(bytes) &&
  !isLoopback(bytes) &&
  !isMulticast(bytes) &&
  !isLinkLocalUnicast(bytes) &&
  !(bytes.length === 4 && bytes.every((byte) => byte === 255));

const containsCost = ([network, other]: readonly CelValue[]): number =>
  Math.ceil(cidr(network!).bytes.length * 2 * 0.1) + (typeof other === 'string' ? traversalOf(other) : 0);

/** `ip("10.0.0.1").isLoopback()`, `cidr("10.0.0.0/8").containsIP("10.1.2.3")` */
export const network: Library = {
  types: [ipType, cidrType],
  functions: [
    ['ip(string): net.IP', (text) => parseAddress(str(text)), traversal()],
    ['isIP(string): bool', (text) => parses(parseAddress, str(text)), traversal()],
    ['`ip.isCanonical`(string): bool', (text) => formatIp(parseAddress(str(text)).bytes) === text, traversal(2)],
    ['string(net.IP): string', (value) => formatIp(ip(value))],
    ['net.IP.family(): int', (value) => (ip(value).length === 4 ? 4n : 6n)],
    ['net.IP.isUnspecified(): bool', (value) => isUnspecified(ip(value))],
    ['net.IP.isLoopback(): bool', (value) => isLoopback(ip(value))],
    ['net.IP.isLinkLocalMulticast(): bool', (value) => isLinkLocalMulticast(ip(value))],
    ['net.IP.isLinkLocalUnicast(): bool', (value) => isLinkLocalUnicast(ip(value))],
    ['net.IP.isGlobalUnicast(): bool', (value) => isGlobalUnicast(ip(value))],
    ['cidr(string): net.CIDR', (text) => parseCidr(str(text)), traversal()],
    ['isCIDR(string): bool', (text) => parses(parseCidr, str(text)), traversal()],
    ['string(net.CIDR): string', (value) => cidrText(cidr(value))],
    ['net.CIDR.containsIP(string): bool', (a, b) => contains(cidr(a), parseAddress(str(b)).bytes), containsCost],
    ['net.CIDR.containsIP(net.IP): bool', (a, b) => contains(cidr(a), ip(b)), containsCost],
    ['net.CIDR.containsCIDR(string): bool', (a, b) => containsCidr(cidr(a), parseCidr(str(b))), containsCost],
    ['net.CIDR.containsCIDR(net.CIDR): bool', (a, b) => containsCidr(cidr(a), cidr(b)), containsCost],
    ['net.CIDR.ip(): net.IP', (value) => new IpValue(cidr(value).bytes)],
    ['net.CIDR.prefixLength(): int', (value) => BigInt(cidr(value).bits)],
    [
      'net.CIDR.masked(): net.CIDR',
      (value) => new CidrValue(masked(cidr(value).bytes, cidr(value).bits), cidr(value).bits),
    ],
  ],
};
