import type { HorizontalPodAutoscaler as V1, Scale } from '../../../api/types/autoscaling-v1.ts';
import type {
  HorizontalPodAutoscaler as V2,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../../api/types/autoscaling-v2.ts';
import { age, nameOf, none, unknown, unset } from '../cell-text.ts';
import { rows } from '../row-printer.ts';

const metricsShownMax = 2;

interface MetricSides {
  readonly label: string;
  readonly target?: MetricTarget;
  readonly current?: MetricValueStatus;
}

/** Spec and status of a metric, whichever of its sources it has. */
function sidesOf(spec: MetricSpec, status: MetricStatus | undefined): MetricSides {
  switch (spec.type) {
    case 'Resource':
      return { label: spec.resource?.name ?? '', target: spec.resource?.target, current: status?.resource?.current };
    case 'ContainerResource':
      return {
        label: spec.containerResource?.name ?? '',
        target: spec.containerResource?.target,
        current: status?.containerResource?.current,
      };
    case 'Pods':
      return { label: '', target: spec.pods?.target, current: status?.pods?.current };
    case 'Object':
      return { label: '', target: spec.object?.target, current: status?.object?.current };
    case 'External':
      return { label: '', target: spec.external?.target, current: status?.external?.current };
    default:
      return { label: '' };
  }
}

function metricText({ label, target, current }: MetricSides): string {
  const prefix = label === '' ? '' : `${label}: `;
  if (target?.averageUtilization !== undefined) {
    const now = current?.averageUtilization;
    return `${prefix}${now === undefined ? unknown : `${now}%`}/${target.averageUtilization}%`;
  }
  if (target?.averageValue !== undefined) {
    return `${prefix}${current?.averageValue ?? unknown}/${target.averageValue}${label === '' ? ' (avg)' : ''}`;
  }
  return `${prefix}${current?.value ?? unknown}/${target?.value ?? '<auto>'}`;
}

function targets(object: V2): string {
  const metrics = object.spec?.metrics ?? [];
  if (metrics.length === 0) return none;
  const texts = metrics.map((spec, index) => metricText(sidesOf(spec, object.status?.currentMetrics?.[index])));
  const shown = texts.slice(0, metricsShownMax).join(', ');
  return texts.length > metricsShownMax ? `${shown} + ${texts.length - metricsShownMax} more...` : shown;
}

export const autoscalerV2Rows = rows<V2>((object, nowMs) => [
  nameOf(object),
  `${object.spec?.scaleTargetRef?.kind ?? ''}/${object.spec?.scaleTargetRef?.name ?? ''}`,
  targets(object),
  object.spec?.minReplicas === undefined ? unset : String(object.spec?.minReplicas),
  object.spec?.maxReplicas ?? 0,
  object.status?.currentReplicas ?? 0,
  age(object, nowMs),
]);

export const autoscalerV1Rows = rows<V1>((object, nowMs) => {
  const target = object.spec?.targetCPUUtilizationPercentage;
  const current = object.status?.currentCPUUtilizationPercentage;
  return [
    nameOf(object),
    `${object.spec?.scaleTargetRef?.kind ?? ''}/${object.spec?.scaleTargetRef?.name ?? ''}`,
    target === undefined ? none : `cpu: ${current === undefined ? unknown : `${current}%`}/${target}%`,
    object.spec?.minReplicas === undefined ? unset : String(object.spec?.minReplicas),
    object.spec?.maxReplicas ?? 0,
    object.status?.currentReplicas ?? 0,
    age(object, nowMs),
  ];
});

export const scaleRows = rows<Scale>((object, nowMs) => [
  nameOf(object),
  object.spec?.replicas ?? 0,
  object.status?.replicas ?? 0,
  age(object, nowMs),
]);
