import type { PodSpec, PodTemplateSpec } from '../../api/types/core-v1.ts';
import type { KubeObject } from '../pipeline.ts';

interface WithTemplate {
  readonly template?: PodTemplateSpec;
}

/** Of kinds with `.spec.template`. */
export const templateSpecOf = (object: KubeObject): PodSpec | undefined =>
  (object['spec'] as WithTemplate | undefined)?.template?.spec;

/** Of a CronJob. */
export const jobTemplateSpecOf = (object: KubeObject): PodSpec | undefined =>
  (object['spec'] as { jobTemplate?: { spec?: WithTemplate } } | undefined)?.jobTemplate?.spec?.template?.spec;
