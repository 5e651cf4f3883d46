/** CustomResourceDefinitions, with the errors of Kubernetes' apiextensions server. */
import { deepEqual } from '../meta/deep-equal.ts';
import { forbidden, invalid, notSupported, required, type FieldError } from '../meta/field-error.ts';
import { goStrings, GoSyntax } from '../meta/go-text.ts';
import { isDns1035Label, isDns1123Subdomain, nameIsDnsSubdomain, type NameCheck } from '../meta/names.ts';
import { validateImmutable, validateObjectMeta, validateObjectMetaUpdate } from '../meta/object-meta.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../types/apiextensions-v1.ts';
import { validateApproval } from './approval.ts';
import { isTrue } from './definition-status.ts';
import { checkRules } from './rule-check.ts';
import { CostCheck } from './rule-cost.ts';
import { schemasWithin, validations, type SchemaProps } from './schema-props.ts';
import { isCaBundle, namesKnownReview, validateConversion } from './validate-conversion.ts';
import { validateDefaults } from './validate-defaults.ts';
import { requiredNames, validateNames } from './validate-names.ts';
import { validateSchema } from './validate-schema.ts';
import { structuralObstacle, validateStructural } from './validate-structural.ts';
import {
  validateColumn,
  validateDeprecation,
  validateSelectableFields,
  validateSubresources,
} from './validate-version.ts';

type Definition = CustomResourceDefinition;
type Version = CustomResourceDefinitionVersion;

export const schemaOfVersion = (version: Version): SchemaProps | undefined =>
  version.schema?.openAPIV3Schema as SchemaProps | undefined;

export function validateDefinition(definition: Definition): FieldError[] {
  const { spec, metadata } = definition;
  const wanted = `${spec.names.plural}.${spec.group}`;
  const nameCheck: NameCheck = (name, prefix) => [
    ...nameIsDnsSubdomain(name, prefix),
    ...(name === wanted ? [] : ['must be spec.names.plural+"."+spec.group']),
  ];
  return [
    ...validateObjectMeta(metadata, false, nameCheck),
    ...validateSpec(definition, undefined),
    ...validateStatus(definition),
    ...validateStoredVersions(definition),
    ...validateApproval(definition, undefined),
    ...validatePreserve(definition, undefined),
  ];
}

export function validateDefinitionUpdate(definition: Definition, old: Definition): FieldError[] {
  const { spec } = definition;
  const isFixed = isTrue(old, 'Established');
  return [
    ...validateObjectMetaUpdate(definition.metadata, old.metadata),
    ...validateSpec(definition, old),
    ...(isFixed ? validateImmutable(spec.scope, old.spec.scope, 'spec.scope') : []),
    ...(isFixed ? validateImmutable(spec.names.kind, old.spec.names.kind, 'spec.names.kind') : []),
    ...validateImmutable(spec.group, old.spec.group, 'spec.group'),
    ...validateImmutable(spec.names.plural, old.spec.names.plural, 'spec.names.plural'),
    ...validateStatus(definition),
    ...validateStoredVersions(definition),
    ...validateApproval(definition, old),
    ...validatePreserve(definition, old),
  ];
}

export const validateDefinitionStatusUpdate = (definition: Definition, old: Definition): FieldError[] => [
  ...validateObjectMetaUpdate(definition.metadata, old.metadata),
  ...validateStatus(definition),
];

const validateStatus = ({ status }: Definition): FieldError[] =>
  status?.acceptedNames === undefined ? [] : validateNames(status.acceptedNames, 'status.acceptedNames');

function validateSpec(definition: Definition, old: Definition | undefined): FieldError[] {
  const { spec } = definition;
  return [
    ...validateGroup(spec.group),
    ...validateScope(spec.scope),
    ...spec.versions.flatMap((version, i) =>
      schemaOfVersion(version) === undefined ? [required(`spec.versions[${i}].schema.openAPIV3Schema`)] : [],
    ),
    ...validateVersions(definition, old),
    ...requiredNames(spec.names, 'spec.names'),
    ...validateNames(spec.names, 'spec.names'),
    ...validateShared(definition, old),
    ...validateConverting(definition, old),
  ];
}

