import { newNotFound } from '../../../api/meta/status.ts';
import type { CelValue } from '../../../api/cel/values.ts';
import { fromJson } from '../../../api/cel/json-values.ts';
import type { CelType } from '../../../api/cel/types.ts';
import { dynType } from '../../../api/cel/types.ts';
import type { Variable } from '../../../api/types/admissionregistration-v1.ts';
import type { Authorizer, KubeObject, ObjectStore } from '../../pipeline.ts';
import type { ResourceEntry } from '../../registry/resource-entry.ts';
import { compileExpression, environmentOf, type Expression } from '../../../api/cel/admission-environment.ts';
import type { Budget } from '../expression-budget.ts';
import type { AdmissionRequest } from '../admission.ts';
import { Activation, Authorization, PolicyVariables, type Subject } from '../evaluation.ts';
import { inVersion, isNamespaceObject } from '../matching.ts';

/** Compiles `variables`: each may use those before it. */
export const compileVariables = (
  variables: readonly Variable[] | undefined,
  params: boolean,
): { readonly expressions: ReadonlyMap<string, Expression>; readonly types: ReadonlyMap<string, CelType> } => {
  const expressions = new Map<string, Expression>();
  const types = new Map<string, CelType>();
  for (const { name, expression } of variables ?? []) {
    const env = environmentOf({ params, authorizer: true, variables: new Map(types) });
    const compiled = compileExpression(expression, env, [dynType]);
    expressions.set(name, compiled);
    types.set(name, compiled.program?.type ?? dynType);
  }
  return { expressions, types };
};

/** Of requests in a namespace, that namespace. Throws 404 where there is none. */
export const namespaceFor = async (request: AdmissionRequest, store: ObjectStore): Promise<KubeObject | undefined> => {
  if (isNamespaceObject(request.entry) || request.namespace === '') return undefined;
  const found = await store.get('', 'namespaces', '', request.namespace);
  if (found === undefined) throw newNotFound({ group: '', resource: 'namespaces' }, request.namespace);
  return found;
};

/** A request as policies see it, in the words of one version. */
export const subjectOf = (
  request: AdmissionRequest,
  shown: ResourceEntry,
  namespace: KubeObject | undefined,
  authorization: Authorization | undefined,
): Subject => ({
  request,
  shown,
  object: request.object && inVersion(request.object, request.entry, shown),
  old: request.old && inVersion(request.old, request.entry, shown),
  namespace,
  authorization,
});

export const authorizationOf = (authorizer: Authorizer, request: AdmissionRequest): Authorization =>
  new Authorization(authorizer, request.user);

/** All that expressions of a policy may name, but for the authorizer where `guarded`. */
export const policyLookup = (
  subject: Subject,
  param: KubeObject | undefined,
  variables: ReadonlyMap<string, Expression>,
  budget: Budget,
): ((name: string) => CelValue | undefined) => {
  const activation = new Activation(subject);
  const params = param === undefined ? null : fromJson(param);
  const plain = (name: string): CelValue | undefined => (name === 'params' ? params : activation.variable(name));
  const composed = new PolicyVariables(variables, plain, budget);
  return (name) => (name === 'variables' ? composed : plain(name));
};
