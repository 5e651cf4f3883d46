import { formatDouble, formatDuration, formatTimestamp } from '../display.ts';
import { EvaluationError } from '../errors.ts';
import { CelType } from '../types.ts';
import { CelDuration, CelList, CelMap, CelTimestamp, CelUint, runtimeType, type CelValue } from '../values.ts';

const precisionDefault = 6;
/** More digits than a double has are of no use to anyone. */
const precisionMax = 1000;

const typeName = (value: CelValue): string => runtimeType(value).name;

const special = (value: CelValue): number | undefined => {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Number.POSITIVE_INFINITY;
  return value === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined;
};

const nonFinite = (value: number): string | undefined => {
  if (Number.isFinite(value)) return undefined;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '∞' : '-∞';
};

const wrong = (clause: string, allowed: string, value: CelValue): EvaluationError =>
  new EvaluationError(
    `error during formatting: ${clause} clause can only be used on ${allowed}, was given ${typeName(value)}`,
  );

const fixed = (value: CelValue, precision: number): string => {
  const number = special(value);
  if (number === undefined) throw wrong('fixed-point', 'doubles', value);
  return nonFinite(number) ?? number.toFixed(Math.min(precision, 100));
};

const scientific = (value: CelValue, precision: number): string => {
  const number = special(value);
  if (number === undefined) throw wrong('scientific', 'doubles', value);
  const plain = nonFinite(number);
  if (plain !== undefined) return plain;
  const [mantissa, exponent] = number.toExponential(Math.min(precision, 100)).split('e') as [string, string];
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
};

const integerOf = (value: CelValue): bigint | undefined => {
  if (typeof value === 'bigint') return value;
  return value instanceof CelUint ? value.value : undefined;
};

const decimal = (value: CelValue): string => {
  const integer = integerOf(value);
  if (integer === undefined) throw wrong('decimal', 'integers', value);
  return integer.toString();
};

const binary = (value: CelValue): string => {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const integer = integerOf(value);
  if (integer === undefined) throw wrong('only integers and bools can be formatted as binary', '', value);
  return integer.toString(2);
};

const octal = (value: CelValue): string => {
  const integer = integerOf(value);
  if (integer === undefined) throw wrong('octal', 'integers', value);
  return integer.toString(8);
};

const hex = (value: CelValue): string => {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  const integer = integerOf(value);
  if (integer === undefined) throw wrong('hex', 'integers, byte buffers, and strings', value);
  return integer.toString(16);
};

/** A value inside a list or a map: as it would be written in an expression. */
const literal = (value: CelValue): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify(new TextDecoder().decode(value))}`;
  if (typeof value === 'number') {
    const plain = nonFinite(value);
    return plain === undefined ? value.toFixed(precisionDefault) : JSON.stringify(formatDouble(value));
  }
  if (value instanceof CelTimestamp) return `timestamp("${formatTimestamp(value)}")`;
  if (value instanceof CelDuration) return `duration("${formatDuration(value)}")`;
  return text(value);
};

const text = (value: CelValue): string => {
  if (value === null) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof CelUint) return value.value.toString();
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDuration(value);
  if (value instanceof CelType) return value.name;
  if (value instanceof CelList) return `[${Array.from(value.values(), literal).join(', ')}]`;
  if (value instanceof CelMap) {
    const entries = Array.from(value.keys(), (key) => `${literal(key)}:${literal(value.find(key)!)}`);
    return `{${entries.toSorted().join(', ')}}`;
  }
  if (typeof value === 'object') {
    const kinds = 'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps';
    throw wrong('string', kinds, value);
  }
  return String(value);
};

const clauses: Readonly<Record<string, (value: CelValue, precision: number) => string>> = {
  s: text,
  d: decimal,
  f: fixed,
  e: scientific,
  b: binary,
  o: octal,
  x: hex,
  X: (value) => hex(value).toUpperCase(),
};

const clausePattern = /%(?:%|(?:\.(\d*))?(.?))/gsu;

/** `"%s is %d".format([a, b])` */
export const formatText = (pattern: string, args: CelList): string => {
  let used = 0;
  const result = pattern.replaceAll(clausePattern, (whole, digits: string | undefined, verb: string | undefined) => {
    if (whole === '%%') return '%';
    if (verb === undefined || verb === '') throw new EvaluationError('unexpected end of string');
    const clause = clauses[verb];
    if (clause === undefined) {
      throw new EvaluationError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    }
    if (used >= args.size) throw new EvaluationError(`index ${used} out of range`);
    const precision = digits === undefined || digits === '' ? precisionDefault : Number(digits);
    if (precision > precisionMax) throw new EvaluationError(`precision ${precision} exceeds ${precisionMax}`);
    return clause(args.get(used++), precision);
  });
  if (used < args.size) {
    const why = `too many arguments supplied to string.format (expected ${used}, got ${args.size})`;
    throw new EvaluationError(why);
  }
  return result;
};
