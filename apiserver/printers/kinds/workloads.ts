import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../../api/types/apps-v1.ts';
import type { CronJob, Job } from '../../../api/types/batch-v1.ts';
import type { ReplicationController, PodTemplate } from '../../../api/types/core-v1.ts';
import { age, boolText, containerCells, labelsText, nameOf, none, selectorText } from '../cell-text.ts';
import { humanDuration, since } from '../human-duration.ts';
import { rows } from '../row-printer.ts';

export const deploymentRows = rows<Deployment>((object, nowMs) => [
  nameOf(object),
  `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
  object.status?.updatedReplicas ?? 0,
  object.status?.availableReplicas ?? 0,
  age(object, nowMs),
  ...containerCells(object.spec?.template),
  selectorText(object.spec?.selector, ''),
]);

export const replicaSetRows = rows<ReplicaSet>((object, nowMs) => [
  nameOf(object),
  object.spec?.replicas ?? 0,
  object.status?.replicas ?? 0,
  object.status?.readyReplicas ?? 0,
  age(object, nowMs),
  ...containerCells(object.spec?.template),
  selectorText(object.spec?.selector),
]);

export const replicationControllerRows = rows<ReplicationController>((object, nowMs) => [
  nameOf(object),
  object.spec?.replicas ?? 0,
  object.status?.replicas ?? 0,
  object.status?.readyReplicas ?? 0,
  age(object, nowMs),
  ...containerCells(object.spec?.template),
  labelsText(object.spec?.selector),
]);

export const statefulSetRows = rows<StatefulSet>((object, nowMs) => [
  nameOf(object),
  `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
  age(object, nowMs),
  ...containerCells(object.spec?.template),
]);

export const daemonSetRows = rows<DaemonSet>((object, nowMs) => [
  nameOf(object),
  object.status?.desiredNumberScheduled ?? 0,
  object.status?.currentNumberScheduled ?? 0,
  object.status?.numberReady ?? 0,
  object.status?.updatedNumberScheduled ?? 0,
  object.status?.numberAvailable ?? 0,
  labelsText(object.spec?.template?.spec?.nodeSelector),
  age(object, nowMs),
  ...containerCells(object.spec?.template),
  selectorText(object.spec?.selector),
]);

export const controllerRevisionRows = rows<ControllerRevision>((object, nowMs) => {
  const owner = object.metadata?.ownerReferences?.find((reference) => reference.controller);
  const [group, version] = owner?.apiVersion.split('/') ?? [];
  const controller =
    owner === undefined
      ? none
      : `${owner.kind.toLowerCase()}${version === undefined ? '' : `.${group ?? ''}`}/${owner.name}`;
  return [nameOf(object), controller, object.revision ?? 0, age(object, nowMs)];
});

export const podTemplateRows = rows<PodTemplate>((object) => [
  nameOf(object),
  ...containerCells(object.template),
  labelsText(object.template?.metadata?.labels),
]);

function completions(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0;
  const { completions: wanted, parallelism = 0 } = job.spec ?? {};
  if (wanted !== undefined) return `${succeeded}/${wanted}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: Job, nowMs: number): string {
  const { startTime, completionTime } = job.status ?? {};
  if (!startTime) return '';
  return humanDuration((completionTime ? Date.parse(completionTime) : nowMs) - Date.parse(startTime));
}

/** The first that holds names the job's state; deletion stands between the final and the passing ones. */
function jobStatus(job: Job): string {
  const holds = (type: string): boolean =>
    job.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;
  const final = ['Complete', 'Failed'].find(holds);
  if (final !== undefined) return final;
  if (job.metadata?.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running';
}

export const jobRows = rows<Job>((object, nowMs) => [
  nameOf(object),
  jobStatus(object),
  completions(object),
  jobDuration(object, nowMs),
  age(object, nowMs),
  ...containerCells(object.spec?.template),
  selectorText(object.spec?.selector),
]);

export const cronJobRows = rows<CronJob>((object, nowMs) => [
  nameOf(object),
  object.spec?.schedule ?? '',
  object.spec?.timeZone ?? none,
  boolText(object.spec?.suspend),
  object.status?.active?.length ?? 0,
  object.status?.lastScheduleTime ? since(object.status.lastScheduleTime, nowMs) : none,
  age(object, nowMs),
  ...containerCells(object.spec?.jobTemplate?.spec?.template),
  selectorText(object.spec?.jobTemplate?.spec?.selector),
]);
