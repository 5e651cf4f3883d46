/** CEL rules of a definition that is written: each must compile, and may name the old value only where there is one. */
import { shapeOf } from '../cel/schema-shape.ts';
import { invalid, type FieldError } from '../meta/field-error.ts';
import { goQuote, GoSyntax } from '../meta/go-text.ts';
import { compileRules, selfTypeName, type CompiledRule } from './compiled-rule.ts';
import type { CostCheck } from './rule-cost.ts';
import { embedded, validations, type ValidationRule } from './schema-props.ts';
import type { RuleCheck } from './validate-schema.ts';

/** `%#v` of a rule */
function goRule({ rule, message = '', messageExpression = '', fieldPath = '' }: ValidationRule): GoSyntax {
  return new GoSyntax(
    `apiextensions.ValidationRule{Rule:${goQuote(rule)}, Message:${goQuote(message)}, ` +
      `MessageExpression:${goQuote(messageExpression)}, Reason:(*apiextensions.FieldValueErrorReason)(nil), ` +
      `FieldPath:${goQuote(fieldPath)}, OptionalOldSelf:(*bool)(nil)}`,
  );
}

/** Checks the rules of each schema, and notes what they may cost. */
export function checkRules(costs: CostCheck): RuleCheck {
  return (schema, { path, isRoot, uncorrelatable }) => {
    const at = `${path}.${validations}`;
    const shape = shapeOf(schema as never, selfTypeName, isRoot || schema[embedded]);
    if (shape === undefined) {
      const why = 'internal error: failed to retrieve type information for x-kubernetes-validations';
      return [{ type: 'InternalError', field: at, detail: why }];
    }
    const rules = compileRules(schema, shape);
    return rules.flatMap((rule) => {
      const own = `${at}[${(schema[validations] ?? []).indexOf(rule.rule)}]`;
      return [...costs.check(schema, rule, shape, own), ...errorsOf(rule, own, uncorrelatable)];
    });
  };
}

function errorsOf(compiled: CompiledRule, path: string, uncorrelatable: string | undefined): FieldError[] {
  const { rule, error, messageError, usesOldSelf } = compiled;
  const errors: FieldError[] = [];
  if (error !== undefined) errors.push(invalid(`${path}.rule`, goRule(rule), error));
  if (messageError !== undefined) errors.push(invalid(`${path}.messageExpression`, goRule(rule), messageError));
  if (usesOldSelf && uncorrelatable !== undefined) {
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
    errors.push(invalid(`${path}.rule`, rule.rule, why));
  } else if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
    const why = 'may not be set if oldSelf is not used in rule';
    errors.push(invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, why));
  }
  return errors;
}
