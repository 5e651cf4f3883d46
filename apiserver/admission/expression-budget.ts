/** Running expressions of admission within a budget. */
import type { Expression } from '../../api/cel/admission-environment.ts';
import { evaluate } from '../../api/cel/cel.ts';
import type { CelValue } from '../../api/cel/values.ts';

/** Of all expressions of a policy on one request. */
export const budgetMax = 10_000_000;
export const matchConditionsBudgetMax = 2_500_000;

export const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run';

/** The budget is spent: the rest is not run. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget';
  constructor() {
    super(outOfBudget);
  }
}

export class Budget {
  #left: number;

  constructor(max: number) {
    this.#left = max;
  }

  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw new OutOfBudget();
  }
}

export type Result = { readonly value: CelValue } | { readonly error: string };

/** Runs an expression; what it costs is taken from the budget. */
export const runExpression = (
  expression: Expression,
  variables: (name: string) => CelValue | undefined,
  budget: Budget,
): Result => {
  if (expression.program === undefined) return { error: `compilation error: ${expression.error}` };
  const outcome = evaluate(expression.program, variables);
  budget.spend(outcome.cost);
  if ('error' in outcome)
    return { error: `expression '${expression.text}' resulted in error: ${outcome.error.message}` };
  return { value: outcome.value };
};
