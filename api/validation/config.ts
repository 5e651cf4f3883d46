/** ConfigMaps and Secrets. */
import { JsonSyntaxError, parseJson } from '../codec/json-scanner.ts';
import { base64Length, base64ToBytes } from '../meta/base64.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { forbidden, invalid, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { byteLength, isConfigMapKey, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { ConfigMap, Secret } from '../types/core-v1.ts';

/** of all values together */
export const dataBytesMax = 1024 * 1024;

type Data = Record<string, string> | undefined;

function validateKeys(data: Data, path: string): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) => isConfigMapKey(key).map((m) => invalid(`${path}[${key}]`, key, m)));
}

const total = (data: Data, length: (text: string) => number): number =>
  Object.values(data ?? {}).reduce((bytes, value) => bytes + length(value), 0);

const has = (data: Data, key: string): boolean => data !== undefined && Object.hasOwn(data, key);

export function validateConfigMap(config: ConfigMap): FieldError[] {
  const errors = [
    ...validateObjectMeta(config.metadata, true, nameIsDnsSubdomain),
    ...validateKeys(config.data, 'data'),
    ...validateKeys(config.binaryData, 'binaryData'),
  ];
  for (const key of Object.keys(config.data ?? {})) {
    if (has(config.binaryData, key))
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
  }
  if (total(config.data, byteLength) + total(config.binaryData, base64Length) > dataBytesMax) {
    errors.push(tooLong('[]', dataBytesMax));
  }
  return errors;
}

const frozen = 'field is immutable when `immutable` is set';

/** What `immutable: true` forbids for good. */
function validateFrozen<T extends { immutable?: boolean }>(
  now: T,
  old: T,
  keys: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return [];
  return [
    ...(now.immutable ? [] : [forbidden('immutable', frozen)]),
    ...keys.filter((key) => !deepEqual(now[key] ?? {}, old[key] ?? {})).map((key) => forbidden(key, frozen)),
  ];
}

export const validateConfigMapUpdate = (config: ConfigMap, old: ConfigMap): FieldError[] => [
  ...validateObjectMetaUpdate(config.metadata, old.metadata),
  ...validateFrozen(config, old, ['data', 'binaryData']),
  ...validateConfigMap(config).filter((error) => !error.field.startsWith('metadata.')),
];

const utf8 = new TextDecoder();

function validateJsonKey(secret: Secret, key: string): FieldError[] {
  if (!has(secret.data, key)) return [required(`data[${key}]`)];
  try {
    const value: unknown = parseJson(utf8.decode(base64ToBytes(secret.data?.[key] ?? '')));
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return [];
    const what = Array.isArray(value) ? 'array' : typeof value;
    const why = `json: cannot unmarshal ${what} into Go value of type map[string]interface {}`;
    return [invalid(`data[${key}]`, '<secret contents redacted>', why)];
  } catch (error) {
    const why = error instanceof JsonSyntaxError ? error.message : 'invalid JSON';
    return [invalid(`data[${key}]`, '<secret contents redacted>', why)];
  }
}

const needsKeys = (secret: Secret, ...keys: string[]): FieldError[] =>
  keys.filter((key) => !has(secret.data, key)).map((key) => required(`data[${key}]`));

/** Type → what it must hold. */
const secretTypes: Record<string, (secret: Secret) => FieldError[]> = {
  'kubernetes.io/service-account-token': (secret) => {
    const key = 'kubernetes.io/service-account.name';
    return secret.metadata?.annotations?.[key] ? [] : [required(`metadata.annotations[${key}]`)];
  },
  'kubernetes.io/dockercfg': (secret) => validateJsonKey(secret, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': (secret) => validateJsonKey(secret, '.dockerconfigjson'),
  'kubernetes.io/basic-auth': (secret) =>
    has(secret.data, 'username') || has(secret.data, 'password') ? [] : needsKeys(secret, 'username', 'password'),
  'kubernetes.io/ssh-auth': (secret) => (secret.data?.['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')]),
  'kubernetes.io/tls': (secret) => needsKeys(secret, 'tls.crt', 'tls.key'),
};

export function validateSecret(secret: Secret): FieldError[] {
  const type = secret.type ?? '';
  return [
    ...validateObjectMeta(secret.metadata, true, nameIsDnsSubdomain),
    ...validateKeys(secret.data, 'data'),
    ...(total(secret.data, base64Length) > dataBytesMax ? [tooLong('data', dataBytesMax)] : []),
    ...(Object.hasOwn(secretTypes, type) ? (secretTypes[type]?.(secret) ?? []) : []),
  ];
}

export const validateSecretUpdate = (secret: Secret, old: Secret): FieldError[] => [
  ...validateObjectMetaUpdate(secret.metadata, old.metadata),
  ...validateImmutable(secret.type, old.type, 'type'),
  ...validateFrozen(secret, old, ['data']),
  ...validateSecret(secret).filter((error) => !/^metadata\.(?!annotations\[)/.test(error.field)),
];
