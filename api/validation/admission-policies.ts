import { compileExpression, environmentOf } from '../cel/admission-environment.ts';
import type { Environment } from '../cel/environment.ts';
import { jsonPatchType, objectType } from '../cel/patch-types.ts';
import { boolType, dynType, listType, nullType, stringType, type CelType } from '../cel/types.ts';
import { duplicate, invalid, notSupported, required, type FieldError } from '../meta/field-error.ts';
import { deepEqual } from '../meta/deep-equal.ts';
import { isDns1035Label, isDns1123Subdomain, nameIsDnsSubdomain } from '../meta/names.ts';
import { validateObjectMeta } from '../meta/object-meta.ts';
import type {
  AuditAnnotation,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
  ParamKind,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../types/admissionregistration-v1.ts';
import {
  failurePolicies,
  reinvocationPolicies,
  validateExpression,
  validateMatchConditions,
  validateMatchResources,
  validateMutatingOperations,
  validateParamRef,
  validatePolicyName,
} from './admission-rules.ts';
import { each, oneOfIfSet, qualifiedName } from './field-checks.ts';
import { kindEntry } from './kind-validation.ts';

const auditAnnotationsMax = 20;
const auditExpressionBytesMax = 5 * 1024;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const actions = ['Audit', 'Deny', 'Warn'];
const patchTypes = ['ApplyConfiguration', 'JSONPatch'];
const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reserved: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return ' +
    'var void while'
  ).split(' '),
);

const blank = (text: string | undefined): boolean => (text ?? '').trim() === '';

const validateVersion = (path: string, apiVersion: string): FieldError[] => {
  if (apiVersion.split('/').length > 2) {
    return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  }
  const slash = apiVersion.indexOf('/');
  const [group, version] = [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
  const joined = (problems: readonly string[], value: string): FieldError[] =>
    problems.length > 0 ? [invalid(path, value, problems.join(','))] : [];
  return [
    ...(group === '' ? [] : joined(isDns1123Subdomain(group), group)),
    ...(version === ''
      ? [invalid(path, apiVersion, 'version must be specified')]
      : joined(isDns1035Label(version), version)),
  ];
};

const validateParamKind = ({ apiVersion = '', kind = '' }: ParamKind, path: string): FieldError[] => {
  const problems = kind === '' ? [] : isDns1035Label(kind.toLowerCase());
  const why = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  return [
    ...(apiVersion === '' ? [required(`${path}.apiVersion`)] : validateVersion(`${path}.apiVersion`, apiVersion)),
    ...(kind === '' ? [required(`${path}.kind`)] : []),
    ...(problems.length > 0 ? [invalid(`${path}.kind`, kind, why)] : []),
  ];
};

/** The variables' errors, and their types for what comes after. */
const validateVariables = (
  variables: readonly Variable[] | undefined,
  params: boolean,
  path: string,
): { readonly errors: FieldError[]; readonly types: ReadonlyMap<string, CelType> } => {
  const types = new Map<string, CelType>();
  const errors = each(variables, path, ({ name, expression }, at) => {
    const own: FieldError[] = [];
    if (blank(name)) own.push(required(`${at}.name`, 'name is not specified'));
    else if (!identifier.test(name) || reserved.has(name)) {
      own.push(invalid(`${at}.name`, name, 'must be a valid CEL identifier'));
    }
    if (blank(expression)) return [...own, required(`${at}.expression`, 'expression is not specified')];
    const env = environmentOf({ params, authorizer: true, variables: new Map(types) });
    const compiled = compileExpression(expression, env, [dynType]);
    types.set(name, compiled.program?.type ?? dynType);
    if (compiled.error !== '') own.push(invalid(`${at}.expression`, expression, compiled.error));
    return own;
  });
  return { errors, types };
};

interface Environments {
  /** with the authorizer, and without */
  readonly full: Environment;
  readonly plain: Environment;
}

const validateValidation = (validation: Validation, path: string, { full, plain }: Environments): FieldError[] => {
  const { expression, message = '', messageExpression = '', reason } = validation;
  const empty = 'must be non-empty if specified';
  const errors = blank(expression)
    ? [required(`${path}.expression`, 'expression is not specified')]
    : validateExpression(`${path}.expression`, expression, full, [boolType]);
  const at = `${path}.messageExpression`;
  if (messageExpression !== '' && blank(messageExpression)) errors.push(invalid(at, messageExpression, empty));
  else if (messageExpression !== '') errors.push(...validateExpression(at, messageExpression, plain, [stringType]));
  if (message !== '' && blank(message)) errors.push(invalid(`${path}.message`, message, empty));
  else if (/[\n\r]/.test(message.trim())) {
    errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'));
  }
  return [...errors, ...oneOfIfSet(`${path}.reason`, reason, reasons)];
};

const validateAnnotation = (
  { key, valueExpression }: AuditAnnotation,
  path: string,
  name: string | undefined,
  env: Environment,
): FieldError[] => {
  const keyErrors = name
    ? qualifiedName(`${path}.key`, `${name}/${key}`)
    : [invalid(`${path}.key`, key, 'requires metadata.name be non-empty')];
  const at = `${path}.valueExpression`;
  const text = valueExpression.trim();
  if (text === '') return [...keyErrors, required(at, 'valueExpression is not specified')];
  if (new TextEncoder().encode(text).length > auditExpressionBytesMax) {
    return [...keyErrors, required(at, `must not exceed ${auditExpressionBytesMax} bytes in length`)];
  }
  const { error } = compileExpression(text, env, [stringType, nullType]);
  return error === '' ? keyErrors : [...keyErrors, invalid(at, valueExpression, error)];
};

const validateAnnotations = ({ metadata, spec }: ValidatingAdmissionPolicy, env: Environment): FieldError[] => {
  const annotations = spec?.auditAnnotations ?? [];
  const path = 'spec.auditAnnotations';
  const seen = new Set<string>();
  const errors = each(annotations, path, (annotation, at) => {
    const repeated = seen.has(annotation.key) ? [duplicate(`${at}.key`, annotation.key)] : [];
    seen.add(annotation.key);
    return [...validateAnnotation(annotation, at, metadata?.name, env), ...repeated];
  });
  if (annotations.length <= auditAnnotationsMax) return errors;
  return [invalid(path, annotations, `must not have more than ${auditAnnotationsMax} auditAnnotations`), ...errors];
};

type AnyPolicy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;

/** What both sorts of policies have. */
const validateCommon = ({ spec = {} }: AnyPolicy, skipConditions: boolean): FieldError[] => {
  const { failurePolicy, paramKind, matchConstraints, matchConditions } = spec;
  const constraints = 'spec.matchConstraints';
  return [
    ...(failurePolicy === undefined ? [required('spec.failurePolicy')] : []),
    ...oneOfIfSet('spec.failurePolicy', failurePolicy, failurePolicies),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind, 'spec.paramKind')),
    ...(matchConstraints === undefined ? [required(constraints)] : []),
    ...validateMatchResources(matchConstraints, constraints),
    ...(matchConstraints !== undefined && !matchConstraints.resourceRules?.length
      ? [required(`${constraints}.resourceRules`)]
      : []),
    ...(skipConditions
      ? []
      : validateMatchConditions(matchConditions, paramKind !== undefined, 'spec.matchConditions')),
  ];
};

