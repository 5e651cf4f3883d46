import { listType } from '../../../api/cel/types.ts';
import { jsonPatchOf, jsonPatchType, objectJson, objectType } from '../../../api/cel/patch-types.ts';
import { EvaluationError } from '../../../api/cel/errors.ts';
import { StatusError } from '../../../api/meta/status.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import type { MutatingAdmissionPolicy } from '../../../api/types/admissionregistration-v1.ts';
import { gvkOf } from '../../endpoints/resource-request.ts';
import type { KubeObject } from '../../pipeline.ts';
import { compileExpression, environmentOf, type Expression } from '../../../api/cel/admission-environment.ts';
import { Budget, budgetMax, OutOfBudget, runExpression } from '../expression-budget.ts';
import type { Subject } from '../evaluation.ts';
import { compileConditions, conditionsHold, type CompiledConditions } from '../match-conditions.ts';
import { checkedObject, mergeConfiguration } from './merge-configuration.ts';
import { compileVariables, policyLookup } from './policy-subject.ts';

export interface CompiledMutation {
  readonly kind: 'ApplyConfiguration' | 'JSONPatch';
  readonly expression: Expression;
}

export interface MutatingProgram {
  readonly variables: ReadonlyMap<string, Expression>;
  readonly conditions: CompiledConditions;
  readonly mutations: readonly CompiledMutation[];
}

const programs = new WeakMap<object, MutatingProgram>();

/** Compiled once a version of the policy. */
export const compileMutatingPolicy = (policy: MutatingAdmissionPolicy): MutatingProgram => {
  const known = programs.get(policy);
  if (known !== undefined) return known;
  const { spec = {} } = policy;
  const params = spec.paramKind !== undefined;
  const { expressions, types } = compileVariables(spec.variables, params);
  const env = environmentOf({ params, authorizer: true, variables: types });
  const patches = environmentOf({ params, authorizer: true, patches: true, variables: types });
  const program: MutatingProgram = {
    variables: expressions,
    conditions: compileConditions(spec.matchConditions, env),
    mutations: (spec.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }) =>
      patchType === 'JSONPatch'
        ? {
            kind: 'JSONPatch',
            expression: compileExpression(jsonPatch?.expression ?? '', patches, [listType(jsonPatchType)]),
          }
        : {
            kind: 'ApplyConfiguration',
            expression: compileExpression(applyConfiguration?.expression ?? '', patches, [objectType]),
          },
    ),
  };
  programs.set(policy, program);
  return program;
};

export const conditionsOf = (
  program: MutatingProgram,
  subject: Subject,
  param: KubeObject | undefined,
): ReturnType<typeof conditionsHold> =>
  conditionsHold(program.conditions, policyLookup(subject, param, program.variables, new Budget(budgetMax)));

/** A `test` that does not hold is no error: the patch does nothing then. */
const patched = (object: KubeObject, operations: readonly Record<string, unknown>[]): KubeObject => {
  let result: unknown = object;
  for (const operation of operations) {
    try {
      result = applyJsonPatch(result, [operation]);
    } catch (error) {
      if (operation['op'] === 'test') return object;
      throw error;
    }
  }
  return result as KubeObject;
};

/** The object as one mutation leaves it, in the words that the policy sees. Computes only. */
export const mutateOnce = (
  program: MutatingProgram,
  { kind, expression }: CompiledMutation,
  subject: Subject,
  param: KubeObject | undefined,
): { readonly object: KubeObject } | { readonly error: string } => {
  if (expression.program === undefined) return { error: expression.error };
  const budget = new Budget(budgetMax);
  const lookup = policyLookup(subject, param, program.variables, budget);
  const object = subject.object!;
  try {
    const result = runExpression(expression, lookup, budget);
    if ('error' in result) return result;
    const gvk = gvkOf(subject.shown);
    const next =
      kind === 'JSONPatch'
        ? patched(object, jsonPatchOf(result.value))
        : mergeConfiguration(object, objectJson(result.value) as KubeObject, gvk);
    return { object: checkedObject(next, gvk) };
  } catch (error) {
    const told = error instanceof OutOfBudget || error instanceof EvaluationError || error instanceof StatusError;
    if (!told) throw error;
    return { error: error.message };
  }
};
