/** OpenAPI documents of what is served, made when first asked for. */
import { createHash } from 'node:crypto';
import { type GroupVersionKind, typeOf } from '../../api/schema/schema.ts';
import { serverVersion } from '../health/version.ts';
import type { ResourceInfo } from '../pipeline.ts';
import type { DocumentV2, DocumentV3 } from './openapi-types.ts';
import { resourcePaths } from './operations.ts';
import { SchemaBuilder } from './schemas.ts';
import { pathsV2 } from './v2-paths.ts';

export type Served = readonly ResourceInfo[];

/** Raise it when the generated documents change for the same resources: clients keep them by their hash. */
const documentRevision = 2;

const info = { title: 'Kubernetes', version: serverVersion.gitVersion };
const bearerToken = {
  type: 'apiKey',
  description: 'Bearer Token authentication',
  name: 'authorization',
  in: 'header',
} as const;

/** `api/v1`, `apis/apps/v1`: as the index of OpenAPI v3 names a group version. */
export const documentPath = (group: string, version: string): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

/** Path → resources of that group version, in the order they are served in. */
export function byGroupVersion(served: Served): Map<string, ResourceInfo[]> {
  const groups = new Map<string, ResourceInfo[]>();
  for (const resource of served) {
    const path = documentPath(resource.group, resource.version);
    const members = groups.get(path);
    if (members === undefined) groups.set(path, [resource]);
    else members.push(resource);
  }
  return groups;
}

export function hashOf(resources: Served): string {
  const facts = JSON.stringify([documentRevision, serverVersion.gitVersion, resources]);
  return createHash('sha256').update(facts).digest('hex').toUpperCase();
}

function kindsOf(resources: Served): Map<string, GroupVersionKind[]> {
  const kinds = new Map<string, GroupVersionKind[]>();
  const add = (group: string, version: string, kind: string): void => {
    const type = typeOf(group, version, kind);
    if (type === undefined) return;
    const known = kinds.get(type) ?? [];
    if (!known.some((gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind)) {
      kinds.set(type, [...known, { group, kind, version }]);
    }
  };
  for (const { group, version, kind, subresources } of resources) {
    add(group, version, kind);
    add(group, version, `${kind}List`);
    for (const sub of subresources) add(sub.version === '' ? group : sub.group, sub.version || version, sub.kind);
    add(group, version, 'DeleteOptions');
    add(group, version, 'WatchEvent');
  }
  add('', 'v1', 'Status');
  return kinds;
}

export function documentV3(resources: Served): DocumentV3 {
  const schemas = new SchemaBuilder('v3', kindsOf(resources), resources);
  const paths = Object.assign({}, ...resources.map((resource) => resourcePaths(resource, schemas))) as object;
  return {
    openapi: '3.0.0',
    info,
    paths: paths as DocumentV3['paths'],
    components: { schemas: schemas.schemas(), securitySchemes: { BearerToken: bearerToken } },
  };
}

export function documentV2(resources: Served): DocumentV2 {
  const schemas = new SchemaBuilder('v2', kindsOf(resources), resources);
  const paths = Object.assign({}, ...resources.map((resource) => resourcePaths(resource, schemas))) as object;
  return {
    swagger: '2.0',
    info,
    paths: pathsV2(paths as DocumentV3['paths']),
    definitions: schemas.schemas(),
    securityDefinitions: { BearerToken: bearerToken },
    security: [{ BearerToken: [] }],
  };
}
