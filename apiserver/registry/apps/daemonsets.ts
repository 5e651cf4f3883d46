import { templateGeneration } from '../../../api/defaults/workloads.ts';
import { semanticEqual } from '../../../api/meta/deep-equal.ts';
import type { DaemonSet } from '../../../api/types/apps-v1.ts';
import type { KubeObject } from '../../pipeline.ts';
import { define } from '../resource-entry.ts';
import { templateSpecOf } from '../template-spec.ts';
import { workloadWarnings } from './workload-warnings.ts';

const generationOf = (object: KubeObject): number =>
  Number(object.metadata?.annotations?.[templateGeneration] ?? '0') || 0;

function setGeneration(object: KubeObject, generation: number): void {
  const annotations = { ...object.metadata?.annotations, [templateGeneration]: String(generation) };
  object.metadata = { ...object.metadata, annotations };
}

const templateOf = (object: KubeObject): unknown => (object as unknown as DaemonSet).spec?.template;

export const daemonsets = define('apps', 'v1', 'daemonsets', {
  generationOf: ['spec'],
  podSpecOf: templateSpecOf,
  warningsOf: (object, old) => workloadWarnings(object, old),
  prepareForCreate(object) {
    object['status'] = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    setGeneration(object, Math.max(1, generationOf(object)));
  },
  /** It is a part of the spec, whatever it looks like. */
  prepareForStatusUpdate(object, old) {
    setGeneration(object, generationOf(old));
  },
  prepareForUpdate(object, old) {
    const changed = !semanticEqual(templateOf(object), templateOf(old));
    setGeneration(object, generationOf(old) + (changed ? 1 : 0));
  },
});
