import { forbidden, invalid, notSupported, required, type FieldError } from '../meta/field-error.ts';
import { compareQuantities, parseQuantity, zeroQuantity } from '../meta/quantity.ts';
import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  ExternalMetricSource,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
  ResourceMetricSource,
} from '../types/autoscaling-v2.ts';
import { dnsLabel, each, pathSegment } from './field-checks.ts';
import { validateContainerResourceName } from './resource-names.ts';

const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const targetTypes = ['Utilization', 'Value', 'AverageValue'];
/** in the order in which they are looked at */
const sources = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;

/** Undefined: there is nothing to say against it. */
function versionProblem(apiVersion: string, mayBeCore: boolean): string | undefined {
  if (apiVersion.split('/').length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] as string) : '';
  return group === '' && !mayBeCore ? 'apiVersion must specify API group' : undefined;
}

export function validateReference(
  reference: Partial<CrossVersionObjectReference>,
  path: string,
  { mayBeCore, anyVersion }: { readonly mayBeCore: boolean; readonly anyVersion: boolean },
): FieldError[] {
  const { kind, name, apiVersion = '' } = reference;
  const problem = anyVersion ? undefined : versionProblem(apiVersion, mayBeCore);
  return [
    ...pathSegment(`${path}.kind`, kind),
    ...pathSegment(`${path}.name`, name),
    ...(problem === undefined ? [] : [invalid(`${path}.apiVersion`, apiVersion, problem)]),
  ];
}

const isPositive = (quantity: string): boolean => compareQuantities(parseQuantity(quantity), zeroQuantity) > 0;

function validateTarget(target: Partial<MetricTarget> | undefined, path: string): FieldError[] {
  const { type = '', value, averageValue, averageUtilization: share } = target ?? {};
  const errors = type === '' ? [required(`${path}.type`, 'must specify a metric target type')] : [];
  if (!targetTypes.includes(type)) {
    errors.push(invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const [field, quantity] of Object.entries({ value, averageValue })) {
    if (quantity !== undefined && !isPositive(quantity)) {
      errors.push(invalid(`${path}.${field}`, quantity, 'must be positive'));
    }
  }
  if (share !== undefined && share < 1) {
    errors.push(invalid(`${path}.averageUtilization`, share, 'must be greater than 0'));
  }
  return errors;
}

const validateIdentifier = (metric: Partial<MetricIdentifier> | undefined, path: string): FieldError[] =>
  metric?.name ? pathSegment(`${path}.name`, metric.name) : [required(`${path}.name`, 'must specify a metric name')];

function validateObject({ describedObject, metric, target }: Partial<ObjectMetricSource>, path: string): FieldError[] {
  const options = { mayBeCore: true, anyVersion: false };
  const errors = [
    ...validateReference(describedObject ?? {}, `${path}.describedObject`, options),
    ...validateIdentifier(metric, `${path}.metric`),
    ...validateTarget(target, `${path}.target`),
  ];
  if (target?.value === undefined && target?.averageValue === undefined) {
    errors.push(required(`${path}.target.averageValue`, 'must set either a target value or averageValue'));
  }
  return errors;
}

function validateExternal({ metric, target }: Partial<ExternalMetricSource>, path: string): FieldError[] {
  const errors = [...validateIdentifier(metric, `${path}.metric`), ...validateTarget(target, `${path}.target`)];
  const [hasValue, hasAverage] = [target?.value !== undefined, target?.averageValue !== undefined];
  if (!hasValue && !hasAverage) {
    errors.push(
      required(`${path}.target.averageValue`, 'must set either a target value for metric or a per-pod target'),
    );
  }
  if (hasValue && hasAverage) {
    errors.push(forbidden(`${path}.target.value`, 'may not set both a target value for metric and a per-pod target'));
  }
  return errors;
}

function validatePods({ metric, target }: Partial<PodsMetricSource>, path: string): FieldError[] {
  const errors = [...validateIdentifier(metric, `${path}.metric`), ...validateTarget(target, `${path}.target`)];
  if (target?.averageValue === undefined) {
    errors.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'));
  }
  return errors;
}

function validateShare(target: Partial<MetricTarget> | undefined, path: string): FieldError[] {
  const errors = validateTarget(target, path);
  const [hasShare, hasAverage] = [target?.averageUtilization !== undefined, target?.averageValue !== undefined];
  if (!hasShare && !hasAverage) {
    errors.push(required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'));
  }
  if (hasShare && hasAverage) {
    errors.push(forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'));
  }
  return errors;
}

const validateResource = ({ name, target }: Partial<ResourceMetricSource>, path: string): FieldError[] => [
  ...(name ? [] : [required(`${path}.name`, 'must specify a resource name')]),
  ...validateShare(target, `${path}.target`),
];

const validateContainer = (
  { name, container, target }: Partial<ContainerResourceMetricSource>,
  path: string,
): FieldError[] => [
  ...(name
    ? validateContainerResourceName(name, `${path}.name`)
    : [required(`${path}.name`, 'must specify a resource name')]),
  ...(container
    ? dnsLabel(`${path}.container`, container)
    : [required(`${path}.container`, 'must specify a container')]),
  ...validateShare(target, `${path}.target`),
];

function validateSource(metric: Partial<MetricSpec>, source: (typeof sources)[number], path: string): FieldError[] {
  switch (source) {
    case 'object':
      return validateObject(metric.object ?? {}, path);
    case 'external':
      return validateExternal(metric.external ?? {}, path);
    case 'pods':
      return validatePods(metric.pods ?? {}, path);
    case 'resource':
      return validateResource(metric.resource ?? {}, path);
    default:
      return validateContainer(metric.containerResource ?? {}, path);
  }
}

function validateMetric(metric: Partial<MetricSpec>, path: string): FieldError[] {
  const { type = '' } = metric;
  const unknown = notSupported(`${path}.type`, type, types);
  const errors = type === '' ? [required(`${path}.type`, 'must specify a metric source type')] : [];
  const given = sources.filter((source) => metric[source] !== undefined && metric[source] !== null);
  if (!types.includes(type)) errors.push(unknown);
  const [first] = given;
  if (first !== undefined) errors.push(...validateSource(metric, first, `${path}.${first}`));
  const expected = type.charAt(0).toLowerCase() + type.slice(1);
  if (types.includes(type) && !given.some((source) => source === expected)) {
    errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'));
  }
  if (given.length === 1) return errors;
  for (const source of given) {
    if (source !== expected) errors.push(forbidden(`${path}.${source}`, 'must populate the given metric source only'));
  }
  return errors;
}

export const validateMetrics = (metrics: readonly MetricSpec[], path: string): FieldError[] =>
  each(metrics, path, validateMetric);
