import type { TypedSchema } from '../../api/apply/typed-schema.ts';
import type { FieldError } from '../../api/meta/field-error.ts';
import type { NameCheck } from '../../api/meta/names.ts';
import { resourceFor } from '../../api/schema/resources.ts';
import type { PodSpec } from '../../api/types/core-v1.ts';
import type { CustomResource } from '../custom/custom-resource.ts';
import type { KubeObject, ResourceInfo, User } from '../pipeline.ts';
import type { Together } from '../storage/resource-store.ts';

/** What a delete of an object with a grace period needs to know of it. */
export interface Grace {
  /** seconds to wait for whoever runs it to confirm; 0: remove at once */
  readonly seconds: number;
}

/** By whom and when a write was asked for. */
export interface Asked {
  readonly nowMs: number;
  /** absent where the server itself writes */
  readonly user: User | undefined;
  /** tells the author something although the write is taken */
  readonly warn?: (text: string) => void;
}

/** What the server provides to the entries that hold other keys of the store beside the object. */
export interface Allocator {
  /** fills in what is missing (addresses, ports) and says which keys to take or give back with the write */
  together(object: KubeObject, old: KubeObject | undefined): Promise<Together>;
  /** what to give back when the object goes */
  release(object: KubeObject): Together;
}

export type AllocatorName = 'serviceAddresses';

/**
 * All that this server must know of a resource beyond its schema. Most need nothing: the schema, the status subresource
 * and the rules of metadata are common to all.
 */
export interface ResourceEntry {
  readonly info: ResourceInfo;
  /** below the store's prefix, as kube-apiserver lays it out: `services/specs` */
  readonly storage: string;
  /** `metadata.generation` counts changes of these fields, or of all but the metadata; absent: no generation */
  readonly generationOf?: readonly string[] | 'all';
  /** where it begins to count; default 1 */
  readonly firstGeneration?: 0 | 1;
  /** its status is the server's and the controllers': kept from bodies that are not for `/status` */
  readonly hasStatus: boolean;
  /** PUT without a resourceVersion overwrites */
  readonly unconditionalUpdate: boolean;
  /** PUT of a name that is not there creates it */
  readonly createOnUpdate: boolean;
  /** DELETE answers with the object, not a Status */
  readonly returnsDeleted: boolean;
  /** a delete that does not say what becomes of what it owns leaves it: so it was before there was a choice */
  readonly orphansByDefault?: boolean;
  /** is told with such a delete */
  readonly deleteWarning?: string;
  /** the store forgets it after this */
  readonly ttlSeconds?: number;
  /** changes a new object before it is stored */
  prepareForCreate?(object: KubeObject, asked: Asked): void;
  /** changes the new version by what the old one fixes */
  prepareForUpdate?(object: KubeObject, old: KubeObject, asked: Asked): void;
  /** for `/status`: what of the metadata does not come from the body */
  prepareForStatusUpdate?(object: KubeObject, old: KubeObject, asked: Asked): void;
  /** the same for subresources of the kind's own that write the status */
  readonly prepareForSubresource?: Readonly<
    Record<string, (object: KubeObject, old: KubeObject, asked: Asked) => void>
  >;
  /** of kinds that hold a pod or a template of one */
  podSpecOf?(object: KubeObject): PodSpec | undefined;
  /** what takes more than a look at the fields; told before what the kind's validation finds */
  checkNew?(object: KubeObject): Promise<FieldError[]>;
  /** what its author is to be told although it is taken; `old` is absent on create */
  warningsOf?(object: KubeObject, old: KubeObject | undefined): string[];
  /** absent: removed at once */
  graceOf?(object: KubeObject, asked: number | undefined): Grace;
  /** reasons beyond metadata.finalizers to keep a deleted object for now */
  heldBy?(object: KubeObject): boolean;
  /** when it is marked as deleted */
  markDeleted?(object: KubeObject): void;
  /** for kinds that have no validation of their own yet; default: DNS subdomains */
  readonly nameCheck?: NameCheck;
  readonly allocator?: AllocatorName;
  /** where another version of the same objects is what the store keeps */
  readonly conversion?: Conversion;
  readonly scale?: ScaleAccess;
  /** of custom resources: how server-side apply merges them; built-in kinds have the type table */
  readonly typed?: TypedSchema;
  /** of custom resources: all versions in which the same objects are served */
  readonly siblings?: () => readonly ResourceEntry[];
  /** of a kind that a CustomResourceDefinition defines */
  readonly custom?: CustomResource;
}

export interface Conversion {
  /** apiVersion of the stored form */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  toStored(object: KubeObject): KubeObject;
  fromStored(object: KubeObject): KubeObject;
}

/** Where `/scale` reads and writes. */
export interface ScaleAccess {
  replicas(object: KubeObject): number;
  statusReplicas(object: KubeObject): number;
  selector(object: KubeObject): string;
  /** where the replicas are, as path elements; default .spec.replicas */
  readonly replicasPath?: readonly string[];
  /** changes the object; default: `spec.replicas` */
  setReplicas?(object: KubeObject, replicas: number): void;
}

type Rules = Partial<Omit<ResourceEntry, 'info'>>;

/** `define('apps', 'v1', 'deployments', {…})`: the schema's resource with these rules. */
export function define(group: string, version: string, resource: string, rules: Rules = {}): ResourceEntry {
  const info = resourceFor(group, version, resource);
  if (info === undefined) throw new Error(`the type table has no ${resource}.${version}.${group}`);
  return {
    info,
    storage: resource,
    hasStatus: info.subresources.some((subresource) => subresource.name === 'status'),
    unconditionalUpdate: true,
    createOnUpdate: false,
    returnsDeleted: false,
    ...rules,
  };
}

/** For `/status` of kinds whose metadata it does not touch. */
export function keepMetadata(object: KubeObject, old: KubeObject): void {
  const { labels, annotations, finalizers, ownerReferences } = old.metadata ?? {};
  const kept = { labels, annotations, finalizers, ownerReferences };
  for (const [field, value] of Object.entries(kept)) if (value === undefined) delete kept[field as keyof typeof kept];
  const { labels: _, annotations: __, finalizers: ___, ownerReferences: ____, ...own } = object.metadata ?? {};
  object.metadata = { ...own, ...kept };
}

/** A field that holds an object, made where there is none. */
export function objectField(object: KubeObject, field: string): Record<string, unknown> {
  const own = object[field];
  if (own !== null && typeof own === 'object') return own as Record<string, unknown>;
  const made: Record<string, unknown> = {};
  object[field] = made;
  return made;
}
