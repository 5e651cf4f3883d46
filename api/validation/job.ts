/** Jobs, and what CronJobs make them from. */
import { clone } from '../meta/clone.ts';
import { semanticEqual } from '../meta/deep-equal.ts';
import { invalid, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { goLabelSelector, goStringMap } from '../meta/go-text.ts';
import { matcherOfSelector, validateLabelSelector } from '../meta/labels.ts';
import { isDns1123Label, nameIsDnsSubdomain } from '../meta/names.ts';
import {
  fieldImmutable,
  validateImmutable,
  validateNonnegative,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../meta/object-meta.ts';
import type { Job, JobSpec, JobTemplateSpec } from '../types/batch-v1.ts';
import type { PodSpec, PodTemplateSpec } from '../types/core-v1.ts';
import { domainPrefixedPath } from './field-checks.ts';
import { validatePodFailurePolicy, validatePodReplacementPolicy, validateSuccessPolicy } from './job-policies.ts';
import { validatePodTemplate } from './pod-spec.ts';

const indexedParallelismMax = 100_000;
const failedIndexesMax = 100_000;
/** with more completions than this, some limits are lower */
const manyCompletions = 100_000;
const limitForMany = 10_000;
const managedByLengthMax = 63;

/** Labels of a Job's pods: of the domain, and as they were before it had one. */
export const jobLabels = {
  uid: ['controller-uid', 'batch.kubernetes.io/controller-uid'],
  name: ['job-name', 'batch.kubernetes.io/job-name'],
} as const;

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

function validateCounts(spec: JobSpec, path: string): FieldError[] {
  const errors = counts.flatMap((key) => validateNonnegative(spec[key], `${path}.${key}`));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) {
    errors.push(...domainPrefixedPath(`${path}.managedBy`, spec.managedBy));
    if (spec.managedBy.length > managedByLengthMax) errors.push(tooLong(`${path}.managedBy`, managedByLengthMax));
  }
  return errors;
}

function validateIndexed(spec: JobSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const tooHigh = (key: 'parallelism' | 'maxFailedIndexes', why: string): void =>
    void errors.push(invalid(`${path}.${key}`, spec[key], `must be less than or equal to ${why}`));
  if (completions === undefined) errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  if ((parallelism ?? 0) > indexedParallelismMax) {
    tooHigh('parallelism', `${indexedParallelismMax} when completion mode is Indexed`);
  }
  if (completions !== undefined && (maxFailedIndexes ?? 0) > completions) tooHigh('maxFailedIndexes', 'completions');
  if ((maxFailedIndexes ?? 0) > failedIndexesMax) tooHigh('maxFailedIndexes', `${failedIndexesMax}`);
  if ((completions ?? 0) <= manyCompletions || backoffLimitPerIndex === undefined) return errors;
  const why = `${limitForMany} when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) {
    const needed = `must be specified when completions is above ${manyCompletions}`;
    errors.push(required(`${path}.maxFailedIndexes`, needed));
  }
  if ((parallelism ?? 0) > limitForMany) tooHigh('parallelism', why);
  if ((maxFailedIndexes ?? 0) > limitForMany) tooHigh('maxFailedIndexes', why);
  return errors;
}

function validateCompletionMode(spec: JobSpec, path: string): FieldError[] {
  const mode = spec.completionMode;
  if (mode === 'Indexed') return validateIndexed(spec, path);
  if (mode !== undefined && mode !== 'NonIndexed') {
    return [notSupported(`${path}.completionMode`, mode, ['NonIndexed', 'Indexed'])];
  }
  return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
    .filter((key) => spec[key] !== undefined)
    .map((key) => invalid(`${path}.${key}`, spec[key], 'requires indexed completion mode'));
}

function validateRestartPolicy(spec: JobSpec, path: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy ?? '';
  const at = `${path}.template.spec.restartPolicy`;
  if (policy === '' || policy === 'Always') return [required(at, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(at, policy, ['OnFailure', 'Never'])];
  if (!spec.podFailurePolicy || policy === 'Never') return [];
  return [invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/** All but the selector, which a template has not yet. */
function validateSpecBody(spec: JobSpec, path: string): FieldError[] {
  return [
    ...validateCounts(spec, path),
    ...validateCompletionMode(spec, path),
    ...(spec.podFailurePolicy ? validatePodFailurePolicy(spec, `${path}.podFailurePolicy`) : []),
    ...(spec.successPolicy ? validateSuccessPolicy(spec, `${path}.successPolicy`) : []),
    ...validatePodReplacementPolicy(spec, `${path}.podReplacementPolicy`),
    ...validatePodTemplate(spec.template ?? {}, `${path}.template`),
    ...validateRestartPolicy(spec, path),
  ];
}

function validateSpec(spec: JobSpec, path: string): FieldError[] {
  const errors = validateSpecBody(spec, path);
  const at = `${path}.selector`;
  if (!spec.selector) errors.push(required(at));
  const wrong = validateLabelSelector(spec.selector, at);
  if (wrong.length > 0) return [...errors, ...wrong];
  const labels = spec.template?.metadata?.labels;
  if (matcherOfSelector(spec.selector).matches(labels)) return errors;
  const why = '`selector` does not match template `labels`';
  return [...errors, invalid(`${path}.template.metadata.labels`, goStringMap(labels), why)];
}

function validateHasLabel(labels: Record<string, string>, key: string, expected: string): FieldError[] {
  const at = 'spec.template.metadata.labels';
  if (!Object.hasOwn(labels, key)) return [required(`${at}[${key}]`, `must be '${expected}'`)];
  return labels[key] === expected ? [] : [invalid(`${at}[${key}]`, goStringMap(labels), `must be '${expected}'`)];
}

/** Where the server makes the selector, labels of others would make it select their pods. */
function validateGeneratedSelector(job: Job): FieldError[] {
  const spec = specOf(job);
  if (spec.manualSelector || !spec.selector) return [];
  const { uid = '', name = '' } = job.metadata ?? {};
  const labels = spec.template?.metadata?.labels ?? {};
  const [oldUid, newUid] = jobLabels.uid;
  const [oldName, newName] = jobLabels.name;
  const errors = [
    ...(uid === '' ? [required('metadata.uid')] : []),
    ...validateHasLabel(labels, oldUid, uid),
    ...validateHasLabel(labels, oldName, name),
    ...validateHasLabel(labels, newUid, uid),
    ...validateHasLabel(labels, newName, name),
  ];
  if (validateLabelSelector(spec.selector, '').length > 0) return errors;
  const expected = { [oldUid]: uid, [newUid]: uid, [oldName]: name, [newName]: name };
  if (matcherOfSelector(spec.selector).matches(expected)) return errors;
  return [...errors, invalid('spec.selector', goLabelSelector(spec.selector), '`selector` not auto-generated')];
}

/** Pods of an indexed Job have its name and their index as their host name. */
function validateNameForIndexes(job: Job): FieldError[] {
  const { completionMode, completions = 0 } = specOf(job);
  const name = job.metadata?.name ?? '';
  if (completionMode !== 'Indexed' || completions <= 0) return [];
  const longest = `${name}-${completions - 1}`;
  if (isDns1123Label(longest).length === 0) return [];
  return [invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`)];
}

