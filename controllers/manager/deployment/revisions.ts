import { clone } from '../../../api/meta/clone.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps-v1.ts';
import { deployments } from '../../../client/resources.ts';
import { controllerRef } from '../claim.ts';
import { fenceposts, wantedReplicas } from './fenceposts.ts';
import { templateHash, templateHashLabel } from './template-hash.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Of a Deployment's annotations, these stay with it; the rest (`kubernetes.io/change-cause`) are copied to its ReplicaSets. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
]);

type Annotations = Record<string, string>;

export const revisionOf = (object: Deployment | ReplicaSet): number =>
  Number(object.metadata?.annotations?.[revisionAnnotation] ?? 0) || 0;
export const maxRevision = (sets: readonly ReplicaSet[]): number => Math.max(0, ...sets.map(revisionOf));

/** The annotations that a resize needs: later proportional scaling reads them. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const wanted = wantedReplicas(deployment);
  return {
    [desiredReplicasAnnotation]: String(wanted),
    [maxReplicasAnnotation]: String(wanted + fenceposts(deployment).maxSurge),
  };
}

/** The annotations of the new ReplicaSet at `revision`: a set that becomes current again remembers the revisions that it was. */
export function newSetAnnotations(
  deployment: Deployment,
  before: Annotations,
  revision: number,
  isNew: boolean,
): Annotations {
  const copied = Object.fromEntries(
    Object.entries(deployment.metadata?.annotations ?? {}).filter(([key]) => !notCopied.has(key)),
  );
  const annotations: Annotations = { ...before, ...copied };
  const previous = Number(before[revisionAnnotation] ?? 0);
  if (previous < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (previous > 0) {
      const history = before[revisionHistoryAnnotation];
      annotations[revisionHistoryAnnotation] = history ? `${history},${previous}` : String(previous);
    }
  }
  return isNew ? { ...annotations, ...sizeAnnotations(deployment) } : annotations;
}

/** The ReplicaSet of the Deployment's current template, still without a size. */
export function newReplicaSet(deployment: Deployment, revision: number): ReplicaSet {
  const { metadata, spec, status } = deployment;
  const template = clone(spec?.template ?? {});
  const hash = templateHash(template, status?.collisionCount ?? 0);
  const hashLabel = { [templateHashLabel]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      // 253 characters are allowed; the hash must not be cut off.
      name: `${metadata?.name ?? ''}-${hash}`,
      namespace: metadata?.namespace,
      labels: { ...template.metadata?.labels, ...hashLabel },
      annotations: newSetAnnotations(deployment, {}, revision, true),
      ownerReferences: [controllerRef(deployments, deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds: spec?.minReadySeconds,
      selector: { ...spec?.selector, matchLabels: { ...spec?.selector?.matchLabels, ...hashLabel } },
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...hashLabel } },
      },
    },
  };
}