function validateGroup(group: string): FieldError[] {
  if (!group) return [required('spec.group')];
  const messages = isDns1123Subdomain(group);
  if (messages.length > 0) return [invalid('spec.group', group, messages.join(','))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

const scopes: readonly string[] = ['Cluster', 'Namespaced'];

function validateScope(scope: string): FieldError[] {
  if (!scope) return [required('spec.scope')];
  return scopes.includes(scope) ? [] : [notSupported('spec.scope', scope, scopes)];
}

/** What all versions say alike stands, in Kubernetes' internal form, beside them: errors name that place. */
const isShared = (versions: readonly Version[], of: (version: Version) => unknown): boolean =>
  versions.every((version) => deepEqual(of(version) ?? null, of(versions[0] as Version) ?? null));

/** How Go prints the versions in an error; what they hold beyond their names is not shown. */
function goVersions(versions: readonly Version[]): GoSyntax {
  const type = 'apiextensions.CustomResourceDefinitionVersion';
  const texts = versions.map(
    ({ name, served, storage, deprecated = false }) =>
      `${type}{Name:${JSON.stringify(name)}, Served:${served}, Storage:${storage}, Deprecated:${deprecated}, ` +
      'DeprecationWarning:(*string)(nil), Schema:(*apiextensions.CustomResourceValidation)(nil), ' +
      'Subresources:(*apiextensions.CustomResourceSubresources)(nil), ' +
      'AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition(nil), ' +
      'SelectableFields:[]apiextensions.SelectableField(nil)}',
  );
  return new GoSyntax(versions.length === 0 ? `[]${type}(nil)` : `[]${type}{${texts.join(', ')}}`);
}

function validateVersions({ spec: { versions } }: Definition, old: Definition | undefined): FieldError[] {
  const errors = versions.flatMap((version, i) => validateVersion(version, i, versions, old));
  const names = versions.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    errors.push(invalid('spec.versions', goVersions(versions), 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const why = 'must have exactly one version marked as storage version';
    errors.push(invalid('spec.versions', goVersions(versions), why));
  }
  const [first = ''] = names;
  const wrong = first === '' ? [] : isDns1035Label(first);
  if (wrong.length > 0) errors.push(invalid('spec.version', first, wrong.join(',')));
  return errors;
}

const ofSchema = (version: Version): unknown => version.schema;
const ofSubresources = (version: Version): unknown => version.subresources;
const ofColumns = (version: Version): unknown => version.additionalPrinterColumns;
const ofSelectable = (version: Version): unknown => version.selectableFields;

function validateVersion(
  version: Version,
  i: number,
  versions: readonly Version[],
  old: Definition | undefined,
): FieldError[] {
  const path = `spec.versions[${i}]`;
  const wrong = isDns1035Label(version.name);
  const errors = wrong.length > 0 ? [invalid(`${path}.name`, version.name, wrong.join(','))] : [];
  errors.push(...validateDeprecation(version, path));
  if (!isShared(versions, ofSchema)) errors.push(...validateVersionSchema(version, `${path}.schema`, versions, old));
  if (!isShared(versions, ofSubresources)) {
    errors.push(...validateSubresources(version.subresources, `${path}.subresources`));
  }
  if (!isShared(versions, ofColumns)) errors.push(...validateColumns(version, path));
  if (!isShared(versions, ofSelectable)) errors.push(...validateSelectable(version, path, old));
  return errors;
}

const validateColumns = (version: Version, path: string): FieldError[] =>
  (version.additionalPrinterColumns ?? []).flatMap((column, i) =>
    validateColumn(column, `${path}.additionalPrinterColumns[${i}]`),
  );

function validateSelectable(version: Version, path: string, old: Definition | undefined): FieldError[] {
  const { selectableFields = [] } = version;
  const schema = schemaOfVersion(version);
  if (selectableFields.length === 0 || schema === undefined) return [];
  const before = old?.spec.versions.find(({ name }) => name === version.name)?.selectableFields;
  const isOld = deepEqual(before, selectableFields);
  return validateSelectableFields(selectableFields, schema, `${path}.selectableFields`, isOld);
}

/** Once for all versions. */
function validateShared({ spec: { versions } }: Definition, old: Definition | undefined): FieldError[] {
  const [version] = versions;
  if (version === undefined) return [];
  return [
    ...(isShared(versions, ofSchema) ? validateVersionSchema(version, 'spec.validation', versions, old) : []),
    ...(isShared(versions, ofSubresources) ? validateSubresources(version.subresources, 'spec.subresources') : []),
    ...(isShared(versions, ofColumns) ? validateColumns(version, 'spec') : []),
    ...(isShared(versions, ofSelectable) ? validateSelectable(version, 'spec', old) : []),
  ];
}

const rootFields =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems ' +
  'MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';
const rootKeys: ReadonlySet<string> = new Set([
  ...rootFields.split(' ').map((name) => name.charAt(0).toLowerCase() + name.slice(1)),
  'x-kubernetes-preserve-unknown-fields',
  validations,
]);

function validateVersionSchema(
  version: Version,
  path: string,
  versions: readonly Version[],
  old: Definition | undefined,
): FieldError[] {
  const schema = schemaOfVersion(version);
  if (schema === undefined) return [];
  // What was taken before is taken again: rules may have become stricter since.
  const before = old?.spec.versions.find(({ name }) => name === version.name);
  if (before !== undefined && deepEqual(before.schema, version.schema)) return [];
  const at = `${path}.openAPIV3Schema`;
  const hasStatus = (path === 'spec.validation' ? versions : [version]).some(
    ({ subresources }) => subresources?.status !== undefined,
  );
  const errors = hasStatus ? validateStatusRoot(schema, at) : [];
  if (schema.nullable) errors.push(forbidden(`${at}.nullable`, 'nullable cannot be true at the root'));
  const obstacle = structuralObstacle(schema);
  let found: FieldError[] = [];
  if (obstacle === undefined) {
    found = validateStructural(schema, at);
    if (found.length === 0) found = validateDefaults(schema, at);
  }
  errors.push(...found);
  const isSound = obstacle === undefined && found.length === 0;
  const costs = new CostCheck(schema, rulesOf(old));
  errors.push(...validateSchema(schema, at, isSound ? checkRules(costs) : undefined));
  if (errors.length === 0 && obstacle !== undefined) errors.push(invalid(at, '', obstacle));
  return [...errors, ...costs.total(at)];
}

/** Expressions that are stored already are not refused for what was decided later. */
function rulesOf(old: Definition | undefined): ReadonlySet<string> {
  const schemas = (old?.spec.versions ?? []).map(schemaOfVersion).filter((schema) => schema !== undefined);
  const all = schemas.flatMap((schema) => [...schemasWithin(schema)]);
  return new Set(all.flatMap((schema) => (schema[validations] ?? []).map(({ rule }) => rule)));
}

function validateStatusRoot(schema: SchemaProps, path: string): FieldError[] {
  if (schema.type && schema.type !== 'object') {
    const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalid(`${path}.type`, schema.type, why)];
  }
  const stray = Object.keys(schema).some((key) => !rootKeys.has(key));
  const why = `only [${rootFields}] fields are allowed at the root of the schema if the status subresource is enabled`;
  return stray ? [invalid(path, schema, why)] : [];
}

function validateConverting({ spec }: Definition, old: Definition | undefined): FieldError[] {
  const before = old?.spec.conversion;
  const errors: FieldError[] = [];
  if (spec.conversion !== undefined && spec.conversion.strategy !== 'None' && spec.preserveUnknownFields) {
    const why = 'must be None if spec.preserveUnknownFields is true';
    errors.push(invalid('spec.conversion.strategy', spec.conversion.strategy, why));
  }
  const oldBundle = before?.webhook?.clientConfig?.caBundle;
  const rules = {
    needsKnownReview: namesKnownReview(before?.webhook?.conversionReviewVersions ?? []),
    checksCaBundle: old !== undefined && isTrue(old, 'Established') && (!oldBundle || isCaBundle(oldBundle)),
  };
  return [...errors, ...validateConversion(spec.conversion, 'spec.conversion', rules)];
}

function validateStoredVersions({ spec, status }: Definition): FieldError[] {
  const path = 'status.storedVersions';
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid(path, goStrings(stored), 'must have at least one stored version')];
  const errors = spec.versions
    .filter(({ storage, name }) => storage && !stored.includes(name))
    .map(({ name }) => invalid(path, goStrings(stored), `must have the storage version ${name}`));
  for (const [i, name] of stored.entries()) {
    if (spec.versions.some((version) => version.name === name)) continue;
    const why =
      `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a ` +
      `storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(`${path}[${i}]`, name, why));
  }
  return errors;
}

function validatePreserve({ spec }: Definition, old: Definition | undefined): FieldError[] {
  if (old?.spec.preserveUnknownFields || !spec.preserveUnknownFields) return [];
  const why = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid('spec.preserveUnknownFields', true, why)];
}
