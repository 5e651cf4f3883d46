import type { FieldError } from '../../api/meta/field-error.ts';
import { nameIsDnsSubdomain } from '../../api/meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../api/meta/object-meta.ts';
import { newInvalid } from '../../api/meta/status.ts';
import type { KubeObject } from '../pipeline.ts';
import type { ResourceEntry } from '../registry/resource-entry.ts';

function refuse({ info }: ResourceEntry, object: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  throw newInvalid(info, object.metadata?.name ?? '', errors);
}

export function validateNew(entry: ResourceEntry, object: KubeObject): void {
  refuse(entry, object, validateObjectMeta(object.metadata, entry.info.namespaced, nameIsDnsSubdomain));
}

export function validateChange(entry: ResourceEntry, object: KubeObject, old: KubeObject, _subresource: string): void {
  refuse(entry, object, validateObjectMetaUpdate(object.metadata, old.metadata));
}
