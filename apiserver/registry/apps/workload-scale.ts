import { matcherOfSelector } from '../../../api/meta/labels.ts';
import type { LabelSelector } from '../../../api/types/meta-v1.ts';
import type { ScaleAccess } from '../resource-entry.ts';

interface Workload {
  spec?: { replicas?: number; selector?: LabelSelector };
  status?: { replicas?: number };
}

/** `/scale` of the kinds that keep replicas and selector where Deployments do. */
export const workloadScale: ScaleAccess = {
  replicas: (object) => (object as Workload).spec?.replicas ?? 0,
  statusReplicas: (object) => (object as Workload).status?.replicas ?? 0,
  selector: (object) => matcherOfSelector((object as Workload).spec?.selector).toString(),
};
