import type { FieldError } from '../../api/meta/field-error.ts';
import { validateObjectMeta } from '../../api/meta/object-meta.ts';
import { newInvalid } from '../../api/meta/status.ts';
import { validateCreate, validateSubresourceUpdate, validateUpdate } from '../../api/validation/validate.ts';
import type { KubeObject } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';
import { gvkOf } from './resource-request.ts';

function refuse(entry: ResourceEntry, object: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  // Named as what is stored: events of events.k8s.io as those of the core group. A custom object may say that it is of
  // another kind, and is refused as that.
  const { group, kind } = entry.custom ? gvkOf(entry) : (entry.conversion ?? gvkOf(entry));
  throw newInvalid({ group, kind: (entry.custom && object.kind) ?? kind }, object.metadata?.name ?? '', errors);
}

export function validateNew(entry: ResourceEntry, object: KubeObject, found: readonly FieldError[] = []): void {
  const { custom, info, nameCheck } = entry;
  if (custom !== undefined) {
    refuse(entry, object, [...found, ...custom.kind.validateNew(object)]);
    return;
  }
  const errors = nameCheck
    ? validateObjectMeta(object.metadata, info.namespaced, nameCheck)
    : validateCreate(info, object);
  refuse(entry, object, [...found, ...errors]);
}

export function validateChange(entry: ResourceEntry, object: KubeObject, old: KubeObject, subresource: string): void {
  if (entry.custom !== undefined) {
    refuse(entry, object, entry.custom.kind.validateChange(object, old, subresource));
    return;
  }
  const errors =
    subresource === ''
      ? validateUpdate(entry.info, object, old)
      : validateSubresourceUpdate(entry.info, subresource, object, old);
  refuse(entry, object, errors);
}
