import { Option } from 'commander';
import type { Command } from 'commander';
import { goDurationMs, wholeOrDecimal } from '../../base/go-duration.ts';
import { CliError } from '../cli-error.ts';

/** One flag of a component, as data. Names and meanings are the real component's. */
export interface Flag {
  readonly name: string;
  /** `ms`: a number of milliseconds; `duration`: `5s`, `100ms`; both are read as milliseconds */
  readonly type: 'text' | 'number' | 'boolean' | 'list' | 'ms' | 'duration';
  readonly text: string;
  readonly fallback?: string | undefined;
  readonly required?: boolean;
}

export type FlagValue = string | number | boolean | readonly string[] | undefined;

/** Values by flag name; a getter a type, so that a wrong use is found at once. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, FlagValue>;

  constructor(values: ReadonlyMap<string, FlagValue>) {
    this.#values = values;
  }

  text(name: string): string {
    return String(this.#values.get(name) ?? '');
  }
  /** undefined where the flag was not given and has no default */
  optional(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === undefined || value === '' ? undefined : String(value);
  }
  number(name: string): number {
    return Number(this.#values.get(name) ?? 0);
  }
  optionalNumber(name: string): number | undefined {
    const value = this.#values.get(name);
    return value === undefined ? undefined : Number(value);
  }
  boolean(name: string): boolean {
    return this.#values.get(name) === true;
  }
  list(name: string): readonly string[] {
    return (this.#values.get(name) as readonly string[] | undefined) ?? [];
  }
}

/** milliseconds of `1h30m`, as Go writes durations */
export function readDuration(flag: string, text: string): number {
  if (text === '0') return 0;
  const ms = goDurationMs(text, wholeOrDecimal);
  if (ms === undefined) {
    throw new CliError(
      `invalid argument "${text}" for "--${flag}" flag: a duration such as 10s, 500ms or 1m30s is expected`,
    );
  }
  return ms;
}

function readNumber(flag: string, text: string): number {
  if (!/^-?\d+$/.test(text))
    throw new CliError(`invalid argument "${text}" for "--${flag}" flag: a whole number is expected`);
  return Number(text);
}

const readers: Readonly<Record<Flag['type'], (flag: string, text: string) => FlagValue>> = {
  text: (_, text) => text,
  number: readNumber,
  ms: readNumber,
  duration: readDuration,
  list: (_, text) => text.split(',').filter((item) => item !== ''),
  boolean(flag, text) {
    if (text !== 'true' && text !== 'false')
      throw new CliError(`invalid argument "${text}" for "--${flag}" flag: true or false is expected`);
    return text === 'true';
  },
};

/** Throws a CliError that names the flag. */
export const readFlag = (flag: Pick<Flag, 'name' | 'type'>, text: string): FlagValue =>
  readers[flag.type](flag.name, text);

/** Adds the flags to a command; the returned function reads them after parsing. */
export function addFlags(command: Command, flags: readonly Flag[]): () => FlagValues {
  const given = new Map<string, string>();
  for (const flag of flags) {
    const placeholder = flag.type === 'boolean' ? '[true|false]' : `<${flag.type}>`;
    const fallback = flag.fallback === undefined ? '' : ` (default ${flag.fallback})`;
    const option = new Option(`--${flag.name} ${placeholder}`, `${flag.text}${fallback}`);
    option.argParser((value: string) => given.set(flag.name, value));
    if (flag.type === 'boolean') option.preset('true');
    command.addOption(option);
  }
  return () => {
    const values = new Map<string, FlagValue>();
    for (const flag of flags) {
      const text = given.get(flag.name) ?? flag.fallback;
      if (text !== undefined) values.set(flag.name, readFlag(flag, text));
      else if (flag.required === true) throw new CliError(`required flag --${flag.name} is not set`);
    }
    return new FlagValues(values);
  };
}