const specOf = (job: Job): JobSpec => job.spec ?? ({} as JobSpec);

export const validateJob = (job: Job): FieldError[] => [
  ...validateObjectMeta(job.metadata, true, nameIsDnsSubdomain),
  ...validateGeneratedSelector(job),
  ...validateSpec(specOf(job), 'spec'),
  ...validateNameForIndexes(job),
];

export const jobHolds = (job: Job, type: string): boolean =>
  job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

/** A suspended Job without pods of its own may still be placed, and be given other resources. */
const isTemplateOpen = (old: Job): boolean =>
  old.spec?.suspend === true &&
  (old.status?.startTime === undefined || jobHolds(old, 'Suspended')) &&
  (old.status?.active ?? 0) === 0;

function withPlacementOf(old: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const same = clone(old);
  const spec = same.spec ?? ({} as PodSpec);
  const affinity = { ...spec.affinity, nodeAffinity: now.spec?.affinity?.nodeAffinity };
  const isEmpty = Object.values(affinity).every((value) => value === undefined);
  spec.affinity = now.spec?.affinity === undefined && isEmpty ? undefined : affinity;
  spec.nodeSelector = now.spec?.nodeSelector;
  spec.tolerations = now.spec?.tolerations;
  spec.schedulingGates = now.spec?.schedulingGates;
  same.spec = spec;
  same.metadata = { ...same.metadata, annotations: now.metadata?.annotations, labels: now.metadata?.labels };
  return same;
}

function validateTemplateUpdate(job: Job, old: Job): FieldError[] {
  const now = specOf(job).template ?? {};
  const before = specOf(old).template ?? {};
  if (!isTemplateOpen(old)) {
    return semanticEqual(now, before) ? [] : [invalid('spec.template', now, fieldImmutable)];
  }
  const same = withPlacementOf(before, now);
  for (const key of ['containers', 'initContainers'] as const) {
    const [list, others] = [now.spec?.[key] ?? [], same.spec?.[key] ?? []];
    if (list.length !== others.length) continue;
    for (const [i, container] of others.entries()) {
      if (container.name === list[i]?.name) container.resources = list[i]?.resources;
    }
  }
  return semanticEqual(now.spec, same.spec) ? [] : [invalid('spec.template.spec', now.spec, fieldImmutable)];
}

function validateCompletionsUpdate(spec: JobSpec, old: JobSpec): FieldError[] {
  const at = 'spec.completions';
  if (spec.completionMode !== 'Indexed')
    return validateImmutable(spec.completions, old.completions, at, spec.completions ?? null);
  const { completions, parallelism } = spec;
  if (completions === old.completions || completions === undefined || completions === parallelism) return [];
  return [invalid(at, completions, 'can only be modified in tandem with spec.parallelism')];
}

const fixed = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const;

export function validateJobUpdate(job: Job, oldJob: Job): FieldError[] {
  const [spec, old] = [specOf(job), specOf(oldJob)];
  return [
    ...validateObjectMetaUpdate(job.metadata, oldJob.metadata),
    ...validateSpec(spec, 'spec'),
    ...validateCompletionsUpdate(spec, old),
    ...validateImmutable(spec.selector, old.selector, 'spec.selector', goLabelSelector(spec.selector)),
    ...validateTemplateUpdate(job, oldJob),
    ...fixed.flatMap((key) => validateImmutable(spec[key], old[key], `spec.${key}`, spec[key] ?? null)),
    ...validateNameForIndexes(job),
  ];
}

/** Of a CronJob: the selector comes with the Job. */
export function validateJobTemplate(template: JobTemplateSpec | undefined, path: string): FieldError[] {
  const spec = template?.spec ?? ({} as JobSpec);
  const errors = validateSpecBody(spec, `${path}.spec`);
  if (spec.selector) {
    const why = '`selector` will be auto-generated';
    errors.push(invalid(`${path}.spec.selector`, goLabelSelector(spec.selector), why));
  }
  if (spec.manualSelector) errors.push(notSupported(`${path}.spec.manualSelector`, true, ['nil', 'false']));
  return errors;
}
