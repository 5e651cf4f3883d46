import { isObject } from '../meta/clone.ts';
import { required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import {
  validateImmutable,
  validateNonnegative,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type { ControllerRevision } from '../types/apps-v1.ts';

const validateBoth = (revision: ControllerRevision): FieldError[] => [
  ...validateObjectMeta(revision.metadata, true, nameIsDnsSubdomain),
  ...validateNonnegative(revision.revision, 'revision'),
];

function validateData(data: unknown): FieldError[] {
  if (data === undefined || data === null) return [required('data', 'data is mandatory')];
  return isObject(data) ? [] : [required('data', 'data must be a valid JSON object')];
}

export const validateControllerRevision = (revision: ControllerRevision): FieldError[] => [
  ...validateBoth(revision),
  ...validateData(revision.data),
];

export const validateControllerRevisionUpdate = (
  revision: ControllerRevision,
  old: ControllerRevision,
): FieldError[] => [
  ...validateObjectMetaUpdate(revision.metadata, old.metadata),
  ...validateBoth(revision),
  ...validateImmutable(revision.data, old.data, 'data'),
];
