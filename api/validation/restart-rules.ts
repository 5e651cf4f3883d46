/** When a container of a pod is restarted, other than the pod says. */
import { notSupported, required, tooMany } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import type { Container } from '../types/core-v1.ts';
import { each } from './field-checks.ts';

const policies = ['Always', 'Never', 'OnFailure'];
const actions = ['Restart', 'RestartAllContainers'];
const operators = ['In', 'NotIn'];
const rulesMax = 20;
const exitCodesMax = 255;

export function validateRestartRules(container: Container, path: string): FieldError[] {
  const { restartPolicy: policy } = container;
  const rules = container.restartPolicyRules ?? [];
  const errors: FieldError[] = [];
  if (policy === undefined) {
    if (rules.length === 0) return [];
    errors.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  } else if (!policies.includes(policy)) errors.push(notSupported(`${path}.restartPolicy`, policy, policies));
  const at = `${path}.restartPolicyRules`;
  if (rules.length > rulesMax) errors.push(tooMany(at, rules.length, rulesMax));
  return [
    ...errors,
    ...each(rules, at, ({ action, exitCodes }, ruleAt) => {
      const found = actions.includes(action ?? '') ? [] : [notSupported(`${ruleAt}.action`, action ?? '', actions)];
      if (!exitCodes) return [...found, required(`${ruleAt}.exitCodes`, 'must be specified')];
      const { operator, values = [] } = exitCodes;
      if (!operators.includes(operator ?? '')) {
        found.push(notSupported(`${ruleAt}.exitCodes.operator`, operator ?? '', operators));
      }
      if (values.length > exitCodesMax) found.push(tooMany(`${ruleAt}.exitCodes.values`, values.length, exitCodesMax));
      return found;
    }),
  ];
}
