import type { StatefulSet } from '../../../api/types/apps-v1.ts';
import type { PodTemplateSpec } from '../../../api/types/core-v1.ts';
import { claimSpecWarnings } from '../../../api/warnings/claim-warnings.ts';
import { podNameWarnings, templateWarnings } from '../../../api/warnings/pod-warnings.ts';
import type { KubeObject } from '../../pipeline.ts';

interface Workload {
  spec?: { template?: PodTemplateSpec };
}

/** On an update they are told again only where it changes what is wanted. */
export const isChanged = (object: KubeObject, old: KubeObject | undefined): boolean =>
  object.metadata?.generation !== old?.metadata?.generation;

export const workloadWarnings = (object: KubeObject, old: KubeObject | undefined): string[] =>
  isChanged(object, old) ? templateWarnings((object as Workload).spec?.template) : [];

export const newPodNameWarnings = (object: KubeObject, old: KubeObject | undefined): string[] =>
  old === undefined ? podNameWarnings(object.metadata?.name) : [];

export function statefulSetWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const { spec } = object as unknown as StatefulSet;
  const warnings = workloadWarnings(object, old);
  for (const [i, claim] of (spec?.volumeClaimTemplates ?? []).entries()) {
    warnings.push(...claimSpecWarnings(claim.spec, `spec.volumeClaimTemplates[${i}]`));
  }
  if ((spec?.revisionHistoryLimit ?? 0) < 0) {
    const why = 'a negative value retains all historical revisions; a value >= 0 is recommended';
    warnings.push(`spec.revisionHistoryLimit: ${why}`);
  }
  return warnings;
}
