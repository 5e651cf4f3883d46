/** The questions that access reviews may ask. */
import { forbidden, invalid, required } from '../meta/field-error.ts';
import type { FieldError } from '../meta/field-error.ts';
import { validateLabelRequirement } from '../meta/labels.ts';
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  ResourceAttributes,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReviewSpec,
} from '../types/authorization-v1.ts';
import type { FieldSelectorRequirement, ObjectMeta } from '../types/meta-v1.ts';
import { each } from './field-checks.ts';

function validateFieldRequirement({ key, operator, values }: FieldSelectorRequirement, at: string): FieldError[] {
  const errors = key ? [] : [required(`${at}.key`, 'must be specified')];
  const listed = operator === 'In' || operator === 'NotIn';
  if (listed && !values?.length) {
    errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values?.length) {
    errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  }
  return errors;
}

function validateSelector<R>(
  selector: { rawSelector?: string; requirements?: R[] } | undefined,
  path: string,
  check: (requirement: R, at: string) => FieldError[],
): FieldError[] {
  if (!selector) return [];
  const { rawSelector: raw, requirements } = selector;
  const errors: FieldError[] = [];
  if (raw && requirements?.length) {
    errors.push(invalid(`${path}.rawSelector`, raw, 'may not specified at the same time as requirements'));
  }
  if (!raw && !requirements?.length) {
    const why = `when ${path} is specified, requirements or rawSelector is required`;
    errors.push(required(`${path}.requirements`, why));
  }
  return [...errors, ...each(requirements, `${path}.requirements`, check)];
}

function validateAttributes(attributes: ResourceAttributes | undefined): FieldError[] {
  if (!attributes) return [];
  const at = 'spec.resourceAttributes';
  const fields: FieldSelectorAttributes | undefined = attributes.fieldSelector;
  const labels: LabelSelectorAttributes | undefined = attributes.labelSelector;
  return [
    ...validateSelector(fields, `${at}.fieldSelector`, validateFieldRequirement),
    // operators that only newer clients know are let pass
    ...validateSelector(labels, `${at}.labelSelector`, (requirement, requirementAt) =>
      validateLabelRequirement(requirement, requirementAt, true),
    ),
  ];
}

/** Either of a resource or of a path. */
function validateEither(spec: SelfSubjectAccessReviewSpec): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (!resourceAttributes !== !nonResourceAttributes) return [];
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec', nonResourceAttributes ?? null, why)];
}

function validateMetadata(metadata: ObjectMeta | undefined, namespaced: boolean): FieldError[] {
  const kept = Object.entries(metadata ?? {})
    .filter(([field]) => field !== 'managedFields' && !(namespaced && field === 'namespace'))
    .map(([, value]: [string, unknown]) => value);
  if (kept.every((value) => value === undefined || value === null || value === '')) return [];
  return [invalid('metadata', metadata, namespaced ? 'must be empty except for namespace' : 'must be empty')];
}

export interface AccessReview<S> {
  readonly metadata?: ObjectMeta;
  readonly spec?: S;
}

export const validateSelfAccessReview = ({
  metadata,
  spec = {},
}: AccessReview<SelfSubjectAccessReviewSpec>): FieldError[] => [
  ...validateEither(spec),
  ...validateAttributes(spec.resourceAttributes),
  ...validateMetadata(metadata, false),
];

function validateSubject(spec: SubjectAccessReviewSpec): FieldError[] {
  const errors = validateEither(spec);
  if (!spec.user && !spec.groups?.length) {
    errors.push(invalid('spec.user', spec.user ?? '', 'at least one of user or group must be specified'));
  }
  return [...errors, ...validateAttributes(spec.resourceAttributes)];
}

export const validateAccessReview = ({ metadata, spec = {} }: AccessReview<SubjectAccessReviewSpec>): FieldError[] => [
  ...validateSubject(spec),
  ...validateMetadata(metadata, false),
];

export function validateLocalAccessReview(
  { metadata, spec = {} }: AccessReview<SubjectAccessReviewSpec>,
  namespace: string,
): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  const errors = [...validateSubject(spec), ...validateMetadata(metadata, true)];
  const asked = resourceAttributes?.namespace ?? '';
  if (resourceAttributes && asked !== namespace) {
    errors.push(invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'));
  }
  if (!nonResourceAttributes) return errors;
  return [
    ...errors,
    invalid('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request'),
  ];
}
