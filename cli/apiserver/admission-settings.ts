import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { readPodSecurityConfiguration } from '../../apiserver/admission/pod-security-configuration.ts';
import { chosenPlugins } from '../../apiserver/admission/plugins.ts';
import type { ApiServerOptions } from '../../apiserver/server.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { readPem } from '../components/read-pem.ts';

const fileFlag = 'admission-control-config-file';

interface PluginConfiguration {
  readonly name?: unknown;
  readonly path?: unknown;
  readonly configuration?: unknown;
}

function parsed(path: string): unknown {
  const text = readPem(fileFlag, path);
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new CliError(`--${fileFlag}: ${path}: ${messageOf(error)}`);
  }
}

/** What an AdmissionConfiguration says of PodSecurity; of other plugins nothing can be said here. */
function podSecurityFrom(path: string): NonNullable<ApiServerOptions['admission']>['podSecurity'] {
  const file = parsed(path) as { kind?: unknown; plugins?: unknown } | undefined;
  if (file?.kind !== 'AdmissionConfiguration') {
    throw new CliError(`--${fileFlag}: ${path}: an AdmissionConfiguration is expected`);
  }
  let found: ReturnType<typeof podSecurityFrom>;
  for (const { name, path: own, configuration } of (file.plugins ?? []) as readonly PluginConfiguration[]) {
    if (name !== 'PodSecurity') {
      throw new CliError(`--${fileFlag}: a configuration of ${String(name)} is not supported by Kuorum`);
    }
    const given = typeof own === 'string' && own !== '' ? parsed(resolve(dirname(path), own)) : configuration;
    try {
      found = readPodSecurityConfiguration(given);
    } catch (error) {
      throw new CliError(`--${fileFlag}: ${messageOf(error)}`);
    }
  }
  return found;
}

/** Which rules of admission hold. Throws a CliError that names the flag. */
export function admissionFrom(values: FlagValues): ApiServerOptions['admission'] {
  const choice = { enable: values.list('enable-admission-plugins'), disable: values.list('disable-admission-plugins') };
  try {
    chosenPlugins(choice);
  } catch (error) {
    throw new CliError(messageOf(error));
  }
  const path = values.optional(fileFlag);
  const podSecurity = path === undefined ? undefined : podSecurityFrom(path);
  return { ...choice, ...(podSecurity && { podSecurity }) };
}
