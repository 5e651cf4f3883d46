import { autoscalerFromV1 } from '../autoscaling/conversion.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../meta/field-error.ts';
import { nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import { compareQuantities, parseQuantity, zeroQuantity } from '../meta/quantity.ts';
import type { HorizontalPodAutoscaler as V1 } from '../types/autoscaling-v1.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../types/autoscaling-v2.ts';
import { validateMetrics, validateReference } from './autoscaler-metrics.ts';
import { each, oneOfIfSet } from './field-checks.ts';
import { kindEntry, type KindEntry } from './kind-validation.ts';

const windowSecondsMax = 3600;
const periodSecondsMax = 1800;
const policyTypes = ['Percent', 'Pods'];

function validatePolicy(
  { type = '', value = 0, periodSeconds = 0 }: Partial<HPAScalingPolicy>,
  at: string,
): FieldError[] {
  const errors = policyTypes.includes(type) ? [] : [notSupported(`${at}.type`, type, policyTypes)];
  if (value <= 0) errors.push(invalid(`${at}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) errors.push(invalid(`${at}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > periodSecondsMax) {
    errors.push(invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${periodSecondsMax}`));
  }
  return errors;
}

function validateRules(rules: HPAScalingRules | undefined, path: string): FieldError[] {
  if (!rules) return [];
  const { stabilizationWindowSeconds: seconds = 0, selectPolicy, policies = [], tolerance } = rules;
  const at = `${path}.stabilizationWindowSeconds`;
  return [
    ...(seconds < 0 ? [invalid(at, seconds, 'must be greater than or equal to zero')] : []),
    ...(seconds > windowSecondsMax ? [invalid(at, seconds, `must be less than or equal to ${windowSecondsMax}`)] : []),
    ...oneOfIfSet(`${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']),
    ...(policies.length === 0 ? [required(`${path}.policies`, 'must specify at least one Policy')] : []),
    ...each(policies, `${path}.policies`, validatePolicy),
    ...(tolerance !== undefined && compareQuantities(parseQuantity(tolerance), zeroQuantity) < 0
      ? [invalid(`${path}.tolerance`, tolerance, 'must be greater than or equal to 0')]
      : []),
  ];
}

function validateSpec(spec: HorizontalPodAutoscalerSpec, old: HorizontalPodAutoscalerSpec | undefined): FieldError[] {
  const asked: Partial<HorizontalPodAutoscalerSpec> = spec;
  const { minReplicas, maxReplicas = 0, metrics = [], behavior, scaleTargetRef } = asked;
  const target: Partial<CrossVersionObjectReference> = scaleTargetRef ?? {};
  const errors: FieldError[] = [];
  const least = old?.minReplicas === 0 ? 0 : 1;
  const at = 'spec.maxReplicas';
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.push(invalid(at, maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  const before = old?.scaleTargetRef;
  const anyVersion = before !== undefined && before.apiVersion === target.apiVersion && before.kind === target.kind;
  errors.push(
    ...validateReference(target, 'spec.scaleTargetRef', {
      mayBeCore: target.kind === 'ReplicationController',
      anyVersion,
    }),
    ...validateMetrics(metrics, 'spec.metrics'),
  );
  const scales = metrics.some(({ type }) => type === 'Object' || type === 'External');
  if (minReplicas === 0 && !scales) {
    const why = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(forbidden('spec.metrics', why));
  }
  return [
    ...errors,
    ...validateRules(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...validateRules(behavior?.scaleDown, 'spec.behavior.scaleDown'),
    // what the schema itself says is told last
    ...(minReplicas !== undefined && minReplicas < least
      ? [invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`)]
      : []),
    ...(maxReplicas === 0 ? [required(at)] : []),
    ...(maxReplicas < 0 ? [invalid(at, maxReplicas, 'must be greater than or equal to 1')] : []),
  ];
}

/** Both versions are checked as the newer one. */
const newest = (object: HorizontalPodAutoscaler): HorizontalPodAutoscaler =>
  object.apiVersion === 'autoscaling/v1' ? autoscalerFromV1(object as unknown as V1) : object;
const specOf = (object: HorizontalPodAutoscaler): HorizontalPodAutoscalerSpec =>
  newest(object).spec ?? ({} as HorizontalPodAutoscalerSpec);

function validateStatus({ status }: HorizontalPodAutoscaler): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['currentReplicas', 'desiredReplicas'] as const) {
    const count = status?.[field] ?? 0;
    if (count < 0) errors.push(invalid(`status.${field}`, count, 'must be greater than or equal to 0'));
  }
  return errors;
}

export const autoscalerKinds: readonly KindEntry[] = [
  kindEntry<HorizontalPodAutoscaler>('autoscaling/HorizontalPodAutoscaler', {
    create: (object) => [
      ...validateObjectMeta(object.metadata, true, nameIsDnsSubdomain),
      ...validateSpec(specOf(object), undefined),
    ],
    update: (object, old) => [
      ...validateObjectMetaUpdate(object.metadata, old.metadata),
      ...validateSpec(specOf(object), specOf(old)),
    ],
    statusUpdate: (object, old) => [
      ...validateObjectMetaUpdate(object.metadata, old.metadata),
      ...validateStatus(newest(object)),
    ],
  }),
];
