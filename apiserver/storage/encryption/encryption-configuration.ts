/** Reads an EncryptionConfiguration (apiserver.config.k8s.io/v1), and says what is wrong in Kubernetes' words. */
import { isObject } from '../../../api/meta/clone.ts';
import { listOf, textOf, type Fields } from '../../configuration-fields.ts';
import { aggregateText, invalid, required, type FieldError } from '../../../api/meta/field-error.ts';
import { aesCbc, aesGcm, identity, secretbox, type ValueCipher } from './value-ciphers.ts';
import { ValueTransformer, type Provider } from './value-transformer.ts';

interface KeyedKind {
  readonly prefix: string;
  readonly sizes: readonly number[];
  readonly noKey: string;
  readonly cipher: (key: Uint8Array) => ValueCipher;
}

const noAesKey = 'no matching key was found for the provided AES transformer';
const keyedKinds: Readonly<Record<string, KeyedKind>> = {
  aesgcm: { prefix: 'k8s:enc:aesgcm:v1:', sizes: [16, 24, 32], noKey: noAesKey, cipher: aesGcm },
  aescbc: { prefix: 'k8s:enc:aescbc:v1:', sizes: [16, 24, 32], noKey: noAesKey, cipher: aesCbc },
  secretbox: {
    prefix: 'k8s:enc:secretbox:v1:',
    sizes: [32],
    noKey: 'no matching key was found for the provided Secretbox transformer',
    cipher: secretbox,
  },
};
const kindNames = [...Object.keys(keyedKinds), 'identity', 'kms'];

const atLeastOne = (what: string): string => `at least one ${what} is required`;

/** `secrets` → '', secrets; `*.apps` → apps, *; `*.` → '', * */
export function groupResource(text: string): { group: string; resource: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { group: '', resource: text } : { group: text.slice(dot + 1), resource: text.slice(0, dot) };
}

function nameProblem(name: string): string | undefined {
  const { group, resource } = groupResource(name);
  if (/[A-Z]/.test(name)) return 'resource name should not contain capital letters';
  if (name === '*') return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
  if (['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'].includes(name)) {
    return 'resources which do not have REST API/s cannot be encrypted';
  }
  if (group === 'events.k8s.io') {
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file";
  }
  if (group === 'extensions') return "'extensions' group has been removed and cannot be used for encryption";
  if (group === '*' && resource !== '*') return 'encrypting the same resource across groups is not supported';
  return undefined;
}

function overlapErrors(names: readonly string[], at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (new Set(names).size < names.length) {
    errors.push(invalid(at, names, 'the same resource cannot be specified multiple times'));
  }
  const parsed = names.map(groupResource);
  const overlaps = parsed.some(({ group, resource }, i) =>
    parsed.some((other, j) => {
      if (i === j || names[i] === names[j]) return false;
      return names[i] === '*.*' || (group === other.group && (resource === '*' || other.resource === '*'));
    }),
  );
  if (overlaps) {
    errors.push(
      invalid(
        at,
        names,
        "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
      ),
    );
  }
  return errors;
}

