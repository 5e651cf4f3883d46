import { boolType } from '../../api/cel/types.ts';
import type { CelValue } from '../../api/cel/values.ts';
import type { MatchCondition } from '../../api/types/admissionregistration-v1.ts';
import type { Environment } from '../../api/cel/environment.ts';
import { compileExpression, type Expression } from '../../api/cel/admission-environment.ts';
import { Budget, matchConditionsBudgetMax, OutOfBudget, runExpression } from './expression-budget.ts';

export interface CompiledConditions {
  readonly conditions: readonly { readonly name: string; readonly expression: Expression }[];
}

export const compileConditions = (
  conditions: readonly MatchCondition[] | undefined,
  env: Environment,
): CompiledConditions => ({
  conditions: (conditions ?? []).map(({ name, expression }) => ({
    name,
    expression: compileExpression(expression, env, [boolType]),
  })),
});

/** One that is false decides; an error then does not matter, else it is told. */
export const conditionsHold = (
  { conditions }: CompiledConditions,
  variables: (name: string) => CelValue | undefined,
  budget = new Budget(matchConditionsBudgetMax),
): { readonly matches: boolean } | { readonly error: string } => {
  const errors: string[] = [];
  try {
    for (const { expression } of conditions) {
      const result = runExpression(expression, variables, budget);
      if ('error' in result) errors.push(result.error);
      else if (result.value !== true) return { matches: false };
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { error: error.message };
  }
  const told = [...new Set(errors)];
  if (told.length === 0) return { matches: true };
  return { error: told.length === 1 ? told[0]! : `[${told.join(', ')}]` };
};
