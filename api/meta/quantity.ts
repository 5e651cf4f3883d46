/**
 * Resource quantities: `100m`, `1.5Gi`, `12e6`. Exact: an amount is a bigint of nano-units, the smallest that Kubernetes
 * keeps (smaller parts round away from zero).
 *
 *     1.5Gi → 1610612736000000000n nano, BinarySI → shown as 1536Mi
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  readonly nano: bigint;
  readonly format: QuantityFormat;
  /** the text it was parsed from, where Kubernetes keeps it instead of writing its canonical form */
  readonly text?: string;
}

export class QuantityError extends Error {
  override name = 'QuantityError';
}

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const wrongSuffix = "unable to parse quantity's suffix";
/** longer texts are refused before they cost anything */
const textLengthMax = 256;
const exponentMax = 64;

const nanoPerUnit = 1_000_000_000n;
const int64Max = 2n ** 63n - 1n;

const decimalExponents: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryExponents: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([suffix, e]) => [e, suffix]));
const binarySuffixes = new Map(Object.entries(binaryExponents).map(([suffix, e]) => [e, suffix]));

interface Suffix {
  format: QuantityFormat;
  exponent: number;
}

function suffixOf(text: string): Suffix {
  if (Object.hasOwn(decimalExponents, text)) return { format: 'DecimalSI', exponent: decimalExponents[text] as number };
  if (Object.hasOwn(binaryExponents, text)) return { format: 'BinarySI', exponent: binaryExponents[text] as number };
  if (/^[eE][-+]?[0-9]+$/.test(text)) {
    const exponent = Number(text.slice(1));
    if (exponent <= exponentMax) return { format: 'DecimalExponent', exponent: Math.max(exponent, -2 * exponentMax) };
  }
  throw new QuantityError(wrongSuffix);
}

/** Division that rounds away from zero. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by === 0n ? quotient : quotient + (value < 0n ? -1n : 1n);
}

const scaled = (value: bigint, exponent: number): bigint =>
  exponent >= 0 ? value * 10n ** BigInt(exponent) : divideUp(value, 10n ** BigInt(-exponent));

/** Throws QuantityError with Kubernetes' words. */
export function parseQuantity(text: string): Quantity {
  if (text === '' || text.length > textLengthMax) throw new QuantityError(wrongFormat);
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (match === null) throw new QuantityError(wrongFormat);
  // a missing number is zero, as it is to Kubernetes
  const [, sign, whole = '', fraction = '', suffixText = ''] = match;
  const { format, exponent } = suffixOf(suffixText);
  const digits = BigInt(`0${whole}${fraction}`);
  const magnitude = format === 'BinarySI' ? digits << BigInt(exponent) : digits;
  const shift = 9 - fraction.length + (format === 'BinarySI' ? 0 : exponent);
  let nano = scaled(sign === '-' ? -magnitude : magnitude, shift);
  if (format === 'BinarySI') {
    if (nano > int64Max * nanoPerUnit) nano = int64Max * nanoPerUnit;
    if (nano < -int64Max * nanoPerUnit) nano = -int64Max * nanoPerUnit;
  }
  const stripped = whole.replace(/^0+/, '');
  if (keepsText(format, exponent, stripped, fraction)) return { nano, format, text };
  const small = format === 'BinarySI' && nano > 0n && nano < nanoPerUnit;
  return { nano, format: small ? 'DecimalSI' : format };
}

/** Kubernetes keeps a short text that it takes for canonical by a look at its digits. */
function keepsText(format: QuantityFormat, exponent: number, whole: string, fraction: string): boolean {
  const digits = whole === '' ? '0' : whole;
  if (format === 'BinarySI') {
    const precision = 14 - digits.length - Math.floor(exponent * 0.3);
    return precision >= 0 && fraction === '' && (BigInt(digits) & 7n) !== 0n;
  }
  const shifted = digits + fraction;
  const scale = exponent - fraction.length;
  return shifted.length <= 18 && scale >= -9 && scale % 3 === 0 && !shifted.endsWith('000') && shifted[0] !== '0';
}

function decimalText(nano: bigint, format: QuantityFormat): string {
  let mantissa = nano;
  let exponent = -9;
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    exponent++;
  }
  // only exponents that a suffix stands for
  while (exponent % 3 !== 0) {
    mantissa *= 10n;
    exponent--;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  for (; exponent > 18; exponent -= 3) mantissa *= 1000n;
  return `${mantissa}${decimalSuffixes.get(exponent)}`;
}

function binaryText(value: bigint): string {
  let mantissa = value;
  let exponent = 0;
  while (mantissa % 1024n === 0n && exponent < 60) {
    mantissa /= 1024n;
    exponent += 10;
  }
  return `${mantissa}${exponent === 0 ? '' : binarySuffixes.get(exponent)}`;
}

/** The text Kubernetes would answer with. */
export function formatQuantity(quantity: Quantity): string {
  const { nano, format, text } = quantity;
  if (text !== undefined) return text;
  if (nano === 0n) return '0';
  const fits = nano <= -1024n * nanoPerUnit || nano >= 1024n * nanoPerUnit;
  if (format === 'BinarySI' && fits && nano % nanoPerUnit === 0n) return binaryText(nano / nanoPerUnit);
  return decimalText(nano, format === 'BinarySI' ? 'DecimalSI' : format);
}

/** `1000m` → `1`, `1024Mi` → `1Gi`; throws QuantityError */
export const canonicalQuantity = (text: string): string => formatQuantity(parseQuantity(text));

export const compareQuantities = (a: Quantity, b: Quantity): -1 | 0 | 1 =>
  a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;

/** In the format of the first that is not zero. */
export const addQuantities = (a: Quantity, b: Quantity): Quantity => ({
  nano: a.nano + b.nano,
  format: a.nano === 0n ? b.format : a.format,
});
export const subtractQuantities = (a: Quantity, b: Quantity): Quantity => ({
  nano: a.nano - b.nano,
  format: a.nano === 0n ? b.format : a.format,
});

export const zeroQuantity: Quantity = { nano: 0n, format: 'DecimalSI' };
export const quantityOf = (units: bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  nano: units * nanoPerUnit,
  format,
});
export const milliQuantityOf = (milli: bigint): Quantity => ({ nano: milli * 1_000_000n, format: 'DecimalSI' });

/** Whole units, rounded away from zero: bytes, pods. */
export const unitsOf = (quantity: Quantity): bigint => divideUp(quantity.nano, nanoPerUnit);
/** Thousandths, rounded away from zero: milli-CPUs. */
export const millisOf = (quantity: Quantity): bigint => divideUp(quantity.nano, 1_000_000n);
export const isWhole = (quantity: Quantity): boolean => quantity.nano % nanoPerUnit === 0n;
