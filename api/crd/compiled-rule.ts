import type { Expr } from '../cel/ast.ts';
import { compile, type Program } from '../cel/cel.ts';
import type { Environment } from '../cel/environment.ts';
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts';
import { structsOf, type Shape } from '../cel/schema-shape.ts';
import { optionalType } from '../cel/types.ts';
import { findField } from './field-path.ts';
import { validations, type SchemaProps, type ValidationRule } from './schema-props.ts';

export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program?: Program;
  /** why there is none */
  readonly error?: string;
  readonly message?: Program;
  readonly messageError?: string;
  readonly usesOldSelf: boolean;
  /** below the schema's own path; '' is that path */
  readonly fieldPath: string;
}

/** The type's name in expressions: nothing that an author could come to rely on. */
export const selfTypeName = 'selfType';

const namesOldSelf = (types: ReadonlyMap<Expr, unknown>): boolean =>
  [...types.keys()].some((expr) => expr.kind === 'ident' && expr.name === 'oldSelf');

function environmentOf(shape: Shape, isOptional: boolean): Environment {
  const oldSelf = isOptional ? optionalType(shape.type) : shape.type;
  return kubernetesEnvironment.withStructs(structsOf(shape)).withVariables({ self: shape.type, oldSelf });
}

function compileRule(rule: ValidationRule, schema: SchemaProps, environment: Environment): CompiledRule {
  const found = rule.fieldPath ? findField(rule.fieldPath, schema) : undefined;
  const fieldPath = typeof found === 'object' ? found.path : '';
  const program = compile(rule.rule, environment);
  const failed = (error: string): CompiledRule => ({ rule, error, usesOldSelf: false, fieldPath });
  if ('error' in program) return failed(`compilation failed: ${program.error}`);
  if (program.type.kind !== 'bool') return failed('cel expression must evaluate to a bool');
  const compiled = { rule, program, usesOldSelf: namesOldSelf(program.types), fieldPath };
  if (!rule.messageExpression?.trim()) return compiled;
  const message = compile(rule.messageExpression, environment);
  if ('error' in message) {
    return { ...compiled, messageError: `messageExpression compilation failed: ${message.error}` };
  }
  if (message.type.kind !== 'string') {
    return { ...compiled, messageError: 'messageExpression must evaluate to a string' };
  }
  return { ...compiled, message };
}

/** The rules of one schema, in its order; those that say nothing are left out. */
export function compileRules(schema: SchemaProps, shape: Shape): CompiledRule[] {
  const plain = environmentOf(shape, false);
  const optional = environmentOf(shape, true);
  return (schema[validations] ?? [])
    .filter(({ rule }) => rule.trim() !== '')
    .map((rule) => compileRule(rule, schema, rule.optionalOldSelf ? optional : plain));
}
