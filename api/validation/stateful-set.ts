import { invalid, notSupported, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goIntOrString, goLabelSelector } from '../meta/go-text.ts';
import { validateLabelSelector } from '../meta/labels.ts';
import { nameIsDnsLabel } from '../meta/names.ts';
import {
  validateImmutable,
  validateNonnegative,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type { StatefulSet, StatefulSetSpec } from '../types/apps-v1.ts';
import type { PodTemplateSpec, Volume } from '../types/core-v1.ts';
import { dnsLabel, intOrPercent, isZeroIntOrPercent, percentOf } from './field-checks.ts';
import { validateClaimSpec } from './persistent-volume-claim.ts';
import { validatePodTemplate } from './pod-spec.ts';
import {
  refuseEmptySelector,
  validateCollisionCount,
  validateCounts,
  validatePartsOfReplicas,
  validateRunsForever,
  validateTemplateLabels,
} from './workload.ts';

const retentions = ['Retain', 'Delete'];

function validateRollingUpdate(spec: StatefulSetSpec): FieldError[] {
  const at = 'spec.updateStrategy.rollingUpdate';
  const rolling = spec.updateStrategy?.rollingUpdate;
  const errors = validateNonnegative(rolling?.partition, `${at}.partition`);
  const most = rolling?.maxUnavailable;
  if (most === undefined) return errors;
  const mostAt = `${at}.maxUnavailable`;
  errors.push(...intOrPercent(mostAt, most));
  if (isZeroIntOrPercent(most)) errors.push(invalid(mostAt, goIntOrString(most), 'cannot be 0'));
  if ((percentOf(most) ?? 0) > 100) errors.push(invalid(mostAt, goIntOrString(most), 'must not be greater than 100%'));
  return errors;
}

function validateStrategy(spec: StatefulSetSpec): FieldError[] {
  const at = 'spec.updateStrategy';
  const { type = '', rollingUpdate } = spec.updateStrategy ?? {};
  if (type === '') return [required(at)];
  if (type === 'RollingUpdate') return validateRollingUpdate(spec);
  if (type !== 'OnDelete') return [invalid(at, spec.updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")];
  if (!rollingUpdate) return [];
  return [invalid(`${at}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")];
}

function validatePolicies(spec: StatefulSetSpec): FieldError[] {
  const errors: FieldError[] = [];
  const management = spec.podManagementPolicy ?? '';
  if (management === '') errors.push(required('spec.podManagementPolicy'));
  else if (management !== 'OrderedReady' && management !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', management, "must be 'OrderedReady' or 'Parallel'"));
  }
  errors.push(...validateStrategy(spec));
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  for (const key of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[key] ?? '';
    if (retention === undefined || retentions.includes(value)) continue;
    errors.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${key}`, value, retentions));
  }
  return errors;
}

/** As its pods will be: with a volume for each claim, and the names that the controller gives. */
function templateOf(spec: StatefulSetSpec): PodTemplateSpec {
  const claims = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? '');
  const template = spec.template ?? {};
  if (template.spec === undefined) return template;
  const volumes: Volume[] = [
    ...claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...(template.spec.volumes ?? []).filter(({ name }) => !claims.includes(name)),
  ];
  return { ...template, spec: { ...template.spec, volumes, subdomain: undefined, hostname: undefined } };
}

function validateTemplate(spec: StatefulSetSpec): FieldError[] {
  const { selector } = spec;
  const at = 'spec.template';
  if (validateLabelSelector(selector, '').length > 0) return [invalid('spec.selector', goLabelSelector(selector), '')];
  return [...validateTemplateLabels(selector, spec.template, at), ...validatePodTemplate(templateOf(spec), at)];
}

function validateSpec(spec: StatefulSetSpec, isNew: boolean): FieldError[] {
  const errors = validatePolicies(spec);
  for (const [i, claim] of (isNew ? (spec.volumeClaimTemplates ?? []) : []).entries()) {
    errors.push(...validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`));
  }
  errors.push(
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(spec.ordinals?.start, 'spec.ordinals.start'),
  );
  if (isNew && spec.serviceName) errors.push(...dnsLabel('spec.serviceName', spec.serviceName));
  const at = 'spec.selector';
  if (!spec.selector) errors.push(required(at));
  else
    errors.push(...validateLabelSelector(spec.selector, at), ...refuseEmptySelector(spec.selector, at, 'statefulset'));
  return [...errors, ...validateTemplate(spec), ...validateRunsForever(spec.template, 'spec.template', 'StatefulSet')];
}

const specOf = (set: StatefulSet): StatefulSetSpec => set.spec ?? ({} as StatefulSetSpec);

export const validateStatefulSet = (set: StatefulSet): FieldError[] => [
  ...validateObjectMeta(set.metadata, true, nameIsDnsLabel),
  ...validateSpec(specOf(set), true),
];

const fixed = ['volumeClaimTemplates', 'serviceName', 'podManagementPolicy'] as const;

export function validateStatefulSetUpdate(set: StatefulSet, oldSet: StatefulSet): FieldError[] {
  const [spec, old] = [specOf(set), specOf(oldSet)];
  return [
    ...validateObjectMetaUpdate(set.metadata, oldSet.metadata),
    ...validateSpec(spec, false),
    ...validateImmutable(spec.selector, old.selector, 'spec.selector', goLabelSelector(spec.selector)),
    ...fixed.flatMap((key) => validateImmutable(spec[key], old[key], `spec.${key}`)),
  ];
}

const counts = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const;
const parts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;

export function validateStatefulSetStatusUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const { status } = set;
  const available = status?.availableReplicas ?? 0;
  const why = 'cannot be greater than status.readyReplicas';
  return [
    ...validateCounts(status, counts),
    ...validatePartsOfReplicas(status, parts),
    ...(available > (status?.readyReplicas ?? 0) ? [invalid('status.availableReplicas', available, why)] : []),
    ...validateObjectMetaUpdate(set.metadata, old.metadata),
    ...validateCollisionCount(status?.collisionCount, old.status?.collisionCount),
  ];
}
