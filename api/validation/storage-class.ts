/** Storage classes, and classes of volume attributes. */
import { duplicate, forbidden, invalid, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { goStringMap } from '../meta/go-text.ts';
import { byteLength, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { TopologySelectorLabelRequirement, TopologySelectorTerm } from '../types/core-v1.ts';
import type { StorageClass, VolumeAttributesClass } from '../types/storage-v1.ts';
import { each, oneOf, oneOfIfSet, qualifiedName } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';

const parametersMax = 512;
const parametersBytesMax = 256 * 1024;

const validateProvisioner = (name: string | undefined, path: string): FieldError[] =>
  name ? qualifiedName(path, name.toLowerCase()) : [required(path)];

function validateParameters(parameters: Record<string, string> | undefined, mayBeEmpty: boolean): FieldError[] {
  const entries = Object.entries(parameters ?? {});
  const at = 'parameters';
  if (entries.length > parametersMax) return [tooLong(at, parametersMax)];
  const errors: FieldError[] = [];
  if (entries.some(([key]) => key === '')) errors.push(invalid(at, '', 'field can not be empty.'));
  const bytes = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  if (bytes > parametersBytesMax) errors.push(tooLong(at, parametersBytesMax));
  if (!mayBeEmpty && entries.length === 0) errors.push(required(at, 'must contain at least one key/value pair'));
  return errors;
}

function validateTopologyRequirement({ key, values }: TopologySelectorLabelRequirement, at: string): FieldError[] {
  const seen = new Set<string>();
  return [
    ...(values?.length ? [] : [required(`${at}.values`)]),
    ...each(values, `${at}.values`, (value, valueAt) => {
      const again = seen.has(value);
      seen.add(value);
      return again ? [duplicate(valueAt, value)] : [];
    }),
    ...qualifiedName(`${at}.key`, key),
  ];
}

/** Terms must differ, whatever the order of their values. */
function validateTopologies(terms: TopologySelectorTerm[] | undefined, path: string): FieldError[] {
  const earlier = new Set<string>();
  return each(terms, path, (term, at) => {
    const list = term.matchLabelExpressions ?? [];
    const keys = new Set<string>();
    const errors = each(list, `${at}.matchLabelExpressions`, (requirement, requirementAt) => {
      const own = validateTopologyRequirement(requirement, requirementAt);
      if (keys.has(requirement.key)) own.push(duplicate(`${requirementAt}.key`, requirement.key));
      keys.add(requirement.key);
      return own;
    });
    const id = list
      .map(({ key, values }) => JSON.stringify([key, [...new Set(values)].sort()]))
      .sort()
      .join();
    // an empty term says nothing new at all
    if (earlier.has(id) || list.length === 0) errors.push(duplicate(`${at}.matchLabelExpressions`, ''));
    earlier.add(id);
    return errors;
  });
}

const validateStorageClass = (storageClass: StorageClass): FieldError[] => [
  ...validateObjectMeta(storageClass.metadata, false, nameIsDnsSubdomain),
  ...validateProvisioner(storageClass.provisioner, 'provisioner'),
  ...validateParameters(storageClass.parameters, true),
  ...oneOfIfSet('reclaimPolicy', storageClass.reclaimPolicy || undefined, ['Delete', 'Retain']),
  ...oneOf('volumeBindingMode', storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
  ...validateTopologies(storageClass.allowedTopologies, 'allowedTopologies'),
];

const validateStorageClassUpdate = (storageClass: StorageClass, old: StorageClass): FieldError[] => [
  ...validateObjectMetaUpdate(storageClass.metadata, old.metadata),
  ...validateImmutable(storageClass.parameters, old.parameters, 'parameters', goStringMap(storageClass.parameters)),
  ...validateImmutable(storageClass.provisioner, old.provisioner, 'provisioner'),
  ...validateImmutable(storageClass.reclaimPolicy, old.reclaimPolicy, 'reclaimPolicy'),
  ...validateImmutable(storageClass.volumeBindingMode, old.volumeBindingMode, 'volumeBindingMode'),
];

const validateAttributesClass = (attributes: VolumeAttributesClass): FieldError[] => [
  ...validateObjectMeta(attributes.metadata, false, nameIsDnsSubdomain),
  ...validateProvisioner(attributes.driverName, 'driverName'),
  ...validateParameters(attributes.parameters, false),
];

const validateAttributesClassUpdate = (after: VolumeAttributesClass, old: VolumeAttributesClass): FieldError[] => [
  ...validateObjectMetaUpdate(after.metadata, old.metadata),
  ...(after.driverName === old.driverName ? [] : [forbidden('driverName', 'updates to driverName are forbidden.')]),
  ...(semanticEqual(after.parameters, old.parameters)
    ? []
    : [forbidden('parameters', 'updates to parameters are forbidden.')]),
  ...validateAttributesClass(after),
];

export const storageClassKinds = [
  kindEntry<StorageClass>('storage.k8s.io/StorageClass', {
    create: validateStorageClass,
    update: validateStorageClassUpdate,
  }),
  kindEntry<VolumeAttributesClass>('storage.k8s.io/VolumeAttributesClass', {
    create: validateAttributesClass,
    update: validateAttributesClassUpdate,
  }),
];
