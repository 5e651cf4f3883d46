import { clone } from '../meta/clone.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { GoSyntax } from '../meta/go-text.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { isDns1123Label, isQualifiedName, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import { compareQuantities, parseQuantity, unitsOf } from '../meta/quantity.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedObjectReference } from '../types/core-v1.ts';
import { dnsSubdomain, named, oneOfIfSet, requiredText } from './field-checks.ts';
import { isNativeResource } from './resource-names.ts';
import { validateQuantityValue } from './resources.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes = ['Block', 'Filesystem'];
const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

export function validateAccessModes(modes: readonly string[] | undefined, path: string): FieldError[] {
  const list = modes ?? [];
  const errors = list
    .filter((mode) => !accessModes.includes(mode))
    .map((mode) => notSupported(path, mode, accessModes));
  const others = list.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode));
  if (!list.includes('ReadWriteOncePod') || !others) return errors;
  return [...errors, forbidden(path, 'may not use ReadWriteOncePod with other access modes')];
}

function validateSource(source: Partial<TypedObjectReference>, path: string): FieldError[] {
  const { kind = '', name, namespace } = source;
  // a source of the core group has null there
  const apiGroup = source.apiGroup ?? '';
  const errors = [...requiredText(`${path}.name`, name), ...requiredText(`${path}.kind`, kind)];
  if (apiGroup !== '') errors.push(...dnsSubdomain(`${path}.apiGroup`, apiGroup));
  else if (kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (namespace) errors.push(...named(`${path}.namespace`, namespace, isDns1123Label(namespace)));
  return errors;
}

function validateSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (dataSource) errors.push(...validateSource(dataSource, `${path}.dataSource`));
  if (dataSourceRef) errors.push(...validateSource(dataSourceRef, `${path}.dataSourceRef`));
  if (!dataSource || !dataSourceRef) return errors;
  // a real server shows the field here as it writes such paths down: empty
  const shown = new GoSyntax('{}');
  if (dataSourceRef.namespace) {
    return [...errors, invalid(path, shown, 'may not be specified when dataSourceRef.namespace is specified')];
  }
  const same = (['apiGroup', 'kind', 'name'] as const).every(
    (key) => (dataSource[key] ?? '') === (dataSourceRef[key] ?? ''),
  );
  return same ? errors : [...errors, invalid(path, shown, 'must match dataSourceRef')];
}

function validateRequest(spec: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const at = `${path}.resources[storage]`;
  const text = spec.resources?.requests?.['storage'];
  if (text === undefined) return [required(at)];
  if (parseQuantity(text).nano <= 0n) return [invalid(at, text, 'must be greater than zero')];
  return validateQuantityValue('storage', text, at);
}

const className = (path: string, name: string | undefined): FieldError[] =>
  name ? named(path, name, nameIsDnsSubdomain(name, false)) : [];

/** Of claims, and of templates for them. */
export const validateClaimSpec = (spec: PersistentVolumeClaimSpec, path: string): FieldError[] => [
  ...(spec.accessModes?.length ? [] : [required(`${path}.accessModes`, 'at least 1 access mode is required')]),
  ...(spec.selector ? validateLabelSelector(spec.selector, `${path}.selector`) : []),
  ...validateAccessModes(spec.accessModes, `${path}.accessModes`),
  ...validateRequest(spec, path),
  ...className(`${path}.storageClassName`, spec.storageClassName),
  ...oneOfIfSet(`${path}.volumeMode`, spec.volumeMode, volumeModes),
  ...validateSources(spec, path),
  ...className(`${path}.volumeAttributesClassName`, spec.volumeAttributesClassName),
];

export const validateClaim = (claim: PersistentVolumeClaim): FieldError[] => [
  ...validateObjectMeta(claim.metadata, true, nameIsDnsSubdomain),
  ...validateClaimSpec(claim.spec ?? {}, 'spec'),
];

