import { CliError } from '../cli-error.ts';
import { FlagValues } from '../commands/flags.ts';
import type { Flag, FlagValue } from '../commands/flags.ts';
import type { TableFlag } from '../commands/flag-table.ts';
import { readTableFlag, takeForeign } from '../commands/foreign-flag.ts';
import type { ForeignFlag, Notice } from '../commands/foreign-flag.ts';
import { apiserverFlags, repeatedFlags } from './apiserver-flags.ts';
import { readFeatureGates } from './feature-gates.ts';
import { foreignFlags } from './foreign-flags.ts';

export interface ApiserverSettings {
  readonly values: FlagValues;
  /** the flags that were written */
  readonly given: ReadonlySet<string>;
  readonly notices: readonly Notice[];
  readonly asks: 'run' | 'help' | 'version';
}

interface GivenFlag {
  readonly name: string;
  readonly text: string;
}

const ownFlags = new Map<string, TableFlag>(apiserverFlags.map((flag) => [flag.name, flag]));
const others = new Map<string, ForeignFlag>(foreignFlags.map((flag) => [flag.name, flag]));
const special: Readonly<Record<string, Flag['type']>> = { version: 'text', help: 'boolean' };
/** flags that stand behind one dash, with their value right behind it or in the next word */
const shorthands: Readonly<Record<string, string>> = { h: 'help', v: 'v' };
/** what such a flag means when nothing follows it */
const valueAlone: Readonly<Record<string, string>> = { version: 'true' };

const typeOf = (name: string): Flag['type'] | undefined =>
  Object.hasOwn(special, name) ? special[name] : (ownFlags.get(name) ?? others.get(name))?.type;

/** One word as a flag: its name, and what stands behind `=`. Throws a CliError where it is none. */
function flagOf(arg: string): { name: string; value: string | undefined } {
  const short = /^-([a-zA-Z])(?:=?([^]+))?$/.exec(arg);
  if (short !== null) {
    const [, letter = '', value] = short;
    if (!Object.hasOwn(shorthands, letter)) throw new CliError(`unknown shorthand flag: '${letter}' in ${arg}`);
    return { name: shorthands[letter] ?? '', value };
  }
  const long = /^--([^=-][^=]*)(?:=([^]*))?$/.exec(arg);
  if (long === null) {
    if (arg.startsWith('-')) throw new CliError(`bad flag syntax: ${arg}`);
    throw new CliError(`"kuorum apiserver" does not take any arguments, got ${JSON.stringify(arg)}`);
  }
  // as Kubernetes: `_` in names has always been taken for `-`
  return { name: (long[1] ?? '').replaceAll('_', '-'), value: long[2] };
}

/** A command line as the library pflag reads it: `--name value`, `--name=value`, `--yes-or-no`, `-v2`. */
function readLine(args: readonly string[]): GivenFlag[] {
  const given: GivenFlag[] = [];
  for (let i = 0; i < args.length; i++) {
    const { name, value } = flagOf(args[i] ?? '');
    const type = typeOf(name);
    if (type === undefined) throw new CliError(`unknown flag: --${name}`);
    if (value !== undefined) given.push({ name, text: value });
    else if (type === 'boolean') given.push({ name, text: 'true' });
    else if (Object.hasOwn(valueAlone, name)) given.push({ name, text: valueAlone[name] ?? '' });
    else if (i + 1 < args.length) given.push({ name, text: args[++i] ?? '' });
    else throw new CliError(`flag needs an argument: --${name}`);
  }
  return given;
}

/** Go takes more words for yes and no than the readers of flags do. */
const goBooleans: Readonly<Record<string, string>> = {
  '1': 'true',
  t: 'true',
  T: 'true',
  TRUE: 'true',
  True: 'true',
  '0': 'false',
  f: 'false',
  F: 'false',
  FALSE: 'false',
  False: 'false',
};

const worded = (type: Flag['type'], text: string): string =>
  type === 'boolean' && Object.hasOwn(goBooleans, text) ? (goBooleans[text] ?? text) : text;

/** A flag that is written again replaces what it said, unless it is a list: that grows. */
function valueOf(flag: TableFlag, texts: readonly string[]): FlagValue {
  if (flag.type !== 'list') return readTableFlag(flag, texts.at(-1) ?? '');
  if (repeatedFlags.has(flag.name)) return texts.filter((text) => text !== '');
  return texts.flatMap((text) => readTableFlag(flag, text) as readonly string[]);
}

function settle(flags: readonly GivenFlag[], notices: Notice[]): Pick<ApiserverSettings, 'values' | 'given'> {
  const texts = new Map<string, string[]>();
  for (const { name, text } of flags) {
    const foreign = others.get(name);
    if (foreign !== undefined) takeForeign(foreign, name, worded(foreign.type, text), notices);
    const own = ownFlags.get(name);
    if (own === undefined) continue;
    const known = texts.get(name) ?? [];
    texts.set(name, [...known, worded(own.type, text)]);
  }
  const values = new Map<string, FlagValue>();
  for (const flag of apiserverFlags) {
    const written = texts.get(flag.name) ?? (flag.fallback === undefined ? undefined : [flag.fallback]);
    if (written !== undefined) values.set(flag.name, valueOf(flag, written));
  }
  return { values: new FlagValues(values), given: new Set(texts.keys()) };
}

function requireAll(given: ReadonlySet<string>): void {
  const lacking = apiserverFlags.filter(({ name, required }) => required === true && !given.has(name));
  for (const { name } of lacking) throw new CliError(`required flag --${name} is not set`);
}

/** What `kuorum apiserver` is told by its command line. Throws a CliError that names the flag that is wrong. */
export function readApiserverFlags(args: readonly string[]): ApiserverSettings {
  const notices: Notice[] = [];
  const line = readLine(args);
  const asked = (name: string): boolean => line.some((flag) => flag.name === name && flag.text !== 'false');
  if (asked('help')) return { ...settle([], []), notices, asks: 'help' };
  if (asked('version')) return { ...settle([], []), notices, asks: 'version' };
  const settled = settle(line, notices);
  requireAll(settled.given);
  notices.push(...readFeatureGates(settled.values.list('feature-gates')));
  return { ...settled, notices, asks: 'run' };
}
