import { join } from 'node:path';
import type { Log } from '../../base/log.ts';
import { tlsFromFiles } from '../../grpc/tls-files.ts';
import type { TlsAllowed, TlsPaths } from '../../grpc/tls-files.ts';
import type { TlsSettings, TlsVersion } from '../../grpc/tls.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { ciphersOf } from './cipher-suites.ts';
import { selfSigned } from './self-signed.ts';

/** The certificates of one port, `prefix` '' for clients and 'peer-' for peers. */
interface Port {
  readonly prefix: '' | 'peer-';
  readonly urls: readonly string[];
  readonly dataDir: string;
}

export type PortTls = TlsSettings & { readonly requireClientCert: boolean };

const versions: Readonly<Record<string, TlsVersion | undefined>> = { 'TLS1.2': 'TLSv1.2', 'TLS1.3': 'TLSv1.3' };

function protocolFrom(values: FlagValues): Pick<TlsSettings, 'minVersion' | 'maxVersion' | 'ciphers'> {
  const [min, max] = [values.text('tls-min-version'), values.text('tls-max-version')];
  const suites = values.list('cipher-suites');
  if (max !== '' && min > max) throw new CliError(`min version (${min}) is greater than max version (${max})`);
  if (min === 'TLS1.3' && suites.length > 0) {
    throw new CliError('cipher suites cannot be configured when only TLS1.3 is enabled');
  }
  return { minVersion: versions[min], maxVersion: versions[max], ciphers: ciphersOf(suites) };
}

function allowedFrom(values: FlagValues, prefix: Port['prefix']): TlsAllowed {
  if (prefix === '') return { hostnames: values.list('client-cert-allowed-hostname') };
  const [commonNames, hostnames] = [values.list('peer-cert-allowed-cn'), values.list('peer-cert-allowed-hostname')];
  if (commonNames.length > 0 && hostnames.length > 0) {
    throw new CliError('--peer-cert-allowed-cn and --peer-cert-allowed-hostname are mutually exclusive');
  }
  return { commonNames, hostnames };
}

/** Two flags that only have a sense together. */
function pair(values: FlagValues, certFlag: string, keyFlag: string): { cert: string; key: string } | undefined {
  const [cert, key] = [values.optional(certFlag), values.optional(keyFlag)];
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert !== undefined || key !== undefined) throw new CliError(`--${certFlag} and --${keyFlag} go together`);
  return undefined;
}

const hostsOf = (urls: readonly string[]): string[] =>
  urls.filter((url) => url.startsWith('https:')).map((url) => new URL(url).hostname.replace(/^\[|\]$/g, ''));

async function pathsFrom(values: FlagValues, port: Port): Promise<(TlsPaths & { ownMaking: boolean }) | undefined> {
  const { prefix, urls, dataDir } = port;
  const named = pair(values, `${prefix}cert-file`, `${prefix}key-file`);
  const auto = values.boolean(`${prefix}auto-tls`);
  const needs = urls.find((url) => /^(https|unixs):/.test(url));
  const common = {
    ca: values.optional(`${prefix}trusted-ca-file`),
    crl: values.optional(prefix === '' ? 'client-crl-file' : 'peer-crl-file'),
    client: prefix === '' ? undefined : pair(values, 'peer-client-cert-file', 'peer-client-key-file'),
  };
  if (named !== undefined) return { ...named, ...common, ownMaking: false };
  if (needs === undefined) return undefined;
  if (!auto) throw new CliError(`${needs} needs --${prefix}cert-file and --${prefix}key-file`);
  const dir = join(dataDir, 'fixtures', prefix === '' ? 'client' : 'peer');
  const made = await selfSigned(dir, hostsOf(urls), values.number('self-signed-cert-validity'));
  return { ...made, crl: common.crl, ownMaking: true };
}

/**
 * undefined: nothing is encrypted. As in etcd, naming an authority is enough to ask clients for a certificate of it. Rejects
 * with a CliError where files cannot be used or flags contradict each other.
 */
export async function tlsFrom(values: FlagValues, port: Port, log: Log): Promise<PortTls | undefined> {
  const paths = await pathsFrom(values, port);
  const protocol = protocolFrom(values);
  const allowed = allowedFrom(values, port.prefix);
  if (paths === undefined) return undefined;
  const { ownMaking, ...files } = paths;
  try {
    const tls = await tlsFromFiles(files, log, allowed);
    const requireClientCert = files.ca !== undefined || values.boolean(`${port.prefix}client-cert-auth`);
    return { ...tls, ...protocol, requireClientCert, ...(ownMaking && { trustsAnybody: true }) };
  } catch (error) {
    throw new CliError(`--${port.prefix}cert-file: ${messageOf(error)}`);
  }
}
