import { EvaluationError } from './errors.ts';
import { CelDuration, CelTimestamp, intMax, intMin, uintMax } from './values.ts';

const nanosPerSecond = 1_000_000_000n;
/** 0001-01-01T00:00:00Z and the last nanosecond of 9999 */
const timestampMin = -62_135_596_800n * nanosPerSecond;
const timestampMax = 253_402_300_799n * nanosPerSecond + 999_999_999n;

export const checkedInt = (value: bigint): bigint => {
  if (value > intMax || value < intMin) throw new EvaluationError('integer overflow');
  return value;
};

export const checkedUint = (value: bigint): bigint => {
  if (value > uintMax || value < 0n) throw new EvaluationError('unsigned integer overflow');
  return value;
};

export const checkedDuration = (nanos: bigint): CelDuration => {
  if (nanos > intMax || nanos < intMin) throw new EvaluationError('integer overflow');
  return new CelDuration(nanos);
};

export const checkedTimestamp = (nanos: bigint): CelTimestamp => {
  if (nanos > timestampMax || nanos < timestampMin) throw new EvaluationError('timestamp overflow');
  return new CelTimestamp(nanos);
};

export const divide = (a: bigint, b: bigint): bigint => {
  if (b === 0n) throw new EvaluationError('division by zero');
  return a / b;
};

export const modulo = (a: bigint, b: bigint): bigint => {
  if (b === 0n) throw new EvaluationError('modulus by zero');
  if (a === intMin && b === -1n) throw new EvaluationError('integer overflow');
  return a % b;
};
