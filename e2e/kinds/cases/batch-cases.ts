import { ResourceCases } from '../kind-case.ts';
import type { Changes, KindGroup } from '../kind-case.ts';
import { podSpec } from './pod-parts.ts';

const jobs = new ResourceCases('/apis/batch/v1/namespaces/{ns}/jobs');
const cronJobs = new ResourceCases('/apis/batch/v1/namespaces/{ns}/cronjobs');

const template = { spec: { ...podSpec, restartPolicy: 'Never' } };
const job = { spec: { template } };
const cron = { spec: { schedule: '*/5 * * * *', jobTemplate: job } };
const indexed = { 'spec.completionMode': 'Indexed', 'spec.completions': 4, 'spec.parallelism': 2 };
const rule = (rest: object): Changes => ({ 'spec.podFailurePolicy': { rules: [{ action: 'FailJob', ...rest }] } });
const exits = (rest: object): Changes => rule({ onExitCodes: { operator: 'In', values: [1, 2], ...rest } });
const success = (...rules: object[]): Changes => ({ ...indexed, 'spec.successPolicy': { rules } });
const time = '2024-01-02T03:04:05Z';
const condition = (type: string): object => ({ type, status: 'True', lastProbeTime: time, lastTransitionTime: time });

export const batchGroup: KindGroup = {
  name: 'batch',
  cases: [
    jobs.create('job', job),
    jobs.create('job suspended', { spec: { ...job.spec, suspend: true } }),
    jobs.create('job indexed', {
      spec: { ...job.spec, completionMode: 'Indexed', completions: 4, parallelism: 2, backoffLimitPerIndex: 1 },
    }),
    ...jobs.creates(job, {
      'job: parallelism only': { 'spec.parallelism': 3 },
      'job: completions only': { 'spec.completions': 3 },
      'job: labels of the template': { 'spec.template.metadata': { labels: { a: 'b' } } },
      'job: own labels': { 'metadata.labels': { x: 'y' }, 'spec.template.metadata': { labels: { a: 'b' } } },
      'job: restart Always': { 'spec.template.spec.restartPolicy': 'Always' },
      'job: restart unset': { 'spec.template.spec.restartPolicy': undefined },
      'job: restart unknown': { 'spec.template.spec.restartPolicy': 'X' },
      'job: no template': { 'spec.template': undefined },
      'job: negative numbers': {
        'spec.parallelism': -1, 'spec.completions': -1, 'spec.activeDeadlineSeconds': -1, 'spec.backoffLimit': -1,
        'spec.ttlSecondsAfterFinished': -1,
      },
      'job: manual selector': {
        'spec.manualSelector': true, 'spec.selector': { matchLabels: { a: 'b' } },
        'spec.template.metadata': { labels: { a: 'b' } },
      },
      'job: manual without selector': { 'spec.manualSelector': true },
      'job: selector of its own': { 'spec.selector': { matchLabels: { a: 'b' } } },
      'job: selector of its own that fits': {
        'spec.selector': { matchLabels: { a: 'b' } }, 'spec.template.metadata': { labels: { a: 'b' } },
      },
      'job: label of another name': { 'spec.template.metadata': { labels: { 'job-name': 'other' } } },
      'job: label of another uid': { 'spec.template.metadata': { labels: { 'controller-uid': 'other' } } },
      'job: indexed without completions': { 'spec.completionMode': 'Indexed' },
      'job: unknown completion mode': { 'spec.completionMode': 'X' },
      'job: per index without indexes': { 'spec.backoffLimitPerIndex': 1 },
      'job: failed indexes without limit': { 'spec.maxFailedIndexes': 1 },
      'job: failed indexes without limit, indexed': { ...indexed, 'spec.maxFailedIndexes': 1 },
      'job: more failed indexes than completions': { ...indexed, 'spec.backoffLimitPerIndex': 1, 'spec.maxFailedIndexes': 9 },
      'job: much parallelism': { ...indexed, 'spec.parallelism': 100_001 },
      'job: very many completions': {
        ...indexed, 'spec.completions': 200_000, 'spec.parallelism': 20_000, 'spec.backoffLimitPerIndex': 1,
      },
      'job: many completions warn': { ...indexed, 'spec.completions': 200_000, 'spec.parallelism': 20_000 },
      'job: index makes the name too long': { ...indexed, 'metadata.name': 'a'.repeat(62) },
      'job: name is no label': { 'metadata.name': 'a.b' },
      'job: managed by others': { 'spec.managedBy': 'example.com/x' },
      'job: managed by nobody': { 'spec.managedBy': 'x' },
      'job: replacement policy unknown': { 'spec.podReplacementPolicy': 'X' },
      'job: replacement policy Failed': { 'spec.podReplacementPolicy': 'Failed' },
      'job: failure policy': exits({}),
      'job: failure policy and its conditions': rule({ onPodConditions: [{ type: 'DisruptionTarget' }] }),
      'job: failure policy without rules of anything': rule({}),
      'job: failure policy with both': rule({
        onExitCodes: { operator: 'In', values: [1] }, onPodConditions: [{ type: 'A', status: 'True' }],
      }),
      'job: failure policy unknown action': rule({ action: 'X', onPodConditions: [{ type: 'A' }] }),
      'job: failure policy no action': rule({ action: '', onPodConditions: [{ type: 'A' }] }),
      'job: failure policy FailIndex': rule({ action: 'FailIndex', onPodConditions: [{ type: 'A' }] }),
      'job: failure policy bad condition': rule({ onPodConditions: [{ type: 'A b', status: 'X' }] }),
      'job: failure policy exit code 0': exits({ values: [0, 1] }),
      'job: failure policy no exit codes': exits({ values: [] }),
      'job: failure policy same exit codes': exits({ values: [1, 1] }),
      'job: failure policy unordered exit codes': exits({ values: [2, 1] }),
      'job: failure policy unknown operator': exits({ operator: 'X' }),
      'job: failure policy unknown container': exits({ containerName: 'x' }),
      'job: failure policy with OnFailure': { ...exits({}), 'spec.template.spec.restartPolicy': 'OnFailure' },
      'job: failure policy and its replacement': { ...exits({}), 'spec.podReplacementPolicy': 'TerminatingOrFailed' },
      'job: success policy': success({ succeededIndexes: '0,2-3', succeededCount: 1 }),
      'job: success policy not indexed': { 'spec.successPolicy': { rules: [{ succeededCount: 1 }] } },
      'job: success policy without rules': success(),
      'job: success policy with an empty rule': success({}),
      'job: success policy of many': success({ succeededCount: 5 }, { succeededCount: -1 }),
      'job: success policy of indexes too large': success({ succeededIndexes: '9' }),
      'job: success policy of indexes backwards': success({ succeededIndexes: '2,1' }, { succeededIndexes: '3-1' }),
      'job: success policy of no indexes': success({ succeededIndexes: 'a' }, { succeededIndexes: '1-2-3' }),
      'job: success policy of too few indexes': success({ succeededIndexes: '0', succeededCount: 2 }),
    }), // prettier-ignore
    ...jobs.puts('job', {
      'job: parallelism changes': { 'spec.parallelism': 4 },
      'job: completions change': { 'spec.completions': 4 },
      'job: image changes': { 'spec.template.spec.containers.0.image': 'j' },
      'job: selector changes': { 'spec.selector.matchLabels.a': 'b' },
      'job: mode changes': { 'spec.completionMode': 'Indexed' },
      'job: is suspended': { 'spec.suspend': true },
      'job: manager comes': { 'spec.managedBy': 'example.com/x' },
      'job: deadline comes': { 'spec.activeDeadlineSeconds': 10 },
    }),
    ...jobs.puts('job suspended', {
      'job suspended: placement changes': {
        'spec.template.spec.nodeSelector': { a: 'b' }, 'spec.template.spec.tolerations': [{ operator: 'Exists' }],
        'spec.template.metadata.annotations': { a: 'b' },
      },
      'job suspended: resources change': { 'spec.template.spec.containers.0.resources': { requests: { cpu: '1' } } },
      'job suspended: image changes': { 'spec.template.spec.containers.0.image': 'j' },
    }), // prettier-ignore
    ...jobs.puts('job indexed', {
      'job indexed: completions change alone': { 'spec.completions': 5 },
      'job indexed: completions and parallelism change': { 'spec.completions': 5, 'spec.parallelism': 5 },
      'job indexed: per index changes': { 'spec.backoffLimitPerIndex': 2 },
    }),
    ...jobs.puts('job', {
      'job: status starts': { 'status.startTime': time, 'status.active': 1 },
      'job: status negative': { 'status.active': -1 },
      'job: status start time changes': { 'status.startTime': '2024-01-02T03:04:06Z' },
      'job: status Complete alone': { 'status.conditions': [condition('Complete')] },
      'job: status Complete without success': {
        'status.conditions': [condition('Complete')], 'status.completionTime': time, 'status.startTime': time,
      },
      'job: status Failed alone': { 'status.conditions': [condition('Failed')], 'status.active': 0 },
      'job: status Complete and Failed': { 'status.conditions': [condition('Complete'), condition('Failed')] },
      'job: status completion time alone': { 'status.completionTime': time },
      'job: status uncounted': { 'status.uncountedTerminatedPods': { succeeded: ['a', ''], failed: ['a'] } },
      'job: status indexes': { 'status.completedIndexes': '1' },
      'job: status failed indexes': { 'status.failedIndexes': '1' },
      'job: status more ready than active': { 'status.ready': 5 },
      'job: status counts': { 'status.startTime': time, 'status.active': 1, 'status.failed': 2, 'status.succeeded': 1 },
      'job: status done': {
        'status.startTime': time, 'status.completionTime': time, 'status.succeeded': 1, 'status.failed': 2,
        'status.active': undefined, 'status.conditions': [condition('SuccessCriteriaMet'), condition('Complete')],
      },
      'job: status done is undone': { 'status.failed': 2, 'status.succeeded': 1, 'status.startTime': time },
      'job: status counts go back': { 'status.failed': 1, 'status.succeeded': 0 },
    }, 'status'), // prettier-ignore
    jobs.table('jobs as a table'),
    jobs.delete('job goes', 'job'),
    jobs.delete('job goes in the background', 'job-indexed', { propagationPolicy: 'Background' }),
    cronJobs.create('cronjob', cron),
    ...cronJobs.creates(cron, {
      'cronjob: daily': { 'spec.schedule': '@daily' },
      'cronjob: every': { 'spec.schedule': '@every 1h30m' },
      'cronjob: names': { 'spec.schedule': '0 0 * jan-mar MON,fri' },
      'cronjob: no schedule': { 'spec.schedule': '' },
      'cronjob: four fields': { 'spec.schedule': '* * * *' },
      'cronjob: minute 60': { 'spec.schedule': '60 * * * *' },
      'cronjob: month 0': { 'spec.schedule': '* * * 0 *' },
      'cronjob: weekday 7': { 'spec.schedule': '* * * * 7' },
      'cronjob: backwards': { 'spec.schedule': '5-1 * * * *' },
      'cronjob: a word': { 'spec.schedule': 'x * * * *' },
      'cronjob: negative': { 'spec.schedule': '-1 * * * *' },
      'cronjob: step 0': { 'spec.schedule': '*/0 * * * *' },
      'cronjob: hyphens': { 'spec.schedule': '1-2-3 * * * *' },
      'cronjob: slashes': { 'spec.schedule': '1/2/3 * * * *' },
      'cronjob: unknown descriptor': { 'spec.schedule': '@often' },
      'cronjob: bad duration': { 'spec.schedule': '@every x' },
      'cronjob: zone in the schedule': { 'spec.schedule': 'TZ=UTC * * * * *' },
      'cronjob: zone': { 'spec.timeZone': 'Europe/Berlin' },
      'cronjob: zone unknown': { 'spec.timeZone': 'Europe/Atlantis' },
      'cronjob: zone empty': { 'spec.timeZone': '' },
      'cronjob: zone Local': { 'spec.timeZone': 'Local' },
      'cronjob: zone of bad characters': { 'spec.timeZone': 'a b' },
      'cronjob: unknown concurrency': { 'spec.concurrencyPolicy': 'X' },
      'cronjob: negative numbers': {
        'spec.startingDeadlineSeconds': -1, 'spec.successfulJobsHistoryLimit': -1, 'spec.failedJobsHistoryLimit': -1,
      },
      'cronjob: long name': { 'metadata.name': 'a'.repeat(53) },
      'cronjob: selector': { 'spec.jobTemplate.spec.selector': { matchLabels: { a: 'b' } } },
      'cronjob: manual selector': { 'spec.jobTemplate.spec.manualSelector': true },
      'cronjob: restart Always': { 'spec.jobTemplate.spec.template.spec.restartPolicy': 'Always' },
      'cronjob: no template': { 'spec.jobTemplate': undefined },
    }), // prettier-ignore
    ...cronJobs.puts('cronjob', {
      'cronjob: schedule changes': { 'spec.schedule': '1 * * * *' },
      'cronjob: schedule becomes bad': { 'spec.schedule': 'x' },
      'cronjob: status is not for this': { 'status.lastScheduleTime': time },
    }),
    cronJobs.put('cronjob: status', 'cronjob', { 'status.lastScheduleTime': time, 'spec.suspend': true }, 'status'),
    cronJobs.table('cronjobs as a table'),
  ],
};
