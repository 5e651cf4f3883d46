import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';
import { selector, template } from './pod-parts.ts';

const apps = '/apis/apps/v1/namespaces/{ns}';
const deployments = new ResourceCases(`${apps}/deployments`);
const replicaSets = new ResourceCases(`${apps}/replicasets`);
const statefulSets = new ResourceCases(`${apps}/statefulsets`);
const daemonSets = new ResourceCases(`${apps}/daemonsets`);
const revisions = new ResourceCases(`${apps}/controllerrevisions`);
const controllers = new ResourceCases('/api/v1/namespaces/{ns}/replicationcontrollers');
const templates = new ResourceCases('/api/v1/namespaces/{ns}/podtemplates');

const workload = { spec: { selector, template } };
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
/** mistakes that each of them can make */
const mistakes = {
  'no selector': { 'spec.selector': undefined },
  'empty selector': { 'spec.selector': {} },
  'selector of others': { 'spec.selector.matchLabels': { app: 'b' } },
  'bad operator': { 'spec.selector.matchExpressions': [{ key: 'a', operator: 'Is' }] },
  'In without values': { 'spec.selector.matchExpressions': [{ key: 'a', operator: 'In' }] },
  'bad label': { 'spec.template.metadata.labels': { app: 'a', 'b c': 'd' } },
  'no template': { 'spec.template': undefined },
  'no containers': { 'spec.template.spec.containers': [] },
  'restart Never': { 'spec.template.spec.restartPolicy': 'Never' },
  'a deadline': { 'spec.template.spec.activeDeadlineSeconds': 5 },
  'negative replicas': { 'spec.replicas': -1 },
  'negative minReadySeconds': { 'spec.minReadySeconds': -1 },
  'negative history': { 'spec.revisionHistoryLimit': -1 },
  'a text for a number': { 'spec.replicas': 'two' },
};
const of = <T extends object>(kind: string, rows: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(rows).map(([title, changes]) => [`${kind}: ${title}`, changes]));

const updates = {
  'selector changes': { 'spec.selector.matchLabels': { app: 'b' }, 'spec.template.metadata.labels': { app: 'b' } },
  'template changes': { 'spec.template.spec.containers.0.image': 'i:2' },
  'replicas change': { 'spec.replicas': 3 },
  'status is not for this': { 'status.replicas': 9, 'spec.minReadySeconds': 2 },
  'nothing changes': {},
  'annotations change': { 'metadata.annotations.x': 'y' },
};
const statuses = {
  'status negative': { 'status.replicas': -1 },
  'status more ready than there are': {
    'status.replicas': 1,
    'status.readyReplicas': 2,
    'status.availableReplicas': 3,
  },
  'status fine': { 'status.replicas': 2, 'status.readyReplicas': 2, 'status.observedGeneration': 1 },
  'status has no say over the spec': { 'spec.replicas': 7, 'status.replicas': 1 },
  collisions: { 'status.collisionCount': 4 },
  'fewer collisions': { 'status.collisionCount': 3 },
};

