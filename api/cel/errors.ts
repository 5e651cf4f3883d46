/** What went wrong while an expression was evaluated: `no such key: x`. `&&` and `||` may absorb it. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}

/** The bound on work is reached. Nothing absorbs it. */
export class CostExceeded extends Error {
  override readonly name = 'CostExceeded';
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

export const noSuchOverload = (): EvaluationError => new EvaluationError('no such overload');
export const noSuchKey = (key: unknown): EvaluationError => new EvaluationError(`no such key: ${String(key)}`);
