import { cpuShare, utilizationDefault } from '../autoscaling/conversion.ts';
import type { HorizontalPodAutoscaler as V1 } from '../types/autoscaling-v1.ts';
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../types/autoscaling-v2.ts';
import { specOf, type DefaulterEntry } from './defaults.ts';

const byPercent = { type: 'Percent', value: 100, periodSeconds: 15 };
const upwards = (): HPAScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { ...byPercent }],
});
/** The controller's own setting is how long it waits before it takes pods away. */
const downwards = (): HPAScalingRules => ({ selectPolicy: 'Max', policies: [{ ...byPercent }] });

function autoscalerV2Defaults(object: HorizontalPodAutoscaler): void {
  const spec = specOf(object);
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuShare(utilizationDefault)];
  if (!spec.behavior) return;
  const { scaleUp, scaleDown } = spec.behavior;
  spec.behavior = { scaleUp: { ...upwards(), ...scaleUp }, scaleDown: { ...downwards(), ...scaleDown } };
}

/** Those of metrics come with the conversion: annotations say whether there are others. */
function autoscalerV1Defaults(object: V1): void {
  specOf(object).minReplicas ??= 1;
}

const group = 'io.k8s.api.autoscaling.';
export const autoscalingDefaulters: readonly DefaulterEntry[] = [
  [`${group}v1.HorizontalPodAutoscaler`, autoscalerV1Defaults],
  [`${group}v2.HorizontalPodAutoscaler`, autoscalerV2Defaults],
];
