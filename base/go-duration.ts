const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  '\u00b5s': 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** one number of a duration, with its unit: what is accepted as a number is the reader's to say */
export const wholeOrDecimal = /(\d+(?:\.\d+)?)(ns|us|\u00b5s|ms|s|m|h)/g;
export const anyDecimal = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|ms|s|m|h)/g;

/** Milliseconds of `1h30m`, as Go writes durations; undefined: it is none. */
export function goDurationMs(text: string, part: RegExp): number | undefined {
  const parts = [...text.matchAll(part)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0);
}
