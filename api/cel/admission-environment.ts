/** Expressions in admission: what they may name, and what is wrong with them. */
import { compile, type Program } from './cel.ts';
import type { Environment } from './environment.ts';
import { kubernetesEnvironment } from './kubernetes-environment.ts';
import { authorizerType, resourceCheckType } from './libraries/authorizer.ts';
import { patchFunctions, patchStructs } from './patch-types.ts';
import { shapeOf, structsOf, type SchemaNode } from './schema-shape.ts';
import { dynType, parseType, structType, type CelType } from './types.ts';

const structs: Readonly<Record<string, Readonly<Record<string, CelType>>>> = {
  'kubernetes.GroupVersionKind': {
    group: parseType('string'),
    version: parseType('string'),
    kind: parseType('string'),
  },
  'kubernetes.GroupVersionResource': {
    group: parseType('string'),
    version: parseType('string'),
    resource: parseType('string'),
  },
  'kubernetes.UserInfo': {
    username: parseType('string'),
    uid: parseType('string'),
    groups: parseType('list<string>'),
    extra: parseType('map<string, list<string>>'),
  },
  'kubernetes.AdmissionRequest': {
    kind: structType('kubernetes.GroupVersionKind'),
    resource: structType('kubernetes.GroupVersionResource'),
    subResource: parseType('string'),
    requestKind: structType('kubernetes.GroupVersionKind'),
    requestResource: structType('kubernetes.GroupVersionResource'),
    requestSubResource: parseType('string'),
    name: parseType('string'),
    namespace: parseType('string'),
    operation: parseType('string'),
    userInfo: structType('kubernetes.UserInfo'),
    dryRun: parseType('bool'),
    options: dynType,
  },
};

const text: SchemaNode = { type: 'string' };
const moment: SchemaNode = { type: 'string', format: 'date-time' };
const texts: SchemaNode = { type: 'object', additionalProperties: text };

const namespaceSchema: SchemaNode = {
  type: 'object',
  properties: {
    metadata: {
      type: 'object',
      properties: {
        name: text,
        generateName: text,
        namespace: text,
        labels: texts,
        annotations: texts,
        UID: text,
        creationTimestamp: moment,
        deletionGracePeriodSeconds: { type: 'integer' },
        deletionTimestamp: moment,
        generation: { type: 'integer' },
        resourceVersion: text,
        finalizers: { type: 'array', items: text },
      },
    },
    spec: { type: 'object', properties: { finalizers: { type: 'array', items: text } } },
    status: {
      type: 'object',
      properties: {
        phase: text,
        conditions: {
          type: 'array',
          items: {
            type: 'object',
            properties: { status: text, type: text, lastTransitionTime: moment, message: text, reason: text },
          },
        },
      },
    },
  },
};

export const namespaceShape = shapeOf(namespaceSchema, 'kubernetes.Namespace')!;

/** What every expression of admission knows. */
const conditionEnvironment = kubernetesEnvironment
  .withStructs((name) => {
    const fields = Object.hasOwn(structs, name) ? structs[name] : undefined;
    if (fields === undefined) return undefined;
    return { type: structType(name), field: (field) => (Object.hasOwn(fields, field) ? fields[field] : undefined) };
  })
  .withStructs(structsOf(namespaceShape))
  .withVariables({
    object: dynType,
    oldObject: dynType,
    request: structType('kubernetes.AdmissionRequest'),
    namespaceObject: namespaceShape.type,
  });

const authorizerVariables = { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType };

export interface EnvironmentOptions {
  readonly params: boolean;
  readonly authorizer: boolean;
  readonly patches?: boolean;
  /** types of what `variables` has */
  readonly variables?: ReadonlyMap<string, CelType>;
}

const variablesName = 'kubernetes.variables';

export const environmentOf = ({ params, authorizer, patches, variables }: EnvironmentOptions): Environment => {
  let env = conditionEnvironment;
  if (params) env = env.withVariables({ params: dynType });
  if (authorizer) env = env.withVariables(authorizerVariables);
  if (patches === true) env = env.withLibraries(patchFunctions).withStructs(patchStructs);
  if (variables !== undefined) {
    const type = structType(variablesName);
    env = env
      .withStructs((name) => (name === variablesName ? { type, field: (field) => variables.get(field) } : undefined))
      .withVariables({ variables: type });
  }
  return env;
};

/** An expression that may have come out wrong: then it fails whenever it is run. */
export interface Expression {
  readonly text: string;
  readonly program: Program | undefined;
  /** as objects that hold it are refused; '' where it compiles */
  readonly error: string;
}

/** Compiles an expression that must evaluate to one of `results`. */
export const compileExpression = (expression: string, env: Environment, results: readonly CelType[]): Expression => {
  const compiled = compile(expression, env);
  if ('error' in compiled)
    return { text: expression, program: undefined, error: `compilation failed: ${compiled.error}` };
  const fits = results.some((type) => type.kind === 'dyn' || compiled.type.equals(type));
  if (fits) return { text: expression, program: compiled, error: '' };
  const names = results.map((type) => (type.kind === 'null' ? type.name : type.toString()));
  const wanted = results.length === 1 ? names[0]! : `one of [${names.join(' ')}]`;
  const error = `must evaluate to ${wanted} but got ${compiled.type.toString()}`;
  return { text: expression, program: undefined, error };
};
