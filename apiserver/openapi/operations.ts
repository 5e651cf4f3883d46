/** Paths and operations of the served resources; verbs that a resource does not have get no operation. */
import { typeOf } from '../../api/schema/schema.ts';
import type { ResourceInfo } from '../pipeline.ts';
import type { Method, Operation, Parameter, PathItem, Schema } from './openapi-types.ts';
import type { SchemaBuilder } from './schemas.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;

const customPatchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

const text: Schema = { type: 'string', uniqueItems: true } as Schema;
const query = (name: string, description: string, schema: Schema = text): Parameter => ({
  name,
  in: 'query',
  description,
  schema,
});
const integer: Schema = { type: 'integer', uniqueItems: true } as Schema;
const boolean: Schema = { type: 'boolean', uniqueItems: true } as Schema;

const pretty = query('pretty', "If 'true', then the output is pretty printed.");
const dryRun = query(
  'dryRun',
  'When present, indicates that modifications should not be persisted. Valid values: All.',
);
const fieldManager = query(
  'fieldManager',
  'The name of the actor that makes these changes; at most 128 printable characters.',
);
const fieldValidation = query(
  'fieldValidation',
  'What to do with unknown or duplicate fields: Ignore, Warn (the default) or Strict.',
);
const writeParameters = [dryRun, fieldManager, fieldValidation];
const listParameters = [
  query('allowWatchBookmarks', 'Ask for watch events of type BOOKMARK.', boolean),
  query('continue', 'The continue token of an earlier answer, for the next chunk of a list.'),
  query('fieldSelector', 'A selector to restrict the list of returned objects by their fields.'),
  query('labelSelector', 'A selector to restrict the list of returned objects by their labels.'),
  query('limit', 'The most objects to return in one answer.', integer),
  query('resourceVersion', 'Sets a constraint on what resource versions a request may be served from.'),
  query('resourceVersionMatch', 'How resourceVersion is applied to list calls.'),
  query('sendInitialEvents', 'Begin a watch with an event for each present object.', boolean),
  query('timeoutSeconds', 'Ends the list or watch after so many seconds.', integer),
  query('watch', 'Watch for changes to the described resources and return them as a stream.', boolean),
];
const deleteParameters = [
  dryRun,
  query('gracePeriodSeconds', 'The seconds before the object is deleted; zero deletes at once.', integer),
  query('orphanDependents', 'Deprecated: use propagationPolicy.', boolean),
  query('propagationPolicy', 'What to do with dependents: Orphan, Background or Foreground.'),
];
const applyForce = query('force', 'Take over fields that others manage. Only for apply patches.', boolean);

interface VerbShape {
  readonly method: Method;
  /** whether the path ends in the object's name */
  readonly named: boolean;
  /** `x-kubernetes-action` */
  readonly action: string;
  /** first word of the operation's id */
  readonly word: string;
  readonly parameters: readonly Parameter[];
  readonly body?: 'object' | 'patch' | 'deleteOptions';
  readonly answer: 'object' | 'list' | 'status';
  readonly description: string;
}

const verbShapes: Readonly<Record<string, VerbShape>> = {
  list: {
    method: 'get',
    named: false,
    action: 'list',
    word: 'list',
    parameters: listParameters,
    answer: 'list',
    description: 'list or watch objects of kind',
  },
  create: {
    method: 'post',
    named: false,
    action: 'post',
    word: 'create',
    parameters: writeParameters,
    body: 'object',
    answer: 'object',
    description: 'create a',
  },
  deletecollection: {
    method: 'delete',
    named: false,
    action: 'deletecollection',
    word: 'delete',
    parameters: [...listParameters.slice(1, 8), ...deleteParameters],
    body: 'deleteOptions',
    answer: 'status',
    description: 'delete collection of',
  },
  get: {
    method: 'get',
    named: true,
    action: 'get',
    word: 'read',
    parameters: [],
    answer: 'object',
    description: 'read the specified',
  },
  update: {
    method: 'put',
    named: true,
    action: 'put',
    word: 'replace',
    parameters: writeParameters,
    body: 'object',
    answer: 'object',
    description: 'replace the specified',
  },
  patch: {
    method: 'patch',
    named: true,
    action: 'patch',
    word: 'patch',
    parameters: [...writeParameters, applyForce],
    body: 'patch',
    answer: 'object',
    description: 'partially update the specified',
  },
  delete: {
    method: 'delete',
    named: true,
    action: 'delete',
    word: 'delete',
    parameters: deleteParameters,
    body: 'deleteOptions',
    answer: 'status',
    description: 'delete a',
  },
};

