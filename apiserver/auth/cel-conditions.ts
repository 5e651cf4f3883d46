import { compile, evaluate, type Program } from '../../api/cel/cel.ts';
import { fromJson, toJson } from '../../api/cel/json-values.ts';
import { kubernetesEnvironment } from '../../api/cel/kubernetes-environment.ts';
import { dynType } from '../../api/cel/types.ts';

/** An expression over one variable. Throws an Error where it does not compile. */
export class CelExpression {
  readonly #program: Program;
  readonly #variable: string;

  constructor(expression: string, variable: string) {
    const compiled = compile(expression, kubernetesEnvironment.withVariables({ [variable]: dynType }));
    if ('error' in compiled) throw new Error(`compilation failed: ${compiled.error}`);
    this.#program = compiled;
    this.#variable = variable;
  }

  get text(): string {
    return this.#program.expression;
  }

  /** Its value as JSON. Throws where it cannot be evaluated. */
  valueFor(json: unknown): unknown {
    const outcome = evaluate(this.#program, { [this.#variable]: fromJson(json) });
    if ('error' in outcome) throw outcome.error;
    return toJson(outcome.value);
  }
}

/** Expressions that must all hold. */
export class CelConditions {
  readonly #expressions: readonly CelExpression[];

  constructor(expressions: readonly string[], variable: string) {
    this.#expressions = expressions.map((text) => new CelExpression(text, variable));
  }

  /** `no` beats `failed`: one that does not hold decides whatever the others would say. */
  all(json: unknown): 'yes' | 'no' | 'failed' {
    let failed = false;
    for (const expression of this.#expressions) {
      try {
        if (expression.valueFor(json) !== true) return 'no';
      } catch {
        failed = true; // counted: the failure policy says what becomes of it
      }
    }
    return failed ? 'failed' : 'yes';
  }
}