const conditionsUnchanged = ({ spec }: AnyPolicy, old: AnyPolicy | undefined): boolean =>
  old !== undefined &&
  deepEqual(spec?.paramKind ?? null, old.spec?.paramKind ?? null) &&
  deepEqual(spec?.matchConditions ?? [], old.spec?.matchConditions ?? []);

const nothing = 'validations or auditAnnotations must contain at least one item';

const validateValidatingPolicy = (policy: ValidatingAdmissionPolicy, old?: ValidatingAdmissionPolicy): FieldError[] => {
  const { spec = {} } = policy;
  const params = spec.paramKind !== undefined;
  const { errors, types } = validateVariables(spec.variables, params, 'spec.variables');
  const variables = spec.variables?.length ? types : undefined;
  const environments: Environments = {
    full: environmentOf({ params, authorizer: true, variables }),
    plain: environmentOf({ params, authorizer: false, variables }),
  };
  const hasNone = !spec.validations?.length && !spec.auditAnnotations?.length;
  return [
    ...validateObjectMeta(policy.metadata, false, nameIsDnsSubdomain),
    ...validateCommon(policy, conditionsUnchanged(policy, old)),
    ...errors,
    ...(hasNone ? [required('spec.validations', nothing), required('spec.auditAnnotations', nothing)] : []),
    ...each(spec.validations, 'spec.validations', (one, at) => validateValidation(one, at, environments)),
    ...validateAnnotations(policy, environments.full),
  ];
};

