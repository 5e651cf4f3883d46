/** Metrics of autoscaling/v1, which has no fields for them: they are kept in annotations, in a form of their own. */
import type * as V1 from '../types/autoscaling-v1.ts';
import type * as V2 from '../types/autoscaling-v2.ts';

/** Without what is undefined: fields in Go's order, as they are written. */
function given<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const zero = '0';
const isZero = (quantity: string | undefined): boolean =>
  quantity === undefined || /^[+-]?0+(\.0*)?[a-zA-Z]*$/.test(quantity);
const reference = ({ kind, name, apiVersion }: V2.CrossVersionObjectReference): V1.CrossVersionObjectReference =>
  given({ kind, name, apiVersion: apiVersion || undefined });

/** For metrics by utilization or by value. */
const share = ({
  target,
}: V2.ResourceMetricSource): { targetAverageUtilization?: number; targetAverageValue?: string } =>
  given({ targetAverageUtilization: target.averageUtilization, targetAverageValue: target.averageValue });
const shareTarget = (utilization: number | undefined, averageValue: string | undefined): V2.MetricTarget =>
  given({
    type: utilization === undefined ? 'AverageValue' : 'Utilization',
    averageValue,
    averageUtilization: utilization,
  });

export const specToV1 = ({ type, object, pods, resource, containerResource, external }: V2.MetricSpec): V1.MetricSpec =>
  given<V1.MetricSpec>({
    type,
    object:
      object &&
      given({
        target: reference(object.describedObject),
        metricName: object.metric.name,
        targetValue: object.target.value ?? zero,
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      }),
    pods:
      pods &&
      given({
        metricName: pods.metric.name,
        targetAverageValue: pods.target.averageValue ?? zero,
        selector: pods.metric.selector,
      }),
    resource: resource && { name: resource.name, ...share(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...share(containerResource),
      container: containerResource.container,
    },
    external:
      external &&
      given({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  });

const identifier = (name: string, selector: V2.MetricIdentifier['selector']): V2.MetricIdentifier =>
  given({ name, selector });

function objectTarget({ averageValue, targetValue }: V1.ObjectMetricSource): V2.MetricTarget {
  if (averageValue === undefined) return { type: 'Value', value: targetValue ?? zero };
  // v1 cannot leave the value out
  return given({ type: 'AverageValue', value: isZero(targetValue) ? undefined : targetValue, averageValue });
}

export const specFromV1 = ({
  type,
  object,
  pods,
  resource,
  containerResource,
  external,
}: V1.MetricSpec): V2.MetricSpec =>
  given<V2.MetricSpec>({
    type,
    object: object && {
      describedObject: reference(object.target),
      metric: identifier(object.metricName, object.selector),
      target: objectTarget(object),
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? zero },
    },
    resource: resource && {
      name: resource.name,
      target: shareTarget(resource.targetAverageUtilization, resource.targetAverageValue),
    },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      target: shareTarget(containerResource.targetAverageUtilization, containerResource.targetAverageValue),
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      target: given({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  });

const used = ({
  current,
}: V2.ResourceMetricStatus): { currentAverageUtilization?: number; currentAverageValue: string } =>
  given({ currentAverageUtilization: current.averageUtilization, currentAverageValue: current.averageValue ?? zero });

export const statusToV1 = (status: V2.MetricStatus): V1.MetricStatus => {
  const { type, object, pods, resource, containerResource, external } = status;
  return given<V1.MetricStatus>({
    type,
    object:
      object &&
      given({
        target: reference(object.describedObject),
        metricName: object.metric.name,
        currentValue: object.current.value ?? zero,
        selector: object.metric.selector,
        averageValue: object.current.averageValue,
      }),
    pods:
      pods &&
      given({
        metricName: pods.metric.name,
        currentAverageValue: pods.current.averageValue ?? zero,
        selector: pods.metric.selector,
      }),
    resource: resource && { name: resource.name, ...used(resource) },
    containerResource: containerResource && {
      name: containerResource.name,
      ...used(containerResource),
      container: containerResource.container,
    },
    external:
      external &&
      given({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? zero,
        currentAverageValue: external.current.averageValue,
      }),
  });
};

const use = (averageUtilization: number | undefined, averageValue: string | undefined): V2.MetricValueStatus =>
  given({ averageValue: averageValue ?? zero, averageUtilization });

export const statusFromV1 = (status: V1.MetricStatus): V2.MetricStatus => {
  const { type, object, pods, resource, containerResource, external } = status;
  return given<V2.MetricStatus>({
    type,
    object: object && {
      describedObject: reference(object.target),
      metric: identifier(object.metricName, object.selector),
      current: given({ value: object.currentValue ?? zero, averageValue: object.averageValue }),
    },
    pods: pods && {
      metric: identifier(pods.metricName, pods.selector),
      current: { averageValue: pods.currentAverageValue ?? zero },
    },
    resource: resource && {
      name: resource.name,
      current: use(resource.currentAverageUtilization, resource.currentAverageValue),
    },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      current: use(containerResource.currentAverageUtilization, containerResource.currentAverageValue),
    },
    external: external && {
      metric: identifier(external.metricName, external.metricSelector),
      current: given({ value: external.currentValue ?? zero, averageValue: external.currentAverageValue }),
    },
  });
};
