import { CliError } from '../cli-error.ts';
import type { TableFlag } from './flag-table.ts';
import { readFlag, type Flag, type FlagValue } from './flags.ts';

/** A flag of the real component that has no effect here. */
export interface ForeignFlag {
  readonly name: string;
  readonly type: Flag['type'];
  /** why it has none: told in the log, or to whoever is refused */
  readonly why: string;
  /** values that ask for what is so anyway: others are refused. Absent: every value is true to that. */
  readonly only?: readonly string[];
}

/** Something an operator should read in the log, once there is one. */
export interface Notice {
  readonly level: 'info' | 'warn';
  readonly fields: object;
  readonly text: string;
}

/** Throws a CliError where it cannot be had; `written` is the name that the command line has. */
export function takeForeign(flag: ForeignFlag, written: string, text: string, notices: Notice[]): void {
  readFlag({ name: written, type: flag.type }, text === '' && flag.type !== 'boolean' ? '0' : text);
  if (flag.only !== undefined && !flag.only.includes(text)) {
    throw new CliError(`--${written}=${text} is not supported by Kuorum: ${flag.why}`);
  }
  if (flag.only === undefined) {
    notices.push({
      level: 'info',
      fields: { flag: written, value: text },
      text: `--${written} has no effect: ${flag.why}`,
    });
  }
}

/** The value of a flag of a table; throws a CliError where it is not one of those that may be. */
export function readTableFlag(flag: TableFlag, text: string): FlagValue {
  const value = readFlag(flag, text);
  if (flag.choices !== undefined && !flag.choices.includes(text)) {
    const choices = flag.choices.filter((choice) => choice !== '').join(', ');
    throw new CliError(`--${flag.name} must be one of ${choices}, not "${text}"`);
  }
  if (typeof value === 'number' && value < (flag.atLeast ?? -Infinity)) {
    throw new CliError(`--${flag.name} must be at least ${flag.atLeast}, not ${text}`);
  }
  return value;
}

const indent = 6;

/** `  --name <type>` and what it is, below it. */
export function flagLines({ name, type, fallback, choices, text }: TableFlag): string {
  const placeholder = type === 'boolean' ? '' : ` <${choices?.filter((each) => each !== '').join('|') ?? type}>`;
  const known = fallback === undefined || fallback === '' ? '' : ` (default ${fallback})`;
  return `  --${name}${placeholder}\n${' '.repeat(indent)}${text}${known}`;
}

/** Names of foreign flags, wrapped, for the end of a help text. */
export const foreignNames = (
  flags: readonly ForeignFlag[],
  which: (only: readonly string[] | undefined) => boolean,
): string =>
  flags
    .filter(({ only }) => which(only))
    .map(({ name }) => `--${name}`)
    .sort()
    .join(', ')
    .replace(/(.{60,100},) /g, '$1\n  ');
