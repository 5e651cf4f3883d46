import { CelType } from './types.ts';
import { CelDuration, CelTimestamp, CelUint, runtimeType, type CelValue } from './values.ts';

const nanosPerSecond = 1_000_000_000n;

/** `2023-01-01T00:00:00.5Z`: RFC 3339, with as many digits of a second as it needs. */
export const formatTimestamp = ({ nanos }: CelTimestamp): string => {
  let seconds = nanos / nanosPerSecond;
  let rest = nanos % nanosPerSecond;
  if (rest < 0n) {
    rest += nanosPerSecond;
    seconds -= 1n;
  }
  const whole = new Date(Number(seconds) * 1000)
    .toISOString()
    .replace(/^[+]0*/, '')
    .slice(0, -5);
  const fraction = rest === 0n ? '' : `.${rest.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${whole}${fraction}Z`;
};

/** `5400s`, `0.5s` */
export const formatDuration = ({ nanos }: CelDuration): string => {
  const sign = nanos < 0n ? '-' : '';
  const size = nanos < 0n ? -nanos : nanos;
  const rest = size % nanosPerSecond;
  const fraction = rest === 0n ? '' : `.${rest.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${sign}${size / nanosPerSecond}${fraction}s`;
};

/** A double as Go's %g prints it: an exponent from 1e+21, and below 1e-4. */
export const formatDouble = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) {
    const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
    const digits = exponent.slice(1).padStart(2, '0');
    return `${mantissa}e${exponent[0]}${digits}`;
  }
  return String(value);
};

/** A value inside an error message. */
export const displayValue = (value: CelValue): string => {
  if (value === null) return 'null';
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDuration(value);
  if (value instanceof CelType) return value.name;
  if (typeof value === 'object') return runtimeType(value).toString();
  return String(value);
};
