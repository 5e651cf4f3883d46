import type { KindCase } from '../kind-case.ts';
import { core, labels, spec, template, Writer, type Json } from './apply-writer.ts';

const named = (group: string, resource: string, kind: string, version = 'v1'): Writer =>
  new Writer(`/apis/${group}/${version}/namespaces/{ns}/${resource}`, `${group}/${version}`, kind);
const whole = (group: string, resource: string, kind: string): Writer =>
  new Writer(`/apis/${group}/v1/${resource}`, `${group}/v1`, kind);
const statefulSets = named('apps', 'statefulsets', 'StatefulSet');
const daemonSets = named('apps', 'daemonsets', 'DaemonSet');
const jobs = named('batch', 'jobs', 'Job');
const cronJobs = named('batch', 'cronjobs', 'CronJob');
const ingresses = named('networking.k8s.io', 'ingresses', 'Ingress');
const networkPolicies = named('networking.k8s.io', 'networkpolicies', 'NetworkPolicy');
const budgets = named('policy', 'poddisruptionbudgets', 'PodDisruptionBudget');
const claims = core('persistentvolumeclaims', 'PersistentVolumeClaim');
const volumes = new Writer('/api/v1/persistentvolumes', 'v1', 'PersistentVolume');
const quotas = core('resourcequotas', 'ResourceQuota');
const limitRanges = core('limitranges', 'LimitRange');
const controllers = core('replicationcontrollers', 'ReplicationController');
const hooks = whole('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration');
const classes = whole('storage.k8s.io', 'storageclasses', 'StorageClass');
const clusterRoles = whole('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole');
const clusterBindings = whole('rbac.authorization.k8s.io', 'clusterrolebindings', 'ClusterRoleBinding');
const priorities = whole('scheduling.k8s.io', 'priorityclasses', 'PriorityClass');

const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const never = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
const path = { path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } };
const backendOther = { service: { name: 's', port: { name: 'http' } } };
/** Each kind's lists and maps, by a create, an apply over it by another, and an apply alone. */
const kinds: readonly [writer: Writer, what: string, body: Json, other: Json][] = [
  [
    statefulSets,
    'stateful set',
    { spec: { ...spec, serviceName: 's', updateStrategy: { type: 'OnDelete' } } },
    { spec: { replicas: 2, minReadySeconds: 3 } },
  ],
  [
    daemonSets,
    'daemon set',
    { spec: { selector: spec.selector, template } },
    { spec: { minReadySeconds: 5, updateStrategy: { rollingUpdate: { maxUnavailable: '10%' } } } },
  ],
  [
    jobs,
    'job',
    {
      metadata: { labels },
      spec: { template: never, podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'X' }] }] } },
    },
    { spec: { parallelism: 2, suspend: true } },
  ],
  [
    cronJobs,
    'cron job',
    { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: never } } } },
    { spec: { suspend: true } },
  ],
  [
    ingresses,
    'ingress',
    { spec: { rules: [{ host: 'h', http: { paths: [path] } }], tls: [{ hosts: ['h'], secretName: 's' }] } },
    { spec: { defaultBackend: backendOther, rules: [{ host: 'i' }] } },
  ],
  [
    networkPolicies,
    'network policy',
    {
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }],
      },
    },
    { spec: { policyTypes: ['Ingress', 'Egress'] } },
  ],
  [
    budgets,
    'budget',
    { spec: { minAvailable: 1, selector: { matchLabels: labels } } },
    { spec: { minAvailable: '50%' } },
  ],
  [claims, 'claim', { spec: { ...claim, storageClassName: '' } }, { metadata: { labels } }],
  [
    volumes,
    'volume',
    { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } },
    { spec: { mountOptions: ['ro'] } },
  ],
  [quotas, 'quota', { spec: { hard: { pods: '100' } } }, { spec: { hard: { pods: '90', secrets: '50' } } }],
  [
    limitRanges,
    'limit range',
    { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '9Gi' } }] } },
    { spec: { limits: [{ type: 'Pod', max: { cpu: '9' } }] } },
  ],
  [
    controllers,
    'controller',
    { spec: { selector: labels, template } },
    { spec: { replicas: 3, selector: { app: 'x' } } },
  ],
  [
    hooks,
    'webhook',
    {
      webhooks: [
        {
          name: 'a.example.com',
          clientConfig: { url: 'https://example.com/' },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          rules: [{ apiGroups: ['x.example.com'], apiVersions: ['v1'], resources: ['ys'], operations: ['CREATE'] }],
        },
      ],
    },
    { webhooks: [{ name: 'a.example.com', timeoutSeconds: 3 }] },
  ],
  [
    classes,
    'storage class',
    { provisioner: 'x.example.com/y', parameters: { a: 'b' }, mountOptions: ['ro'] },
    { allowVolumeExpansion: true, metadata: { labels } },
  ],
  [
    clusterRoles,
    'cluster role',
    {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { q: 'none' } }] },
      rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }],
    },
    { metadata: { labels } },
  ],
  [
    clusterBindings,
    'cluster binding',
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'ServiceAccount', name: 'a', namespace: 'n' },
      ],
    },
    { subjects: [{ kind: 'Group', name: 'g' }] },
  ],
  [priorities, 'priority', { value: 5, description: 'd' }, { globalDefault: false, description: 'e' }],
];
/** All other kinds. */
export const others: readonly KindCase[] = [
  ...kinds.flatMap(([writer, what, body, other]) => [
    writer.create(`a ${what}`, 'k-made', body),
    writer.apply(`a ${what} by another's apply`, 'k-made', other, 'other'),
    writer.apply(`a ${what} by another's apply with force`, 'k-made', other, 'other&force=true'),
    writer.apply(`a ${what} by apply`, 'k-applied', body, 'applier'),
    writer.apply(`a ${what} by a second applier`, 'k-applied', other, 'other&force=true'),
    writer.apply(`a ${what} by the first applier again`, 'k-applied', body, 'applier&force=true'),
  ]),
  jobs.apply(
    'job status by apply',
    'k-made/status',
    { status: { active: 1, ready: 0, uncountedTerminatedPods: { succeeded: ['u'] } } },
    'ctl',
  ),
  budgets.apply(
    'budget status by apply',
    'k-made/status',
    {
      status: {
        currentHealthy: 1,
        conditions: [
          { type: 'a', status: 'True', reason: 'r', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      },
    },
    'ctl',
  ),
  ingresses.apply(
    'ingress status by apply',
    'k-made/status',
    { status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } } },
    'ctl',
  ),
];
