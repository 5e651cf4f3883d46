import type { CustomKind } from '../../api/crd/custom-kind.ts';
import type { ObjectCodec } from '../storage/object-codec.ts';

/** What an entry of a custom resource has beyond that of a built-in one: one version of a CustomResourceDefinition. */
export interface CustomResource {
  readonly kind: CustomKind;
  readonly listKind: string;
  /** objects are stored in this version */
  readonly isStorage: boolean;
  readonly codec: ObjectCodec;
  /** fields that a field selector may name */
  readonly selectable: readonly string[];
  /** told to everybody who asks for this version */
  readonly warnings: readonly string[];
  /** the definition is being deleted: nothing new may be made */
  readonly isTerminating: boolean;
  /** changes whenever objects read before are no longer what this definition makes of them */
  readonly identity: string;
}
