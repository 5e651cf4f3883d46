/** What metadata must look like, on create and on update; field paths and words as Kubernetes'. */
import type { ObjectMeta, OwnerReference } from '../types/meta-v1.ts';
import { semanticEqual } from './deep-equal.ts';
import { forbidden, invalid, required, tooLong } from './field-error.ts';
import type { FieldError } from './field-error.ts';
import { goStrings } from './go-text.ts';
import { validateLabels } from './labels.ts';
import { byteLength, isDns1123Label, isQualifiedName } from './names.ts';
import type { NameCheck } from './names.ts';

export const fieldImmutable = 'field is immutable';
/** of all keys and values together */
export const annotationsBytesMax = 256 * 1024;
export const fieldManagerLengthMax = 128;

export function validateImmutable(value: unknown, old: unknown, path: string, shown: unknown = value): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(path, shown ?? '', fieldImmutable)];
}

export const validateNonnegative = (value: number | undefined, path: string): FieldError[] =>
  (value ?? 0) < 0 ? [invalid(path, value, 'must be greater than or equal to 0')] : [];

export function validateAnnotations(annotations: Record<string, string> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key of Object.keys(annotations ?? {})) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(path, key, message));
    bytes += byteLength(key) + byteLength((annotations as Record<string, string>)[key] as string);
  }
  if (bytes > annotationsBytesMax) errors.push(tooLong(path, annotationsBytesMax));
  return errors;
}

function validateOwner(owner: OwnerReference, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const version = owner.apiVersion.slice(owner.apiVersion.indexOf('/') + 1);
  if (version === '') errors.push(invalid(`${path}.apiVersion`, owner.apiVersion, 'version must not be empty'));
  for (const key of ['kind', 'name', 'uid'] as const) {
    if (owner[key] === '') errors.push(invalid(`${path}.${key}`, '', 'must not be empty'));
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    errors.push(invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

export function validateOwnerReferences(owners: OwnerReference[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  for (const owner of owners ?? []) {
    errors.push(...validateOwner(owner, path));
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller === '') controller = name;
    else {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      errors.push(invalid(path, owners, why));
    }
  }
  return errors;
}

export function validateFinalizers(finalizers: string[] | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of finalizers ?? []) {
    for (const message of isQualifiedName(finalizer)) errors.push(invalid(path, finalizer, message));
    errors.push(...validateFinalizerDomain(finalizer, path));
  }
  return errors;
}

/** Names without a domain are kept for Kubernetes itself. */
const validateFinalizerDomain = (finalizer: string, path: string): FieldError[] =>
  finalizer.includes('/') || standardFinalizers.has(finalizer)
    ? []
    : [invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];

/** In metadata the second rule is reported with the index, after everything else. */
function validateMetaFinalizers(finalizers: string[] | undefined, path: string): FieldError[] {
  const errors = (finalizers ?? []).flatMap((f) => isQualifiedName(f).map((message) => invalid(path, f, message)));
  if (finalizers?.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = 'finalizer orphan and foregroundDeletion cannot be both set';
    errors.push(invalid(path, goStrings(finalizers), why));
  }
  return errors;
}
const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function validateManagedFields(meta: ObjectMeta, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, entry] of (meta.managedFields ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(`${at}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(entry.manager, `${at}.manager`));
    if (byteLength(entry.subresource ?? '') > 256) errors.push(tooLong(`${at}.subresource`, 256));
  }
  return errors;
}

export function validateFieldManager(manager: string | undefined, path: string): FieldError[] {
  return byteLength(manager ?? '') > fieldManagerLengthMax ? [tooLong(path, fieldManagerLengthMax)] : [];
}

/** Metadata of an object about to be stored; after generateName has made a name. */
export function validateObjectMeta(
  meta: ObjectMeta | undefined,
  namespaced: boolean,
  nameCheck: NameCheck,
  path = 'metadata',
): FieldError[] {
  const of = meta ?? {};
  const errors: FieldError[] = [];
  if (of.generateName) {
    for (const message of nameCheck(of.generateName, true)) {
      errors.push(invalid(`${path}.generateName`, of.generateName, message));
    }
  }
  if (!of.name) errors.push(required(`${path}.name`, 'name or generateName is required'));
  else for (const message of nameCheck(of.name, false)) errors.push(invalid(`${path}.name`, of.name, message));
  if (namespaced) {
    if (!of.namespace) errors.push(required(`${path}.namespace`));
    else {
      for (const message of isDns1123Label(of.namespace)) {
        errors.push(invalid(`${path}.namespace`, of.namespace, message));
      }
    }
  } else if (of.namespace) errors.push(forbidden(`${path}.namespace`, 'not allowed on this type'));
  errors.push(
    ...validateNonnegative(of.generation, `${path}.generation`),
    ...validateLabels(of.labels, `${path}.labels`),
    ...validateAnnotations(of.annotations, `${path}.annotations`),
    ...validateOwnerReferences(of.ownerReferences, `${path}.ownerReferences`),
    ...validateMetaFinalizers(of.finalizers, `${path}.finalizers`),
    ...validateManagedFields(of, `${path}.managedFields`),
    ...(of.finalizers ?? []).flatMap((f, i) => validateFinalizerDomain(f, `${path}.finalizers[${i}]`)),
  );
  return errors;
}

const immutable = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

export function validateObjectMetaUpdate(
  meta: ObjectMeta | undefined,
  oldMeta: ObjectMeta | undefined,
  path = 'metadata',
): FieldError[] {
  const [of, old] = [meta ?? {}, oldMeta ?? {}];
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) {
    const extra = (of.finalizers ?? []).filter((f) => !old.finalizers?.includes(f)).sort();
    if (extra.length > 0) {
      const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${goStrings(extra).text}`;
      errors.push(forbidden(`${path}.finalizers`, why));
    }
  }
  if (!of.resourceVersion) errors.push(invalid(`${path}.resourceVersion`, '', 'must be specified for an update'));
  if ((of.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(`${path}.generation`, of.generation ?? 0, 'must not be decremented'));
  }
  for (const key of immutable) errors.push(...validateImmutable(of[key], old[key], `${path}.${key}`));
  errors.push(
    ...validateLabels(of.labels, `${path}.labels`),
    ...validateAnnotations(of.annotations, `${path}.annotations`),
    ...validateOwnerReferences(of.ownerReferences, `${path}.ownerReferences`),
    ...validateManagedFields(of, `${path}.managedFields`),
  );
  return errors;
}
