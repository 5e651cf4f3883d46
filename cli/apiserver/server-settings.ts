import { isIP } from 'node:net';
import type { ApiServerOptions } from '../../apiserver/server.ts';
import { served } from '../../apiserver/registry/registry.ts';
import { silentLog, type Log } from '../../base/log.ts';
import { CliError } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { readPem } from '../components/read-pem.ts';
import { authenticationFrom } from './authentication-settings.ts';
import { authorizationFrom } from './authorization-settings.ts';
import { admissionFrom } from './admission-settings.ts';
import { auditFrom } from './audit-settings.ts';
import { encryptionFrom } from './encryption-settings.ts';
import type { ApiserverSettings } from './read-flags.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const optionalPem = (values: FlagValues, flag: string): string | undefined => {
  const path = values.optional(flag);
  return path === undefined ? undefined : readPem(flag, path);
};

function etcdTlsFrom(values: FlagValues): ApiServerOptions['etcdTls'] {
  const [ca, cert, key] = ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'].map((flag) => optionalPem(values, flag));
  if (ca === undefined && values.list('etcd-servers').some((url) => url.startsWith('https:'))) {
    throw new CliError('https:// in --etcd-servers needs --etcd-cafile');
  }
  return ca === undefined ? undefined : { ca, cert, key };
}

function checkIssuers(issuers: readonly string[]): void {
  for (const [index, issuer] of issuers.entries()) {
    if (issuer === '') throw new CliError('service-account-issuer should not be an empty string');
    if (issuer.includes(':') && !URL.canParse(issuer)) {
      throw new CliError(`service-account-issuer "${issuer}" contained a ':' but was not a valid URL`);
    }
    if (issuers.indexOf(issuer) !== index) {
      throw new CliError(`service-account-issuer "${issuer}" is already specified`);
    }
  }
}

const secondsOf = (ms: number): number => Math.floor(ms / 1000);

/** The shortest and the longest life of tokens that may be asked for as the most. */
const [hourMs, longestMs] = [3_600_000, 2 ** 32 * 1000];

function serviceAccountsFrom(values: FlagValues): ApiServerOptions['serviceAccounts'] {
  const signingKey = optionalPem(values, 'service-account-signing-key-file');
  const verifyKeys = values.list('service-account-key-file').map((path) => readPem('service-account-key-file', path));
  const maxMs = values.number('service-account-max-token-expiration');
  const jwksUri = values.optional('service-account-jwks-uri');
  const issuers = values.list('service-account-issuer');
  checkIssuers(issuers);
  if (jwksUri !== undefined && !jwksUri.startsWith('https:')) {
    throw new CliError(`service-account-jwks-uri requires https scheme, parsed as: ${jwksUri}`);
  }
  if (maxMs !== 0 && (maxMs < hourMs || maxMs > longestMs)) {
    throw new CliError('the service-account-max-token-expiration must be between 1 hour and 2^32 seconds');
  }
  if (signingKey === undefined && verifyKeys.length === 0) return undefined;
  return {
    ...(signingKey !== undefined && { signingKey }),
    verifyKeys,
    issuers,
    maxSeconds: secondsOf(maxMs),
    extends: values.boolean('service-account-extend-token-expiration'),
    lookup: values.boolean('service-account-lookup'),
    ...(jwksUri !== undefined && { jwksUri }),
  };
}

const portMax = 65_535;

function portsFrom(text: string): ApiServerOptions['serviceNodePorts'] {
  const [, from = '', sign = '', to = ''] = /^(\d+)(?:([-+])(\d+))?$/.exec(text.trim()) ?? [];
  const first = Number(from);
  const last = sign === '' ? first : sign === '+' ? first + Number(to) : Number(to);
  if (from === '' || last < first || first < 1 || last > portMax) {
    throw new CliError(
      `invalid argument "${text}" for "--service-node-port-range" flag: a range such as 30000-32767 is expected`,
    );
  }
  return { first, last };
}

function proxyClientFrom(values: FlagValues): ApiServerOptions['proxyClient'] {
  const [cert, key] = [optionalPem(values, 'proxy-client-cert-file'), optionalPem(values, 'proxy-client-key-file')];
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  throw new CliError('--proxy-client-cert-file and --proxy-client-key-file go together');
}

function directivesFrom(directives: readonly string[]): string | undefined {
  const isKnown = (each: string): boolean => /^(max-age=\d+|includeSubDomains|preload)$/.test(each);
  if (!directives.every(isKnown)) {
    throw new CliError(
      '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information',
    );
  }
  return directives.length === 0 ? undefined : directives.join('; ');
}

