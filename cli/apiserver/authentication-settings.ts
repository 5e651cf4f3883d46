import { parse } from 'yaml';
import {
  readAuthenticationConfiguration,
  signingAlgorithms,
} from '../../apiserver/auth/authentication-configuration.ts';
import type { JwtSettings } from '../../apiserver/auth/jwt-authenticator.ts';
import type { ApiServerOptions } from '../../apiserver/server.ts';
import type { Log } from '../../base/log.ts';
import { CliError } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { readPem } from '../components/read-pem.ts';
import { ReloadedFile } from './reloaded-file.ts';
import { webhookTarget } from './webhook-target.ts';

type Authentication = Pick<
  ApiServerOptions,
  'jwt' | 'anonymous' | 'tokenWebhook' | 'bootstrapTokens' | 'requestHeader' | 'audiences'
>;

/** `-`: nothing stands before user names; without one, the issuer does, unless they are addresses. */
function usernamePrefix(values: FlagValues, issuer: string, claim: string): string {
  const prefix = values.text('oidc-username-prefix');
  if (prefix === '-') return '';
  return prefix === '' && claim !== 'email' ? `${issuer}#` : prefix;
}

function requiredClaims(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new CliError(`invalid argument "${pair}" for "--oidc-required-claim" flag: expected key=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function oidcFrom(values: FlagValues): JwtSettings[] {
  const [issuer, clientId] = [values.text('oidc-issuer-url'), values.text('oidc-client-id')];
  if (issuer === '' && clientId === '') return [];
  if (issuer === '' || clientId === '')
    throw new CliError('oidc-issuer-url and oidc-client-id must be specified together when any --oidc-* flags are set');
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== 'https:') {
    throw new CliError(`--oidc-issuer-url: Invalid value: "${issuer}": URL scheme must be https`);
  }
  const algorithms = values.list('oidc-signing-algs');
  const unknown = algorithms.find((algorithm) => !signingAlgorithms.includes(algorithm));
  if (unknown !== undefined) throw new CliError(`oidc: unsupported signing alg: "${unknown}"`);
  const claim = values.text('oidc-username-claim');
  const groupsClaim = values.optional('oidc-groups-claim');
  const ca = values.optional('oidc-ca-file');
  return [
    {
      issuer,
      ...(ca !== undefined && { ca: readPem('oidc-ca-file', ca) }),
      audiences: [clientId],
      algorithms,
      username: { claim, prefix: usernamePrefix(values, issuer, claim) },
      ...(groupsClaim !== undefined && { groups: { claim: groupsClaim, prefix: values.text('oidc-groups-prefix') } }),
      requiredClaims: requiredClaims(values.list('oidc-required-claim')),
    },
  ];
}

function requestHeaderFrom(values: FlagValues): ApiServerOptions['requestHeader'] {
  const path = values.optional('requestheader-client-ca-file');
  if (path === undefined) return undefined;
  const clientCa = readPem('requestheader-client-ca-file', path);
  const allowedNames = values.list('requestheader-allowed-names');
  const own = values.optional('client-ca-file');
  if (own !== undefined && allowedNames.length === 0 && readPem('client-ca-file', own).trim() === clientCa.trim()) {
    throw new CliError(
      '--requestheader-client-ca-file and --client-ca-file contain overlapping certificates; --requestheader-allowed-names must be specified to ensure regular client certificates cannot set authenticating proxy headers for arbitrary users',
    );
  }
  return {
    clientCa,
    allowedNames,
    usernameHeaders: values.list('requestheader-username-headers'),
    uidHeaders: values.list('requestheader-uid-headers'),
    groupHeaders: values.list('requestheader-group-headers'),
    extraHeaderPrefixes: values.list('requestheader-extra-headers-prefix'),
  };
}

function tokenWebhookFrom(values: FlagValues): ApiServerOptions['tokenWebhook'] {
  const flag = 'authentication-token-webhook-config-file';
  const path = values.optional(flag);
  if (path === undefined) return undefined;
  return {
    target: webhookTarget(flag, path),
    version: values.text('authentication-token-webhook-version') as 'v1' | 'v1beta1',
    cacheTtlMs: values.number('authentication-token-webhook-cache-ttl'),
  };
}

function issuersFrom(
  values: FlagValues,
  given: ReadonlySet<string>,
  log: Log,
): Pick<Authentication, 'jwt' | 'anonymous'> {
  const flag = 'authentication-config';
  const path = values.optional(flag);
  const anonymous = given.has('anonymous-auth') ? { enabled: values.boolean('anonymous-auth') } : undefined;
  if (path === undefined) {
    const jwt = oidcFrom(values);
    return { anonymous, ...(jwt.length > 0 && { jwt: () => jwt }) };
  }
  const read = (text: string): ReturnType<typeof readAuthenticationConfiguration> =>
    readAuthenticationConfiguration(parse(text));
  const file = new ReloadedFile({ flag, path, parse: read, log });
  if ([...given].some((name) => name.startsWith('oidc-'))) {
    throw new CliError('authentication-config file and oidc-* flags are mutually exclusive');
  }
  if (anonymous !== undefined && file.value.anonymous !== undefined) {
    throw new CliError(
      '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    );
  }
  return { anonymous: file.value.anonymous ?? anonymous, jwt: () => file.value.jwt };
}

export function authenticationFrom(values: FlagValues, given: ReadonlySet<string>, log: Log): Authentication {
  return {
    ...issuersFrom(values, given, log),
    tokenWebhook: tokenWebhookFrom(values),
    bootstrapTokens: values.boolean('enable-bootstrap-token-auth'),
    requestHeader: requestHeaderFrom(values),
  };
}
