/** Groups of the Kubernetes project itself: their definitions say who approved them. */
import { invalid, required, type FieldError } from '../meta/field-error.ts';
import { goQuote } from '../meta/go-text.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../types/apiextensions-v1.ts';

const annotation = 'api-approved.kubernetes.io';
const see = 'see https://github.com/kubernetes/enhancements/pull/1111';

type State = 'missing' | 'bypassed' | 'approved' | 'invalid';

const isProtected = (group: string): boolean => /(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group);

function approvalOf({ metadata }: CustomResourceDefinition): { state: State; reason: string; value: string } {
  const value = metadata?.annotations?.[annotation] ?? '';
  if (value === '') {
    return {
      state: 'missing',
      value,
      reason: `protected groups must have approval annotation ${goQuote(annotation)}, ${see}`,
    };
  }
  if (value.startsWith('unapproved')) return { state: 'bypassed', value, reason: `not approved: ${goQuote(value)}` };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/\s]+\S*$/i.test(value)) {
    return { state: 'approved', value, reason: `approved in ${value}` };
  }
  const wanted = 'with either a URL or a reason starting with "unapproved"';
  const reason = `protected groups must have approval annotation ${goQuote(annotation)} ${wanted}, ${see}`;
  return { state: 'invalid', value, reason };
}

export function validateApproval(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  if (!isProtected(definition.spec.group)) return [];
  const { state, reason, value } = approvalOf(definition);
  if (old !== undefined && approvalOf(old).state === state) return [];
  const path = `metadata.annotations[${annotation}]`;
  if (state === 'invalid') return [invalid(path, value, reason)];
  return state === 'missing' ? [required(path, reason)] : [];
}

const reasons: Record<State, string> = {
  missing: 'MissingAnnotation',
  invalid: 'InvalidAnnotation',
  approved: 'ApprovedAnnotation',
  bypassed: 'UnapprovedAnnotation',
};

/** The condition that tells it; undefined where the group is nobody's but its owner's. */
export function approvalCondition(definition: CustomResourceDefinition): CustomResourceDefinitionCondition | undefined {
  if (!isProtected(definition.spec.group)) return undefined;
  const { state, reason } = approvalOf(definition);
  return {
    type: 'KubernetesAPIApprovalPolicyConformant',
    status: state === 'approved' ? 'True' : 'False',
    reason: reasons[state],
    message: reason,
  };
}
