import { stampOf } from '../../base/file-stamp.ts';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { NamedCertificate, Renewed, ServingTls } from '../../apiserver/transport/serving-tls.ts';
import { checkPair } from '../../grpc/tls-files.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { readPem } from '../components/read-pem.ts';
import { ciphersOf } from '../etcd/cipher-suites.ts';
import { selfSigned } from '../etcd/self-signed.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** years that a certificate of its own making lasts, as kube-apiserver's */
const selfSignedYears = 1;

async function pathsFrom(values: FlagValues): Promise<Pair> {
  const [cert, key] = [values.optional('tls-cert-file'), values.optional('tls-private-key-file')];
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert !== undefined || key !== undefined) {
    throw new CliError('--tls-cert-file and --tls-private-key-file go together');
  }
  const dir = join(values.text('cert-dir'), 'apiserver');
  const hosts = ['localhost', '127.0.0.1', hostname(), 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const own = [values.optional('advertise-address'), values.optional('bind-address')].filter(
    (each) => each !== undefined,
  );
  try {
    return await selfSigned(dir, [...hosts, ...own], selfSignedYears);
  } catch (error) {
    throw new CliError(`--cert-dir: ${messageOf(error)}`);
  }
}

function readPair(flag: string, { cert, key }: Pair): Pair {
  const texts = { cert: readPem(flag, cert), key: readPem(flag, key) };
  try {
    checkPair(texts.cert, texts.key);
  } catch (error) {
    throw new CliError(`--${flag}: ${messageOf(error)}`);
  }
  return texts;
}

interface SniFiles extends Pair {
  readonly names: readonly string[] | undefined;
}

/** `cert,key` or `cert,key:name1,name2` */
function sniFiles(text: string): SniFiles {
  const [files = '', names] = text.split(':');
  const [cert, key, ...rest] = files.split(',').map((part) => part.trim());
  if (!cert || !key || rest.length > 0) {
    throw new CliError(
      `invalid argument "${text}" for "--tls-sni-cert-key" flag: expected comma separated certificate and key file paths`,
    );
  }
  return { cert, key, names: names?.split(',').map((name) => name.trim()) };
}

const readSni = (files: readonly SniFiles[]): NamedCertificate[] =>
  files.map((each) => ({
    ...readPair('tls-sni-cert-key', each),
    ...(each.names !== undefined && { names: each.names }),
  }));

/** The port's certificates, read again when their files change. */
export async function servingTlsFrom(values: FlagValues): Promise<ServingTls> {
  const paths = await pathsFrom(values);
  const sni = values.list('tls-sni-cert-key').map(sniFiles);
  const [clientCa, requestHeaderCa] = [
    values.optional('client-ca-file'),
    values.optional('requestheader-client-ca-file'),
  ];
  const files = [paths, ...sni].flatMap(({ cert, key }) => [cert, key]);
  const watched = [...files, clientCa, requestHeaderCa].filter((path) => path !== undefined);
  const minVersion = values.text('tls-min-version') === 'VersionTLS13' ? 'TLSv1.3' : 'TLSv1.2';
  const ciphers = ciphersOf(values.list('tls-cipher-suites'), 'tls-cipher-suites');
  let stamp = stampOf(watched);
  const renewed = (): Renewed | undefined => {
    const now = stampOf(watched);
    if (now === stamp) return undefined;
    stamp = now;
    return {
      ...readPair('tls-cert-file', paths),
      sni: readSni(sni),
      ...(clientCa !== undefined && { clientCa: readPem('client-ca-file', clientCa) }),
      ...(requestHeaderCa !== undefined && {
        requestHeaderCa: readPem('requestheader-client-ca-file', requestHeaderCa),
      }),
    };
  };
  const pair = readPair('tls-cert-file', paths);
  return { ...pair, sni: readSni(sni), minVersion, ...(ciphers !== undefined && { ciphers }), renewed };
}
