import { boolType, dynType, nullType, stringType } from '../../../api/cel/types.ts';
import { runtimeType, type CelValue } from '../../../api/cel/values.ts';
import type { ValidatingAdmissionPolicy } from '../../../api/types/admissionregistration-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import { compileExpression, environmentOf, type Expression } from '../../../api/cel/admission-environment.ts';
import { Budget, budgetMax, OutOfBudget, runExpression } from '../expression-budget.ts';
import type { Subject } from '../evaluation.ts';
import { compileConditions, conditionsHold, type CompiledConditions } from '../match-conditions.ts';
import { compileVariables, policyLookup } from './policy-subject.ts';

interface CompiledValidation {
  readonly expression: Expression;
  readonly message: string;
  readonly messageExpression: Expression | undefined;
  readonly reason: string;
}

export interface ValidatingProgram {
  readonly ignoresErrors: boolean;
  readonly variables: ReadonlyMap<string, Expression>;
  readonly conditions: CompiledConditions;
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly { readonly key: string; readonly expression: Expression }[];
}

/** A message '' is a validation that holds. */
export interface Verdict {
  readonly failures: readonly { readonly message: string; readonly reason: string }[];
  readonly annotations: readonly { readonly key: string; readonly value: string; readonly error: string }[];
}

const messageBytesMax = 5 * 1024;
const annotationBytesMax = 10 * 1024;

const programs = new WeakMap<object, ValidatingProgram>();

/** Compiled once a version of the policy. */
export const compileValidatingPolicy = (policy: ValidatingAdmissionPolicy): ValidatingProgram => {
  const known = programs.get(policy);
  if (known !== undefined) return known;
  const { spec = {} } = policy;
  const params = spec.paramKind !== undefined;
  const { expressions, types } = compileVariables(spec.variables, params);
  const env = environmentOf({ params, authorizer: true, variables: types });
  const unauthorized = environmentOf({ params, authorizer: false, variables: types });
  const program: ValidatingProgram = {
    ignoresErrors: spec.failurePolicy === 'Ignore',
    variables: expressions,
    conditions: compileConditions(spec.matchConditions, env),
    validations: (spec.validations ?? []).map(({ expression, message, messageExpression, reason }) => ({
      expression: compileExpression(expression, env, [boolType]),
      message: message ?? '',
      messageExpression: messageExpression
        ? compileExpression(messageExpression, unauthorized, [stringType])
        : undefined,
      reason: reason ?? 'Invalid',
    })),
    annotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      key,
      expression: compileExpression(valueExpression, env, [stringType, nullType, dynType]),
    })),
  };
  programs.set(policy, program);
  return program;
};

type Lookup = (name: string) => CelValue | undefined;

const composedMessage = (validation: CompiledValidation, lookup: Lookup, budget: Budget): string => {
  if (validation.messageExpression === undefined) return '';
  const result = runExpression(validation.messageExpression, lookup, budget);
  if ('error' in result || typeof result.value !== 'string') return '';
  const message = result.value.trim();
  const tooLong = new TextEncoder().encode(message).length > messageBytesMax;
  return tooLong || message.includes('\n') ? '' : message;
};

const messageFor = (validation: CompiledValidation, lookup: Lookup, budget: Budget): string =>
  composedMessage(validation, lookup, budget) ||
  validation.message.trim() ||
  `failed expression: ${validation.expression.text.trim()}`;

const annotationsOf = ({ annotations, ignoresErrors }: ValidatingProgram, lookup: Lookup): Verdict['annotations'] => {
  const budget = new Budget(budgetMax);
  const result: { key: string; value: string; error: string }[] = [];
  for (const { key, expression } of annotations) {
    const outcome = runExpression(expression, lookup, budget);
    if ('error' in outcome) {
      if (!ignoresErrors) result.push({ key, value: '', error: outcome.error });
      continue;
    }
    const { value } = outcome;
    if (typeof value === 'string') {
      const text = value.trim().slice(0, annotationBytesMax);
      if (text !== '') result.push({ key, value: text, error: '' });
    } else if (value !== null) {
      const type = runtimeType(value).toString();
      const error =
        `valueExpression '${expression.text}' resulted in unsupported return type: ${type}. ` +
        'Return type must be either string or null.';
      result.push({ key, value: '', error });
    }
  }
  return result;
};

const failed = (program: ValidatingProgram, message: string): Verdict => ({
  failures: program.ignoresErrors ? [] : [{ message, reason: 'Invalid' }],
  annotations: [],
});

const validateAll = (program: ValidatingProgram, lookup: Lookup, budget: Budget): Verdict['failures'] => {
  const results = program.validations.map((validation) => ({
    validation,
    result: runExpression(validation.expression, lookup, budget),
  }));
  return results.map(({ validation, result }) => {
    if ('error' in result) return { message: program.ignoresErrors ? '' : result.error, reason: 'Invalid' };
    if (result.value === true) return { message: '', reason: '' };
    return { message: messageFor(validation, lookup, budget), reason: validation.reason };
  });
};

/** One policy on one request with one parameter. Computes only: it may be run again. */
export const validateOnce = (program: ValidatingProgram, subject: Subject, param: KubeObject | undefined): Verdict => {
  const budget = new Budget(budgetMax);
  const lookup = policyLookup(subject, param, program.variables, budget);
  const match = conditionsHold(program.conditions, lookup);
  if ('error' in match) return failed(program, match.error);
  if (!match.matches) return { failures: [], annotations: [] };
  try {
    const failures = validateAll(program, lookup, budget);
    return { failures, annotations: annotationsOf(program, lookup) };
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return failed(program, error.message);
  }
};
