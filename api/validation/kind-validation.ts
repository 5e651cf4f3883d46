import type { FieldError } from '../meta/field-error.ts';
import type { NameCheck } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { ObjectMeta } from '../types/meta-v1.ts';

/** The checks of one kind; what is absent looks at metadata only. */
export interface KindValidation<T> {
  create(object: T): FieldError[];
  update?(object: T, old: T): FieldError[];
  statusUpdate?(object: T, old: T): FieldError[];
  /** through subresources of the kind's own */
  readonly subresourceUpdates?: Readonly<Record<string, (object: T, old: T) => FieldError[]>>;
}

export interface HasMetadata {
  metadata?: ObjectMeta;
}

export type KindEntry = readonly [kind: string, validation: KindValidation<never>];

/** `group/Kind` with its checks. */
export const kindEntry = <T extends HasMetadata>(kind: string, validation: KindValidation<T>): KindEntry => [
  kind,
  validation,
];

/**
 * The common form: metadata, then what is in the object, the same on create and update; `fixed` compares with the old
 * version, and comes between.
 */
export const plainValidation = <T extends HasMetadata>(
  namespaced: boolean,
  nameCheck: NameCheck,
  check: (object: T, old: T | undefined) => FieldError[],
  fixed?: (object: T, old: T) => FieldError[],
): KindValidation<T> => ({
  create: (object) => [...validateObjectMeta(object.metadata, namespaced, nameCheck), ...check(object, undefined)],
  update: (object, old) => [
    ...validateObjectMetaUpdate(object.metadata, old.metadata),
    ...(fixed?.(object, old) ?? []),
    ...check(object, old),
  ],
});
