/** Environment variables and what they are taken from. */
import { invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import {
  isConfigMapKey,
  isDns1123Subdomain,
  isEnvVarName,
  isQualifiedName,
  nameIsDnsSubdomain,
} from '../meta/names.ts';
import { parseQuantity } from '../meta/quantity.ts';
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../types/core-v1.ts';
import { dnsLabel, each, named, noBacksteps, requiredText } from './field-checks.ts';

const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** in files of the downward API */
export const volumeFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** fields of a pod that can be named at all */
const podFields = new Set([...envFields, ...volumeFields, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase']);
const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

export function validateEnv(env: EnvVar[] | undefined, path: string): FieldError[] {
  return each(env, path, (variable, at) => [
    ...(variable.name ? named(`${at}.name`, variable.name, isEnvVarName(variable.name)) : [required(`${at}.name`)]),
    ...validateSource(variable, `${at}.valueFrom`),
  ]);
}

function validateSource(variable: EnvVar, path: string): FieldError[] {
  const from: EnvVarSource | undefined = variable.valueFrom;
  if (from === undefined) return [];
  const errors: FieldError[] = [];
  let sources = 0;
  if (from.fieldRef) {
    sources++;
    errors.push(...validateFieldRef(from.fieldRef, envFields, `${path}.fieldRef`));
  }
  if (from.resourceFieldRef) {
    sources++;
    errors.push(...validateResourceFieldRef(from.resourceFieldRef, `${path}.resourceFieldRef`, false));
  }
  for (const key of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const ref = from[key];
    if (!ref) continue;
    sources++;
    errors.push(...named(`${path}.${key}.name`, ref.name ?? '', nameIsDnsSubdomain(ref.name ?? '', false)));
    if (!ref.key) errors.push(required(`${path}.${key}.key`));
    else errors.push(...named(`${path}.${key}.key`, ref.key, isConfigMapKey(ref.key)));
  }
  if (from.fileKeyRef) {
    sources++;
    const [ref, at] = [from.fileKeyRef, `${path}.fileKeyRef`];
    errors.push(...(ref.key ? named(`${at}.key`, ref.key, isEnvVarName(ref.key)) : [required(`${at}.key`)]));
    errors.push(...(ref.volumeName ? dnsLabel(`${at}.volumeName`, ref.volumeName) : [required(`${at}.volumeName`)]));
    errors.push(...(ref.path ? noBacksteps(`${at}.path`, ref.path) : [required(`${at}.path`)]));
  }
  if (sources === 0) {
    const why =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalid(path, '', why));
  } else if (variable.value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

export function validateFieldRef(ref: ObjectFieldSelector, allowed: readonly string[], path: string): FieldError[] {
  if (!ref.apiVersion) return [required(`${path}.apiVersion`)];
  if (!ref.fieldPath) return [required(`${path}.fieldPath`)];
  const wrong = (why: string): FieldError[] => [
    invalid(`${path}.fieldPath`, ref.fieldPath, `error converting fieldPath: ${why}`),
  ];
  if (ref.apiVersion !== 'v1') return wrong(`unsupported pod version: ${ref.apiVersion}`);
  const subscript = /^(.*)\['([^]*)'\]$/.exec(ref.fieldPath);
  if (subscript !== null) {
    const [, field = '', key = ''] = subscript;
    if (field === 'metadata.annotations') return named(path, key.toLowerCase(), isQualifiedName(key.toLowerCase()));
    if (field === 'metadata.labels') return named(path, key, isQualifiedName(key));
    if (!podFields.has(field)) return wrong(`field label does not support subscript`);
    return [invalid(path, field, 'does not support subscript')];
  }
  // the field's old name
  const field = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath;
  if (!podFields.has(field)) return wrong(`field label not supported: ${ref.fieldPath}`);
  return allowed.includes(field) ? [] : [notSupported(`${path}.fieldPath`, field, allowed)];
}

const divisors: Record<string, [allowed: readonly string[], why: string]> = {};
const units = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
for (const [suffix, words] of [
  ['memory', 'memory'],
  ['ephemeral-storage', 'local ephemeral storage'],
] as const) {
  divisors[suffix] = [units, `only divisor's values ${units.join(', ')} are supported with the ${words} resource`];
}
divisors['cpu'] = [['1m', '1'], "only divisor's values 1m and 1 are supported with the cpu resource"];
divisors['hugepages'] = [units, `only divisor's values ${units.join(', ')} are supported with the hugepages resource`];

export function validateResourceFieldRef(ref: ResourceFieldSelector, path: string, inVolume: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const huge = /^(?:limits|requests)\.hugepages-/.test(ref.resource ?? '');
  if (inVolume && !ref.containerName) errors.push(required(`${path}.containerName`));
  else if (!ref.resource) errors.push(required(`${path}.resource`));
  else if (!resourceFields.includes(ref.resource) && !huge) {
    errors.push(notSupported(`${path}.resource`, ref.resource, resourceFields));
  }
  const divisor = ref.divisor ?? '0';
  if (parseQuantity(divisor).nano === 0n) return errors;
  const kind = huge ? 'hugepages' : (ref.resource ?? '').replace(/^(?:limits|requests)\./, '');
  const rule = Object.hasOwn(divisors, kind) ? divisors[kind] : undefined;
  if (rule !== undefined && !rule[0].includes(divisor)) errors.push(invalid(`${path}.divisor`, ref.resource, rule[1]));
  return errors;
}

export function validateEnvFrom(sources: EnvFromSource[] | undefined, path: string): FieldError[] {
  return each(sources, path, (source, at) => {
    const errors = source.prefix ? named(`${at}.prefix`, source.prefix, isEnvVarName(source.prefix)) : [];
    let found = 0;
    for (const key of ['configMapRef', 'secretRef'] as const) {
      const ref = source[key];
      if (!ref) continue;
      found++;
      const name = ref.name ?? '';
      errors.push(...requiredText(`${at}.${key}.name`, name));
      if (name) errors.push(...named(`${at}.${key}.name`, name, isDns1123Subdomain(name)));
    }
    if (found === 0) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (found > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    return errors;
  });
}