function kubeletClientFrom(values: FlagValues): ApiServerOptions['kubeletClient'] {
  const [cert, key] = ['kubelet-client-certificate', 'kubelet-client-key'].map((flag) => optionalPem(values, flag));
  if ((cert === undefined) !== (key === undefined)) {
    throw new CliError('--kubelet-client-certificate and --kubelet-client-key go together');
  }
  return {
    cert,
    key,
    ca: optionalPem(values, 'kubelet-certificate-authority'),
    preferredAddressTypes: values.list('kubelet-preferred-address-types'),
    port: values.number('kubelet-port'),
    timeoutMs: values.number('kubelet-timeout'),
  };
}

const goawayChanceMax = 0.02;

function goawayChanceFrom(text: string): number {
  const chance = Number(text);
  if (text === '' || !(chance >= 0 && chance <= goawayChanceMax)) {
    throw new CliError(`--goaway-chance can not be less than 0 or greater than ${goawayChanceMax}`);
  }
  return chance;
}

const groupKeys: ReadonlySet<string> = new Set(['api/all', 'api/ga', 'api/beta', 'api/alpha', 'api/legacy']);

function runtimeConfigFrom(parts: readonly string[]): Map<string, boolean> {
  const settings = new Map<string, boolean>();
  for (const part of parts) {
    const [key = '', value = 'true'] = part.split('=').map((each) => each.trim());
    if (value !== 'true' && value !== 'false') throw new CliError(`runtime-config invalid value ${part}`);
    const [group = '', version] = key.split('/');
    const isCore = version === undefined || group === 'v1';
    const isKnown = served.some((info) =>
      isCore ? info.group === '' && info.version === group : info.group === group,
    );
    if (!groupKeys.has(key) && !isKnown) throw new CliError(`unknown api groups ${isCore ? key : group}`);
    settings.set(key, value === 'true');
  }
  return settings;
}

function checkAddress(values: FlagValues, flag: string): string | undefined {
  const address = values.optional(flag);
  if (address !== undefined && isIP(address) === 0) {
    throw new CliError(`invalid argument "${address}" for "--${flag}" flag: failed to parse IP: "${address}"`);
  }
  return address;
}

/** All that `kuorum apiserver` is told but its certificates and its log. Throws a CliError that names the flag. */
export function serverSettings(
  { values, given }: ApiserverSettings,
  log: Log = silentLog,
): Omit<ApiServerOptions, 'tls' | 'log'> {
  const tokenFile = values.optional('token-auth-file');
  const settings: Mutable<Omit<ApiServerOptions, 'tls' | 'log'>> = {
    etcdServers: values.list('etcd-servers'),
    etcdTls: etcdTlsFrom(values),
    etcdPrefix: values.text('etcd-prefix'),
    encryption: encryptionFrom(values, log),
    bindAddress: checkAddress(values, 'bind-address'),
    securePort: values.number('secure-port'),
    streamsPerConnection: values.number('http2-max-streams-per-connection') || undefined,
    advertiseAddress: checkAddress(values, 'advertise-address'),
    clientCa: optionalPem(values, 'client-ca-file'),
    serviceClusterIpRange: values.text('service-cluster-ip-range'),
    serviceNodePorts: portsFrom(values.text('service-node-port-range')),
    tokenFile: tokenFile === undefined ? undefined : { name: tokenFile, text: readPem('token-auth-file', tokenFile) },
    serviceAccounts: serviceAccountsFrom(values),
    ...authorizationFrom(values, given, log),
    ...authenticationFrom(values, given, log),
    admission: admissionFrom(values),
    audit: auditFrom(values, log),
    proxyClient: proxyClientFrom(values),
    externalHostname: values.optional('external-hostname'),
    strictTransportSecurity: directivesFrom(values.list('strict-transport-security-directives')),
    kubeletClient: kubeletClientFrom(values),
    limits: {
      readsMax: values.number('max-requests-inflight'),
      changesMax: values.number('max-mutating-requests-inflight'),
      fairness: values.boolean('enable-priority-and-fairness'),
    },
    requestTimeoutMs: values.number('request-timeout'),
    watchSecondsMin: values.number('min-request-timeout'),
    goawayChance: goawayChanceFrom(values.text('goaway-chance')),
    shutdownDelayMs: values.number('shutdown-delay-duration'),
    eventTtlSeconds: secondsOf(values.number('event-ttl')),
    runtimeConfig: runtimeConfigFrom(values.list('runtime-config')),
  };
  if (given.has('api-audiences')) settings.audiences = values.list('api-audiences');
  return settings;
}
