import { parse } from 'yaml';
import { readAuthorizationConfiguration } from '../../apiserver/auth/authorization-configuration.ts';
import {
  authorizationModes,
  type AuthorizationMode,
  type AuthorizerSetting,
} from '../../apiserver/auth/authorizers.ts';
import type { ApiServerOptions } from '../../apiserver/server.ts';
import type { Log } from '../../base/log.ts';
import { CliError } from '../cli-error.ts';
import type { FlagValues } from '../commands/flags.ts';
import { ReloadedFile } from './reloaded-file.ts';
import { webhookTarget } from './webhook-target.ts';

const webhookFlag = 'authorization-webhook-config-file';
const webhookTimeoutMs = 30_000;
const modeFlags = [
  'authorization-mode',
  webhookFlag,
  'authorization-webhook-version',
  'authorization-webhook-cache-authorized-ttl',
  'authorization-webhook-cache-unauthorized-ttl',
];

function webhookFrom(values: FlagValues): AuthorizerSetting {
  const path = values.optional(webhookFlag);
  if (path === undefined) throw new CliError("authorization-mode Webhook's authorization config file not passed");
  return {
    webhook: {
      name: 'default',
      target: webhookTarget(webhookFlag, path),
      version: values.text('authorization-webhook-version') as 'v1' | 'v1beta1',
      authorizedTtlMs: values.number('authorization-webhook-cache-authorized-ttl'),
      unauthorizedTtlMs: values.number('authorization-webhook-cache-unauthorized-ttl'),
      timeoutMs: webhookTimeoutMs,
      failurePolicy: 'NoOpinion',
    },
  };
}

function modesFrom(values: FlagValues): AuthorizerSetting[] {
  const asked = values.list('authorization-mode');
  const isKnown = (mode: string): mode is AuthorizationMode => authorizationModes.some((known) => known === mode);
  if (asked.length === 0) throw new CliError('at least one authorization-mode must be passed');
  if (values.optional(webhookFlag) !== undefined && !asked.includes('Webhook')) {
    throw new CliError(`cannot specify --${webhookFlag} without mode Webhook`);
  }
  return asked.map((mode, index) => {
    if (asked.indexOf(mode) !== index) {
      throw new CliError(`authorization-mode [${asked.join(' ')}] has mode specified more than once`);
    }
    if (mode === 'ABAC') throw new CliError('--authorization-mode=ABAC is not supported by Kuorum: use RBAC');
    if (mode === 'Webhook') return webhookFrom(values);
    if (!isKnown(mode)) throw new CliError(`authorization-mode "${mode}" is not a valid mode`);
    return mode;
  });
}

export function authorizationFrom(
  values: FlagValues,
  given: ReadonlySet<string>,
  log: Log,
): Pick<ApiServerOptions, 'authorizers'> {
  const flag = 'authorization-config';
  const path = values.optional(flag);
  if (path === undefined) {
    const modes = modesFrom(values);
    return { authorizers: () => modes };
  }
  if (modeFlags.some((each) => given.has(each))) {
    throw new CliError(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    );
  }
  const targetIn = (kubeconfig: string): ReturnType<typeof webhookTarget> => webhookTarget(flag, kubeconfig);
  const read = (text: string): AuthorizerSetting[] => readAuthorizationConfiguration(parse(text), targetIn);
  const file = new ReloadedFile({ flag, path, parse: read, log });
  return { authorizers: () => file.value };
}
