import { parse } from 'yaml';
import { readEncryptionConfiguration } from '../../apiserver/storage/encryption/encryption-configuration.ts';
import type { ApiServerOptions } from '../../apiserver/server.ts';
import type { Log } from '../../base/log.ts';
import type { FlagValues } from '../commands/flags.ts';
import { ReloadedFile } from './reloaded-file.ts';

const flag = 'encryption-provider-config';

export function encryptionFrom(values: FlagValues, log: Log): ApiServerOptions['encryption'] {
  const path = values.optional(flag);
  if (path === undefined) return undefined;
  const file = new ReloadedFile({
    flag,
    path,
    parse: (text) => readEncryptionConfiguration(parse(text)),
    log,
    reloads: values.boolean(`${flag}-automatic-reload`),
  });
  return () => file.value;
}