export const workloadGroup: KindGroup = {
  name: 'workloads',
  cases: [
    deployments.create('deployment', workload),
    ...deployments.creates(workload, {
      ...of('deployment', mistakes),
      'deployment: Recreate': { 'spec.strategy': { type: 'Recreate' } },
      'deployment: Recreate with rolling': { 'spec.strategy': { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
      'deployment: unknown strategy': { 'spec.strategy': { type: 'Rolling' } },
      'deployment: surge is no percentage': { 'spec.strategy': { rollingUpdate: { maxSurge: 'some' } } },
      'deployment: unavailable above all': { 'spec.strategy': { rollingUpdate: { maxUnavailable: '101%' } } },
      'deployment: negative surge': { 'spec.strategy': { rollingUpdate: { maxSurge: -1 } } },
      'deployment: deadline below ready': { 'spec.minReadySeconds': 20, 'spec.progressDeadlineSeconds': 20 },
      'deployment: paused, all set': {
        'spec.paused': true, 'spec.replicas': 0, 'spec.revisionHistoryLimit': 0, 'spec.minReadySeconds': 1,
        'spec.strategy': { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      },
    }), // prettier-ignore
    ...deployments.puts('deployment', of('deployment', updates)),
    ...deployments.puts('deployment', of('deployment', statuses), 'status'),
    deployments.patch('deployment scale', 'deployment', { spec: { replicas: 5 } }, 'scale'),
    deployments.patch('deployment scale negative', 'deployment', { spec: { replicas: -5 } }, 'scale'),
    deployments.table('deployments as a table'),
    replicaSets.create('replicaset', workload),
    ...replicaSets.creates(workload, of('replicaset', mistakes)),
    ...replicaSets.puts('replicaset', of('replicaset', updates)),
    ...replicaSets.puts('replicaset', of('replicaset', statuses), 'status'),
    replicaSets.table('replicasets as a table'),
    statefulSets.create('statefulset', workload),
    statefulSets.create('statefulset with claims', {
      spec: { ...workload.spec, serviceName: 's', volumeClaimTemplates: [claim] },
    }),
    ...statefulSets.creates(workload, {
      ...of('statefulset', mistakes),
      'statefulset: OnDelete': { 'spec.updateStrategy': { type: 'OnDelete' } },
      'statefulset: OnDelete with rolling': { 'spec.updateStrategy': { type: 'OnDelete', rollingUpdate: {} } },
      'statefulset: unknown strategy': { 'spec.updateStrategy': { type: 'X' } },
      'statefulset: negative partition': { 'spec.updateStrategy': { rollingUpdate: { partition: -1 } } },
      'statefulset: unknown management': { 'spec.podManagementPolicy': 'X' },
      'statefulset: unknown retention': { 'spec.persistentVolumeClaimRetentionPolicy': { whenDeleted: 'X' } },
      'statefulset: bad service name': { 'spec.serviceName': 'A.b' },
      'statefulset: negative ordinals': { 'spec.ordinals': { start: -1 } },
      'statefulset: claim without size': { 'spec.volumeClaimTemplates': [{ metadata: { name: 'd' }, spec: {} }] },
      'statefulset: name is no label': { 'metadata.name': 'a.b' },
    }),
    ...statefulSets.puts('statefulset', {
      ...of('statefulset', updates),
      'statefulset: service name changes': { 'spec.serviceName': 'other' },
      'statefulset: management changes': { 'spec.podManagementPolicy': 'Parallel' },
      'statefulset: claims come': { 'spec.volumeClaimTemplates': [claim] },
    }),
    ...statefulSets.puts('statefulset', of('statefulset', statuses), 'status'),
    statefulSets.patch('statefulset scale', 'statefulset', { spec: { replicas: 5 } }, 'scale'),
    statefulSets.table('statefulsets as a table'),
    daemonSets.create('daemonset', workload),
    ...daemonSets.creates(workload, {
      ...of('daemonset', {
        ...mistakes,
        'negative replicas': {},
        'a text for a number': { 'spec.minReadySeconds': 'x' },
      }),
      'daemonset: both': { 'spec.updateStrategy': { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } },
      'daemonset: neither': { 'spec.updateStrategy': { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
      'daemonset: surge above all': {
        'spec.updateStrategy': { rollingUpdate: { maxSurge: '150%', maxUnavailable: 0 } },
      },
      'daemonset: unknown strategy': { 'spec.updateStrategy': { type: 'X' } },
      'daemonset: OnDelete': { 'spec.updateStrategy': { type: 'OnDelete' } },
      'daemonset: generation is taken': { 'metadata.annotations': { 'deprecated.daemonset.template.generation': '7' } },
    }),
    ...daemonSets.puts('daemonset', of('daemonset', updates)),
    ...daemonSets.puts('daemonset', {
      'daemonset: status negative': { 'status.numberReady': -1 },
      'daemonset: status fine': { 'status.numberReady': 1, 'status.desiredNumberScheduled': 1 },
      'daemonset: collisions': { 'status.collisionCount': 4 },
      'daemonset: fewer collisions': { 'status.collisionCount': 3 },
    }, 'status'), // prettier-ignore
    daemonSets.table('daemonsets as a table'),
    revisions.create('revision', { data: { a: 1 }, revision: 1 }),
    ...revisions.creates({ data: { a: 1 }, revision: 1 }, {
      'revision: no data': { data: undefined },
      'revision: data is a text': { data: 'x' },
      'revision: negative': { revision: -1 },
    }), // prettier-ignore
    ...revisions.puts('revision', {
      'revision: data changes': { data: { a: 2 } },
      'revision: number changes': { revision: 2 },
    }),
    revisions.table('revisions as a table'),
    controllers.create('controller', { spec: { template } }),
    ...controllers.creates({ spec: { template } }, {
      'controller: no template': { 'spec.template': undefined },
      'controller: no labels': { 'spec.template.metadata': undefined },
      'controller: selector of others': { 'spec.selector': { app: 'b' } },
      'controller: negative replicas': { 'spec.replicas': -1 },
      'controller: restart Never': { 'spec.template.spec.restartPolicy': 'Never' },
      'controller: negative ready': { 'spec.minReadySeconds': -1 },
      'controller: long name': { 'metadata.name': 'a.b' },
    }), // prettier-ignore
    ...controllers.puts('controller', {
      'controller: selector changes': { 'spec.selector': { app: 'a', b: 'c' }, 'spec.template.metadata.labels.b': 'c' },
      'controller: replicas change': { 'spec.replicas': 3 },
    }),
    ...controllers.puts(
      'controller',
      of('controller', { ...statuses, collisions: {}, 'fewer collisions': {} }),
      'status',
    ),
    controllers.get('controller scale', 'controller/scale'),
    controllers.patch('controller scales', 'controller', { spec: { replicas: 4 } }, 'scale'),
    controllers.table('controllers as a table'),
    controllers.delete('controller goes', 'controller'),
    controllers.delete('controller goes in the background', 'controller-long-name', {
      propagationPolicy: 'Background',
    }),
    templates.create('template', { template }),
    ...templates.creates({ template }, {
      'template: no containers': { 'template.spec.containers': [] },
      'template: ephemeral': { 'template.spec.ephemeralContainers': [{ name: 'e', image: 'i' }] },
    }), // prettier-ignore
    ...templates.puts('template', { 'template: image changes': { 'template.spec.containers.0.image': 'j' } }),
    templates.table('templates as a table'),
  ],
};