/** Base64 as Go reads it: padded, and nothing else in it. */
function secretBytes(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function keyErrors(key: unknown, at: string, sizes: readonly number[]): FieldError[] {
  const { name, secret } = isObject(key) ? key : {};
  const errors: FieldError[] = [];
  if (textOf(name) === '') errors.push(required(`${at}.name`, 'name is a mandatory field for a key'));
  if (textOf(secret) === '') {
    errors.push(required(`${at}.secret`, 'secret is a mandatory field for a key'));
    return errors;
  }
  const bytes = secretBytes(textOf(secret));
  if (bytes === undefined) errors.push(invalid(`${at}.secret`, 'REDACTED', 'secrets must be base64 encoded'));
  else if (!sizes.includes(bytes.length)) {
    const detail = `secret is not of the expected length, got ${bytes.length}, expected one of [${sizes.join(' ')}]`;
    errors.push(invalid(`${at}.secret`, 'REDACTED', detail));
  }
  return errors;
}

function providerErrors(provider: unknown, at: string): FieldError[] {
  const fields = isObject(provider) ? provider : {};
  const found = kindNames.filter((name) => fields[name] !== undefined && fields[name] !== null);
  if (found.length === 0) {
    const detail = 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity';
    return [invalid(at, Object.keys(fields), detail)];
  }
  if (found.length > 1) {
    const detail = 'more than one provider specified in a single element, should split into different list elements';
    return [invalid(at, found, detail)];
  }
  const [kind = ''] = found;
  if (kind === 'kms') return [invalid(`${at}.kms`, 'kms', 'key management services are not supported by Kuorum')];
  const keyed = keyedKinds[kind];
  if (keyed === undefined) return [];
  const path = `${at}.${kind}.keys`;
  const own = fields[kind];
  const keys = listOf(isObject(own) ? own['keys'] : undefined);
  if (keys.length === 0) return [required(path, atLeastOne('keys'))];
  return keys.flatMap((key, i) => keyErrors(key, `${path}[${i}]`, keyed.sizes));
}

function ruleErrors(rule: unknown, at: string): FieldError[] {
  const { resources, providers } = isObject(rule) ? rule : {};
  const [names, list] = [listOf(resources).map(textOf), listOf(providers)];
  const errors: FieldError[] = [];
  const resourcesAt = `${at}.resources`;
  const providersAt = `${at}.providers`;
  if (names.length === 0) errors.push(required(resourcesAt, atLeastOne(resourcesAt)));
  errors.push(...overlapErrors(names, resourcesAt));
  for (const [i, name] of names.entries()) {
    const problem = nameProblem(name);
    if (problem !== undefined) errors.push(invalid(`${resourcesAt}[${i}]`, name, problem));
  }
  if (list.length === 0) errors.push(required(providersAt, atLeastOne(providersAt)));
  errors.push(...list.flatMap((provider, i) => providerErrors(provider, `${providersAt}[${i}]`)));
  return errors;
}

const plain: Provider = { prefix: '', keys: [{ name: '', cipher: identity }], noKey: '' };

/** Of what was found to be right. */
function providerOf(provider: unknown): Provider {
  const fields = provider as Fields;
  const kind = Object.keys(keyedKinds).find((name) => fields[name] !== undefined && fields[name] !== null);
  const keyed = kind === undefined ? undefined : keyedKinds[kind];
  if (kind === undefined || keyed === undefined) return plain;
  const keys = listOf((fields[kind] as Fields)['keys']) as readonly { name: string; secret: string }[];
  return {
    prefix: keyed.prefix,
    noKey: keyed.noKey,
    keys: keys.map(({ name, secret }) => ({ name, cipher: keyed.cipher(Buffer.from(secret, 'base64')) })),
  };
}

/** Transformers by what they are for: `secrets`, `deployments.apps`, `*.apps`, `*.`, `*.*`. */
export type Transformers = ReadonlyMap<string, ValueTransformer>;

const keyOf = ({ group, resource }: { group: string; resource: string }): string => `${resource}.${group}`;

/** The closest rule decides; undefined: nothing is encrypted. */
export const transformerFor = (
  transformers: Transformers,
  resource: { group: string; resource: string },
): ValueTransformer | undefined =>
  transformers.get(keyOf(resource)) ?? transformers.get(`*.${resource.group}`) ?? transformers.get('*.*');

/** Throws an Error that says what is wrong and where. Secrets are never part of what it says. */
export function readEncryptionConfiguration(document: unknown): Transformers {
  if (!isObject(document)) throw new Error('an EncryptionConfiguration is expected');
  const { apiVersion, kind, resources } = document;
  if (kind !== 'EncryptionConfiguration' || apiVersion !== 'apiserver.config.k8s.io/v1') {
    throw new Error(
      `no kind "${textOf(kind)}" is registered for version "${textOf(apiVersion)}": apiserver.config.k8s.io/v1, EncryptionConfiguration is expected`,
    );
  }
  const rules = listOf(resources);
  const errors =
    rules.length === 0
      ? [required('resources', atLeastOne('resources'))]
      : rules.flatMap((rule, i) => ruleErrors(rule, `resources[${i}]`));
  if (errors.length > 0) throw new Error(aggregateText(errors));
  const providers = new Map<string, Provider[]>();
  for (const rule of rules as readonly { resources: string[]; providers: unknown[] }[]) {
    for (const name of rule.resources) {
      const parsed = groupResource(name);
      for (const wide of [`*.${parsed.group}`, '*.*']) {
        if (providers.has(wide)) throw new Error(`resource "${name}" is masked by earlier rule "${wide}"`);
      }
      const key = keyOf(parsed);
      providers.set(key, [...(providers.get(key) ?? []), ...rule.providers.map(providerOf)]);
    }
  }
  return new Map([...providers].map(([key, list]) => [key, new ValueTransformer(list)]));
}
