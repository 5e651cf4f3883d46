/** The shape of the type table: facts about every Kubernetes type that we serve. Source: Kubernetes 1.36. */
export interface FieldFact {
  /** `string`, `int32`, `[]string`, `map:string`, `[]byte`, a full type name, `[]io.k8s…`, `map:io.k8s…` */
  type: string;
  /** protobuf field number */
  proto?: number;
  protoName?: string;
  pointer?: boolean;
  omitempty?: boolean;
  /** Go's `omitzero`: a zero struct or time is left out too */
  omitzero?: boolean;
  optional?: boolean;
  /** said to be, though JSON may leave it out */
  required?: boolean;
  /** JSON text of the default declared on the type */
  default?: string;
  patchStrategy?: string;
  patchMergeKey?: string;
  listType?: 'atomic' | 'set' | 'map';
  listMapKeys?: string[];
  mapType?: 'atomic' | 'granular';
}

export interface TypeFact {
  kind: 'object' | 'alias';
  /** alias of which type */
  of?: string;
  /** known values of a string alias */
  values?: string[];
  enum?: boolean;
  fields?: Record<string, FieldFact>;
  /** embedded structs; `proto` is null where the fields are inlined on the wire too (TypeMeta has no field) */
  inline?: { proto: number | null; type: string }[];
  markers?: string[];
}

/** Full type name (`io.k8s.api.core.v1.Pod`) → what is known of it. */
export type TypeTable = Record<string, TypeFact>;

/** One resource as a 1.32 server serves it. */
export interface ResourceFacts {
  group: string;
  version: string;
  resource: string;
  kind: string;
  scope: 'Namespaced' | 'Cluster';
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  singularResource?: string;
  subresources?: { name: string; kind: string; group: string; version: string; verbs: string[] }[];
  /** name, type, format, priority */
  columns?: [string, string, string, number][];
}