/** `rbac.authorization.k8s.io`, `v1` → `RbacAuthorizationV1` */
export function groupVersionWord(group: string, version: string): string {
  const words = (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split('.');
  return [...words, version].map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

const lowerFirst = (word: string): string => word.charAt(0).toLowerCase() + word.slice(1);

interface Target {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly typeName: string;
  readonly listTypeName?: string;
  /** no protobuf, no strategic merge patch */
  readonly isCustom: boolean;
}

const content = (types: readonly string[], schema: Schema): Record<string, { schema: Schema }> =>
  Object.fromEntries(types.map((type) => [type, { schema }]));

function requestBody(shape: VerbShape, target: Target, schemas: SchemaBuilder): Operation['requestBody'] {
  switch (shape.body) {
    case 'object':
      return { content: { '*/*': { schema: schemas.ref(target.typeName) } }, required: true };
    case 'patch':
      return {
        content: content(target.isCustom ? customPatchTypes : patchTypes, schemas.ref(`${meta}Patch`)),
        required: true,
      };
    case 'deleteOptions':
      return { content: { '*/*': { schema: schemas.ref(`${meta}DeleteOptions`) } } };
    default:
      return undefined;
  }
}

function operation(
  shape: VerbShape,
  target: Target,
  scope: { readonly owner: ResourceInfo; readonly idTail: string },
  schemas: SchemaBuilder,
): Operation {
  const { owner, idTail } = scope;
  const answerType = { object: target.typeName, list: target.listTypeName ?? target.typeName, status: `${meta}Status` };
  const answerSchema = schemas.ref(answerType[shape.answer]);
  const answer = {
    description: 'OK',
    content: content(target.isCustom ? bodyTypes.slice(0, 2) : bodyTypes, answerSchema),
  };
  const word = groupVersionWord(owner.group, owner.version);
  const body = requestBody(shape, target, schemas);
  return {
    description: `${shape.description} ${target.kind}`,
    tags: [lowerFirst(word).replace(/V(\w+)$/, '_v$1')],
    operationId: `${shape.word}${word}${shape.action === 'deletecollection' ? 'Collection' : ''}${idTail}`,
    parameters: [...shape.parameters],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      '200': answer,
      ...(shape.action === 'post' ? { '201': { ...answer, description: 'Created' } } : {}),
      '401': { description: 'Unauthorized' },
    },
    'x-kubernetes-action': shape.action,
    'x-kubernetes-group-version-kind': { group: target.group, version: target.version, kind: target.kind },
  };
}

const pathParameter = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  description,
  required: true,
  schema: text,
});

function pathItem(path: string, kind: string): PathItem {
  const parameters: Parameter[] = [pretty];
  if (path.includes('{namespace}')) {
    parameters.unshift(pathParameter('namespace', 'object name and auth scope, such as for teams and projects'));
  }
  if (path.includes('{name}')) parameters.unshift(pathParameter('name', `name of the ${kind}`));
  return { parameters };
}

/** All paths of one resource, e.g. of pods: `/api/v1/pods`, `/api/v1/namespaces/{namespace}/pods`, …/{name}/status. */
export function resourcePaths(resource: ResourceInfo, schemas: SchemaBuilder): Record<string, PathItem> {
  const { group, version, kind, typeName, namespaced } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = `${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${resource.resource}`;
  const listTypeName = resource.custom === undefined ? typeOf(group, version, `${kind}List`) : `${typeName}List`;
  const scopeWord = namespaced ? 'Namespaced' : '';
  const paths: Record<string, PathItem> = {};
  const add = (path: string, verb: string, target: Target, idTail: string): void => {
    const shape = verbShapes[verb];
    if (shape === undefined || (shape.answer === 'list' && target.listTypeName === undefined)) return;
    paths[path] ??= pathItem(path, target.kind);
    paths[path][shape.method] = operation(shape, target, { owner: resource, idTail }, schemas);
  };
  const isCustom = resource.custom !== undefined;
  const own: Target = {
    group,
    version,
    kind,
    typeName,
    isCustom,
    ...(listTypeName === undefined ? {} : { listTypeName }),
  };
  for (const verb of resource.verbs) {
    const path = verbShapes[verb]?.named ? `${collection}/{name}` : collection;
    add(path, verb, own, `${scopeWord}${kind}`);
    if (verb === 'list' && namespaced) add(`${root}/${resource.resource}`, verb, own, `${kind}ForAllNamespaces`);
  }
  for (const sub of resource.subresources) {
    const of = sub.version === '' ? { group, version } : sub;
    const subType = sub.kind === kind ? typeName : typeOf(of.group, of.version, sub.kind);
    if (subType === undefined) continue;
    const target: Target = { group: of.group, version: of.version, kind: sub.kind, typeName: subType, isCustom };
    const word = sub.name.charAt(0).toUpperCase() + sub.name.slice(1);
    for (const verb of sub.verbs) add(`${collection}/{name}/${sub.name}`, verb, target, `${scopeWord}${kind}${word}`);
  }
  return paths;
}
