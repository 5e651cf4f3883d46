import { CliError } from '../cli-error.ts';
import { FlagValues, readFlag } from '../commands/flags.ts';
import type { Flag, FlagValue } from '../commands/flags.ts';
import type { TableFlag } from '../commands/flag-table.ts';
import { readTableFlag, takeForeign } from '../commands/foreign-flag.ts';
import type { ForeignFlag, Notice } from '../commands/foreign-flag.ts';
import { readConfigFile } from './config-file.ts';
import { etcdFlags, olderGates, olderNames } from './etcd-flags.ts';
import { foreignFlags } from './foreign-flags.ts';
import { readGoFlags } from './go-flags.ts';
import type { GivenFlag } from './go-flags.ts';

export interface Settings {
  readonly values: FlagValues;
  /** the flags that were set, by command line, environment or file */
  readonly given: ReadonlySet<string>;
  readonly notices: readonly Notice[];
  readonly asks: 'run' | 'help' | 'version';
}

const ownFlags = new Map<string, TableFlag>(etcdFlags.map((flag) => [flag.name, flag]));
const others = new Map<string, ForeignFlag>(foreignFlags.map((flag) => [flag.name, flag]));
const special: Readonly<Record<string, Flag['type']>> = {
  'config-file': 'text',
  version: 'boolean',
  help: 'boolean',
  h: 'boolean',
};
const prefix = 'ETCD_';

const currentName = (name: string): string => (Object.hasOwn(olderNames, name) ? olderNames[name]! : name);

function typeOf(name: string): Flag['type'] | undefined {
  if (Object.hasOwn(special, name)) return special[name];
  if (Object.hasOwn(olderGates, name) || name === 'debug') return 'boolean';
  const current = currentName(name);
  return (ownFlags.get(current) ?? others.get(current))?.type;
}

const environmentName = (flag: string): string => `${prefix}${flag.toUpperCase().replaceAll('-', '_')}`;
const allNames = [
  ...ownFlags.keys(),
  ...others.keys(),
  ...Object.keys(olderNames),
  ...Object.keys(olderGates),
  'config-file',
  'debug',
];
const byEnvironment: ReadonlyMap<string, string> = new Map(allNames.map((name) => [environmentName(name), name]));

type Environment = Readonly<Record<string, string | undefined>>;

/** As etcd: a variable that says what the command line says too is a mistake. */
function fromEnvironment(environment: Environment, line: readonly GivenFlag[], notices: Notice[]): GivenFlag[] {
  const onLine = new Set(line.map(({ name }) => name));
  const given: GivenFlag[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || text === undefined || text === '') continue;
    const name = byEnvironment.get(variable);
    if (name === undefined) {
      notices.push({ level: 'warn', fields: { variable }, text: `unrecognized environment variable ${variable}` });
      continue;
    }
    if (onLine.has(name)) {
      throw new CliError(
        `conflicting environment variable ${variable} is shadowed by the flag --${name}: unset it, or leave the flag out`,
      );
    }
    given.push({ name, text });
  }
  return given;
}

/** Gates that older flags set, behind those of --feature-gates: both at once contradict each other. */
function gateOf(name: string, text: string): string {
  if (text !== 'true' && text !== 'false') readFlag({ name, type: 'boolean' }, text);
  return `${olderGates[name]}=${text}`;
}

function settle(flags: readonly GivenFlag[], notices: Notice[]): { values: FlagValues; given: Set<string> } {
  const texts = new Map<string, string>();
  const gates: string[] = [];
  for (const { name, text } of flags) {
    if (Object.hasOwn(olderGates, name)) {
      gates.push(gateOf(name, text));
      notices.push({ level: 'warn', fields: { flag: name }, text: `--${name} is now --feature-gates=${gates.at(-1)}` });
      continue;
    }
    if (name === 'debug') {
      if (readFlag({ name, type: 'boolean' }, text) === true) texts.set('log-level', 'debug');
      continue;
    }
    const current = currentName(name);
    if (current !== name) {
      notices.push({ level: 'warn', fields: { flag: name }, text: `--${name} is now --${current}` });
      if (flags.some((other) => other.name === current)) {
        throw new CliError(`both --${name} and --${current} are set. Use only --${current}`);
      }
    }
    const foreign = others.get(current);
    if (foreign !== undefined) takeForeign(foreign, name, text, notices);
    else if (ownFlags.has(current)) texts.set(current, text);
  }
  if (gates.length > 0) {
    if (texts.has('feature-gates')) throw new CliError('--feature-gates and older --experimental- flags are both set');
    texts.set('feature-gates', gates.join(','));
  }
  const values = new Map<string, FlagValue>();
  for (const flag of etcdFlags) {
    const text = texts.get(flag.name) ?? flag.fallback;
    if (text !== undefined) values.set(flag.name, readTableFlag(flag, text));
  }
  return { values: new FlagValues(values), given: new Set(texts.keys()) };
}

/**
 * What `kuorum etcd` is told: by its command line, else by environment variables `ETCD_<FLAG>`; a configuration file
 * takes the place of both. Throws a CliError that names the flag, variable or key that is wrong.
 */
export function readSettings(args: readonly string[], environment: Environment): Settings {
  const notices: Notice[] = [];
  const line = readGoFlags(args, typeOf);
  const asked = (name: string): boolean => line.some((flag) => flag.name === name && flag.text !== 'false');
  if (asked('help') || asked('h')) return { ...settle([], []), notices, asks: 'help' };
  if (asked('version')) return { ...settle([], []), notices, asks: 'version' };
  const file = line.findLast(({ name }) => name === 'config-file')?.text || environment['ETCD_CONFIG_FILE'];
  if (file === undefined || file === '') {
    return { ...settle([...fromEnvironment(environment, line, notices), ...line], notices), notices, asks: 'run' };
  }
  notices.push({
    level: 'info',
    fields: { path: file },
    text: 'configuration comes from the file; other flags and environment variables are not looked at',
  });
  return { ...settle(readConfigFile(file, typeOf), notices), notices, asks: 'run' };
}
