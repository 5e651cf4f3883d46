import { CliError } from '../cli-error.ts';

/** One flag as it was written. */
export interface GivenFlag {
  readonly name: string;
  readonly text: string;
}

/** what the program `etcd` is besides a member */
const otherPrograms: ReadonlySet<string> = new Set(['gateway', 'grpc-proxy']);

/**
 * Reads a command line as Go's flag package does: `-name` is `--name`, `--name=value` is `--name value`, and a boolean has
 * its value behind `=` or is true:
 *
 *     --name m1 -data-dir=/d --client-cert-auth --pre-vote=false
 *
 * `typeOf` knows the flags by name. Throws a CliError that names what is wrong.
 */
export function readGoFlags(args: readonly string[], typeOf: (name: string) => string | undefined): GivenFlag[] {
  const given: GivenFlag[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (i === 0 && otherPrograms.has(arg)) throw new CliError(`etcd ${arg} is not supported by Kuorum`);
    const parts = /^--?([^=-][^=]*)(?:=([^]*))?$/.exec(arg);
    if (parts === null) throw new CliError(`'${arg}' is not a valid flag`);
    const [, name = '', value] = parts;
    const type = typeOf(name);
    if (type === undefined) throw new CliError(`unknown option '--${name}' (add --help for the options)`);
    if (value !== undefined) given.push({ name, text: value });
    else if (type === 'boolean') given.push({ name, text: 'true' });
    else if (i + 1 < args.length) given.push({ name, text: args[++i]! });
    else throw new CliError(`flag needs an argument: --${name}`);
  }
  return given;
}
