/** Resources that a server can serve, as data: what discovery, routing and Table answers need of each. */
import { apiVersionOf, typeOf } from './schema.ts';
import { resourceFacts } from './table.generated.ts';
import type { ResourceFacts } from './table.ts';

export interface ResourceColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  /** 0 is shown always, more only in wide output */
  readonly priority: number;
  /** of custom resources: what it shows, and its description */
  readonly jsonPath?: string;
  readonly description?: string;
}

export interface SubresourceInfo {
  /** e.g. `status`, `scale`, `binding` */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface CustomDocument {
  readonly listKind: string;
  /** its OpenAPI v3 schema, as its definition has it */
  readonly schema: object | undefined;
}

export interface ResourceInfo {
  readonly group: string;
  readonly version: string;
  /** plural, as in paths */
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly SubresourceInfo[];
  readonly columns: readonly ResourceColumn[];
  /** e.g. `io.k8s.api.core.v1.Pod` */
  readonly typeName: string;
  /** of a custom resource: what the type table does not know */
  readonly custom?: CustomDocument;
}

const infoOf = (facts: ResourceFacts, typeName: string): ResourceInfo => ({
  group: facts.group,
  version: facts.version,
  resource: facts.resource,
  kind: facts.kind,
  singular: facts.singularResource ?? facts.kind.toLowerCase(),
  namespaced: facts.scope === 'Namespaced',
  verbs: facts.verbs,
  shortNames: facts.shortNames ?? [],
  categories: facts.categories ?? [],
  subresources: facts.subresources ?? [],
  columns: (facts.columns ?? []).map(([name, type, format, priority]) => ({ name, type, format, priority })),
  typeName,
});

/** All resources whose type the table describes, i.e. the GA ones; in the order a server lists them. */
export const resources: readonly ResourceInfo[] = resourceFacts.flatMap((facts) => {
  const typeName = typeOf(facts.group, facts.version, facts.kind);
  return typeName === undefined ? [] : [infoOf(facts, typeName)];
});

const byResource = new Map(resources.map((r) => [`${apiVersionOf(r)}/${r.resource}`, r]));
const byKind = new Map(resources.map((r) => [`${apiVersionOf(r)}/${r.kind}`, r]));

/** `resourceFor('apps', 'v1', 'deployments')` */
export const resourceFor = (group: string, version: string, resource: string): ResourceInfo | undefined =>
  byResource.get(`${apiVersionOf({ group, version })}/${resource}`);

/** `resourceForKind('apps', 'v1', 'Deployment')` */
export const resourceForKind = (group: string, version: string, kind: string): ResourceInfo | undefined =>
  byKind.get(`${apiVersionOf({ group, version })}/${kind}`);
