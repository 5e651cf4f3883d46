/** HorizontalPodAutoscaler v1 and v2: the same objects; what v1 has no fields for is in its annotations. */
import type * as V1 from '../types/autoscaling-v1.ts';
import type * as V2 from '../types/autoscaling-v2.ts';
import { specFromV1, specToV1, statusFromV1, statusToV1 } from './v1-metrics.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const own = ['metrics', 'current-metrics', 'conditions', 'behavior', 'scale-down-tolerance', 'scale-up-tolerance'];
export const utilizationDefault = 80;

type Metadata = V1.HorizontalPodAutoscaler['metadata'];

/** Without the annotations that only a conversion writes. */
function withoutOwn(metadata: Metadata): Metadata {
  if (metadata?.annotations === undefined) return metadata;
  const annotations = Object.entries(metadata.annotations).filter(
    ([key]) => !key.startsWith(prefix) || !own.includes(key.slice(prefix.length)),
  );
  const { annotations: _, ...kept } = metadata;
  return annotations.length > 0 ? { ...kept, annotations: Object.fromEntries(annotations) } : kept;
}

const isCpuShare = ({ type, resource }: V2.MetricSpec): boolean =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;

export const cpuShare = (averageUtilization: number): V2.MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

/** As Go writes the type that it has inside: all fields, by their Go names. */
const goRules = (rules: V2.HPAScalingRules | undefined): unknown =>
  rules === undefined
    ? null
    : {
        StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
        SelectPolicy: rules.selectPolicy ?? null,
        Policies:
          rules.policies?.map(({ type, value, periodSeconds }) => ({
            Type: type,
            Value: value,
            PeriodSeconds: periodSeconds,
          })) ?? null,
        Tolerance: rules.tolerance ?? null,
      };

interface GoRules {
  readonly StabilizationWindowSeconds?: number | null;
  readonly SelectPolicy?: string | null;
  readonly Policies?: readonly { Type: string; Value: number; PeriodSeconds: number }[] | null;
  readonly Tolerance?: string | null;
}

function rulesOfGo(rules: GoRules): V2.HPAScalingRules {
  const { StabilizationWindowSeconds: seconds, SelectPolicy: select, Policies: policies, Tolerance: tolerance } = rules;
  return {
    ...(seconds !== null && seconds !== undefined && { stabilizationWindowSeconds: seconds }),
    ...(select && { selectPolicy: select }),
    ...(policies && {
      policies: policies.map(({ Type, Value, PeriodSeconds }) => ({
        type: Type,
        value: Value,
        periodSeconds: PeriodSeconds,
      })),
    }),
    ...(tolerance && { tolerance }),
  };
}

function behaviorOf(text: string): V2.HorizontalPodAutoscalerBehavior | undefined {
  const behavior = parsed(text) as { ScaleUp?: GoRules | null; ScaleDown?: GoRules | null } | null | undefined;
  if (!behavior?.ScaleUp && !behavior?.ScaleDown) return undefined;
  return {
    ...(behavior.ScaleUp && { scaleUp: rulesOfGo(behavior.ScaleUp) }),
    ...(behavior.ScaleDown && { scaleDown: rulesOfGo(behavior.ScaleDown) }),
  };
}

/** Undefined: it is no JSON, and then it says nothing. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

const list = (text: string | undefined): unknown[] | undefined => {
  const value = parsed(text);
  return Array.isArray(value) ? value : undefined;
};

const condition = (it: V2.HorizontalPodAutoscalerCondition): object => ({
  type: it.type,
  status: it.status,
  lastTransitionTime: it.lastTransitionTime ?? null,
  ...(it.reason && { reason: it.reason }),
  ...(it.message && { message: it.message }),
});

function annotationsOf({ spec, status }: V2.HorizontalPodAutoscaler): Record<string, string> {
  const annotations: Record<string, string> = {};
  const add = (key: string, value: unknown): void => void (annotations[prefix + key] = JSON.stringify(value));
  const others = (spec?.metrics ?? []).filter((metric) => !isCpuShare(metric));
  if (others.length > 0) add('metrics', others.map(specToV1));
  if (status?.currentMetrics?.length) add('current-metrics', status.currentMetrics.map(statusToV1));
  if (spec?.behavior) {
    const { scaleUp, scaleDown } = spec.behavior;
    add('behavior', { ScaleUp: goRules(scaleUp), ScaleDown: goRules(scaleDown) });
  }
  if (status?.conditions?.length) add('conditions', status.conditions.map(condition));
  return annotations;
}

export function autoscalerToV1(object: V2.HorizontalPodAutoscaler): V1.HorizontalPodAutoscaler {
  const { spec, status } = object;
  const metadata = withoutOwn(object.metadata);
  const annotations = { ...metadata?.annotations, ...annotationsOf(object) };
  const share = spec?.metrics?.find(isCpuShare)?.resource?.target.averageUtilization;
  const cpu = status?.currentMetrics?.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu');
  const used = cpu?.resource?.current.averageUtilization;
  const { metrics: _, behavior: __, ...kept } = spec ?? ({} as V2.HorizontalPodAutoscalerSpec);
  const { conditions: ___, currentMetrics: ____, ...counts } = status ?? ({} as V2.HorizontalPodAutoscalerStatus);
  return {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...kept, ...(share !== undefined && { targetCPUUtilizationPercentage: share }) },
    status: {
      ...counts,
      currentReplicas: counts.currentReplicas ?? 0,
      ...(used !== undefined && { currentCPUUtilizationPercentage: used }),
    },
  };
}

export function autoscalerFromV1(object: V1.HorizontalPodAutoscaler): V2.HorizontalPodAutoscaler {
  const annotations = object.metadata?.annotations ?? {};
  const of = (key: string): string | undefined => annotations[prefix + key];
  const { targetCPUUtilizationPercentage: share, ...kept } = object.spec ?? ({} as V1.HorizontalPodAutoscalerSpec);
  const {
    currentCPUUtilizationPercentage: used,
    currentReplicas,
    ...counts
  } = object.status ?? ({} as V1.HorizontalPodAutoscalerStatus);
  const metrics = [
    ...((list(of('metrics')) ?? []) as V1.MetricSpec[]).map(specFromV1),
    ...(share === undefined ? [] : [cpuShare(share)]),
  ];
  const behavior = behaviorOf(of('behavior') ?? '');
  const known = (list(of('current-metrics')) as V1.MetricStatus[] | undefined)?.map(statusFromV1);
  const measured: V2.MetricStatus[] | undefined =
    used === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } }];
  const currentMetrics = known ?? measured;
  const conditions = list(of('conditions')) as V2.HorizontalPodAutoscalerCondition[] | undefined;
  return {
    kind: 'HorizontalPodAutoscaler',
    apiVersion: 'autoscaling/v2',
    metadata: withoutOwn(object.metadata) ?? {},
    spec: {
      ...kept,
      metrics: metrics.length > 0 ? metrics : [cpuShare(utilizationDefault)],
      ...(behavior && { behavior }),
    },
    status: {
      ...counts,
      ...(currentReplicas && { currentReplicas }),
      // always written, and nothing where there are none
      currentMetrics: currentMetrics ?? (null as unknown as V2.MetricStatus[]),
      ...(conditions && { conditions }),
    },
  };
}
