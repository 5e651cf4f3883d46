import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CliError, messageOf } from '../cli-error.ts';
import type { GivenFlag } from './go-flags.ts';

/** keys of the sections for TLS, and the flags they are; `*` stands for '' or 'peer-' */
const securityKeys: Readonly<Record<string, string>> = {
  'cert-file': '*cert-file',
  'key-file': '*key-file',
  'client-cert-file': '*client-cert-file',
  'client-key-file': '*client-key-file',
  'client-cert-auth': '*client-cert-auth',
  'trusted-ca-file': '*trusted-ca-file',
  'auto-tls': '*auto-tls',
  'allowed-cn': '*cert-allowed-cn',
  'allowed-hostname': '*cert-allowed-hostname',
  'skip-client-san-verification': '*skip-client-san-verification',
};
/** where a flag is called otherwise at the client port */
const clientNames: Readonly<Record<string, string>> = {
  'cert-allowed-hostname': 'client-cert-allowed-hostname',
  'cert-allowed-cn': 'client-cert-allowed-cn',
};

type Naming = (key: string) => string | undefined;
const security =
  (prefix: '' | 'peer-'): Naming =>
  (key) => {
    const flag = Object.hasOwn(securityKeys, key) ? securityKeys[key]!.replace('*', prefix) : undefined;
    return flag === undefined ? undefined : (clientNames[flag] ?? flag);
  };
const under =
  (prefix: string): Naming =>
  (key) =>
    `${prefix}${key}`;
const sections: Readonly<Record<string, Naming>> = {
  'client-transport-security': security(''),
  'peer-transport-security': security('peer-'),
  'socket-options': under('socket-'),
  'discovery-config': under('discovery-'),
};

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** undefined: nothing was said. A number where a duration is expected counts nanoseconds, as in etcd. */
function textOf(key: string, value: unknown, type: string | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map((item) => textOf(key, item, 'text') ?? '').join(',');
  if (typeof value === 'number' && type === 'duration') return `${value}ns`;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new CliError(`${key}: a single value or a list is expected`);
}

/**
 * What a configuration file says, as flags: etcd's names on top, and its sections for TLS. Throws a CliError that names
 * file and key, also for keys that etcd would pass over in silence.
 */
export function readConfigFile(path: string, typeOf: (name: string) => string | undefined): GivenFlag[] {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CliError(`--config-file ${path}: ${messageOf(error)}`);
  }
  if (content === null) return [];
  if (!isGroup(content)) throw new CliError(`--config-file ${path}: keys with values are expected`);
  const given: GivenFlag[] = [];
  const add = (key: string, name: string | undefined, value: unknown): void => {
    const type = name === undefined ? undefined : typeOf(name);
    if (name === undefined || type === undefined) throw new CliError(`--config-file ${path}: unknown key ${key}`);
    const text = textOf(`--config-file ${path}: ${key}`, value, type);
    // empty is what etcd's own sample file says for: not set
    if (text !== undefined && (text !== '' || type === 'text')) given.push({ name, text });
  };
  for (const [key, value] of Object.entries(content)) {
    const naming = Object.hasOwn(sections, key) ? sections[key] : undefined;
    if (naming === undefined) add(key, key, value);
    else if (isGroup(value))
      for (const [inner, each] of Object.entries(value)) add(`${key}.${inner}`, naming(inner), each);
    else if (value !== null) throw new CliError(`--config-file ${path}: invalid ${key}`);
  }
  return given;
}