/** Both versions with what may change made equal; what still differs was changed against the rules. */
function withoutAllowedChanges(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): [now: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec] {
  const [now, before] = [clone(claim.spec ?? {}), clone(old.spec ?? {})];
  if (!before.volumeName) before.volumeName = now.volumeName;
  const annotated = old.metadata?.annotations?.[classAnnotation];
  const named = now.storageClassName;
  if (named !== undefined && before.storageClassName === undefined && (annotated ?? named) === named) {
    before.storageClassName = named;
  }
  if (claim.status?.phase === 'Bound') {
    if (now.resources?.requests) {
      now.resources.requests = { ...now.resources.requests };
      const size = before.resources?.requests?.['storage'];
      if (size !== undefined) now.resources.requests['storage'] = size;
    }
    now.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  return [now, before];
}

function validateSize(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const size = (of: PersistentVolumeClaim): ReturnType<typeof parseQuantity> =>
    parseQuantity(of.spec?.resources?.requests?.['storage'] ?? '0');
  if (compareQuantities(size(claim), size(old)) >= 0) return [];
  // what failed to grow may be asked to grow less
  const held = parseQuantity(old.status?.capacity?.['storage'] ?? '0');
  if (compareQuantities(size(claim), held) > 0) return [];
  return [forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')];
}

function validateAttributesClass(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const at = 'spec.volumeAttributesClassName';
  const name = claim.spec?.volumeAttributesClassName;
  if (name === old.spec?.volumeAttributesClassName) return [];
  if (old.status?.currentVolumeAttributesClassName === undefined || name) return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const why = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden(at, why)];
}

export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const [now, before] = withoutAllowedChanges(claim, old);
  const annotation = (of: PersistentVolumeClaim): string => of.metadata?.annotations?.[classAnnotation] ?? '';
  const moved = old.spec?.storageClassName === undefined && claim.spec?.storageClassName === annotation(old);
  const errors = [...validateObjectMetaUpdate(claim.metadata, old.metadata), ...validateClaim(claim)];
  if (annotation(claim) !== annotation(old) && !(moved && annotation(claim) === '')) {
    errors.push(...validateImmutable(annotation(claim), annotation(old), `metadata.annotations[${classAnnotation}]`));
  }
  if (!semanticEqual(now, before)) {
    const why =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbidden('spec', why));
  }
  const [mode, modeBefore] = [claim.spec?.volumeMode, old.spec?.volumeMode];
  return [
    ...errors,
    ...validateSize(claim, old),
    ...validateImmutable(mode, modeBefore, 'volumeMode', mode ?? null),
    ...validateAttributesClass(claim, old),
  ];
}

function validateResourceKey(name: string, path: string): FieldError[] {
  const errors = isQualifiedName(name).map((message) => invalid(path, name, message));
  if (errors.length > 0 || !isNativeResource(name) || name === 'storage') return errors;
  return [notSupported(path, name, ['storage'])];
}

const basic = (text: string, path: string): FieldError[] => {
  const quantity = parseQuantity(text);
  return quantity.nano < 0n ? [invalid(path, unitsOf(quantity), 'must be a valid resource quantity')] : [];
};

export function validateClaimStatusUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const { status } = claim;
  const errors = validateObjectMetaUpdate(claim.metadata, old.metadata);
  if (!claim.spec?.accessModes?.length) errors.push(required('Spec.accessModes'));
  for (const [name, value] of Object.entries(status?.capacity ?? {})) {
    errors.push(...basic(value, `status.capacity[${name}]`));
  }
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    const at = 'status.allocatedResourceStatuses';
    errors.push(...validateResourceKey(name, at));
    if (!resizeStates.includes(state)) errors.push(notSupported(at, name, resizeStates));
  }
  for (const [name, value] of Object.entries(status?.allocatedResources ?? {})) {
    const at = 'status.allocatedResources';
    const wrong = validateResourceKey(name, at);
    errors.push(...(wrong.length > 0 ? wrong : basic(value, `${at}[${name}]`)));
  }
  return errors;
}