const validateMutation = (
  { patchType, jsonPatch, applyConfiguration }: Mutation,
  path: string,
  env: Environment,
): FieldError[] => {
  if (!patchType) return [required(`${path}.patchType`)];
  if (!patchTypes.includes(patchType)) return [notSupported(`${path}.patchType`, patchType, patchTypes)];
  const isJson = patchType === 'JSONPatch';
  const [own, other] = isJson ? ['jsonPatch', 'applyConfiguration'] : ['applyConfiguration', 'jsonPatch'];
  const [wanted, unwanted] = isJson ? [jsonPatch, applyConfiguration] : [applyConfiguration, jsonPatch];
  const at = `${path}.${own}.expression`;
  const text = wanted?.expression?.trim() ?? '';
  const errors: FieldError[] = [];
  if (wanted === undefined) errors.push(required(`${path}.${own}`, `must be specified when patchType is ${patchType}`));
  else if (text === '') errors.push(required(at));
  else errors.push(...validateExpression(at, text, env, [isJson ? listType(jsonPatchType) : objectType]));
  if (unwanted !== undefined) {
    errors.push(invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`));
  }
  return errors;
};

const validateMutatingPolicy = (policy: MutatingAdmissionPolicy, old?: MutatingAdmissionPolicy): FieldError[] => {
  const { spec = {} } = policy;
  const params = spec.paramKind !== undefined;
  const { errors, types } = validateVariables(spec.variables, params, 'spec.variables');
  const env = environmentOf({ params, authorizer: true, patches: true, variables: types });
  const { reinvocationPolicy } = spec;
  return [
    ...validateObjectMeta(policy.metadata, false, nameIsDnsSubdomain),
    ...validateCommon(policy, conditionsUnchanged(policy, old)),
    ...validateMutatingOperations(spec.matchConstraints, 'spec.matchConstraints'),
    ...errors,
    ...(spec.mutations?.length ? [] : [required('spec.mutations', 'mutations must contain at least one item')]),
    ...each(spec.mutations, 'spec.mutations', (mutation, at) => validateMutation(mutation, at, env)),
    ...(reinvocationPolicy ? [] : [required('spec.reinvocationPolicy')]),
    ...oneOfIfSet('spec.reinvocationPolicy', reinvocationPolicy, reinvocationPolicies),
  ];
};

const validateActions = (path: string, list: readonly string[]): FieldError[] => {
  const seen = new Set<string>();
  const errors = each(list, path, (action, at) => {
    const repeated = seen.has(action) ? [duplicate(at, action)] : [];
    seen.add(action);
    return [...(actions.includes(action) ? [] : [notSupported(at, action, actions)]), ...repeated];
  });
  if (seen.has('Deny') && seen.has('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response ' +
      'and headers serves no purpose)';
    errors.push(invalid(path, list, why));
  }
  return seen.size === 0 ? [...errors, required(path)] : errors;
};

type AnyBinding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;

const validateBinding = ({ metadata, spec = {} }: AnyBinding): FieldError[] => [
  ...validateObjectMeta(metadata, false, nameIsDnsSubdomain),
  ...validatePolicyName(spec.policyName, 'spec.policyName'),
  ...validateParamRef(spec.paramRef, 'spec.paramRef'),
  ...validateMatchResources(spec.matchResources, 'spec.matchResources'),
];

const validateValidatingBinding = (binding: ValidatingAdmissionPolicyBinding): FieldError[] => [
  ...validateBinding(binding),
  ...validateActions('spec.validationActions', binding.spec?.validationActions ?? []),
];

const validateMutatingBinding = (binding: MutatingAdmissionPolicyBinding): FieldError[] => [
  ...validateBinding(binding),
  ...validateMutatingOperations(binding.spec?.matchResources, 'spec.matchResources'),
];

const group = 'admissionregistration.k8s.io';

export const admissionPolicyKinds = [
  kindEntry<ValidatingAdmissionPolicy>(`${group}/ValidatingAdmissionPolicy`, {
    create: (policy) => validateValidatingPolicy(policy),
    update: validateValidatingPolicy,
  }),
  kindEntry<ValidatingAdmissionPolicyBinding>(`${group}/ValidatingAdmissionPolicyBinding`, {
    create: validateValidatingBinding,
    update: validateValidatingBinding,
  }),
  kindEntry<MutatingAdmissionPolicy>(`${group}/MutatingAdmissionPolicy`, {
    create: (policy) => validateMutatingPolicy(policy),
    update: validateMutatingPolicy,
  }),
  kindEntry<MutatingAdmissionPolicyBinding>(`${group}/MutatingAdmissionPolicyBinding`, {
    create: validateMutatingBinding,
    update: validateMutatingBinding,
  }),
];
