import t from 'tap';
import type { Pod, ResourceQuota, ResourceQuotaSpec } from '../types/core-v1.ts';
import { evaluatorOf } from './evaluators.ts';
import { quantityTexts } from './quantity-list.ts';
import { checkQuota, usageOf, type QuotaWrite } from './quota-check.ts';

const quota = (
  hard: Record<string, string>,
  used: Record<string, string>,
  spec: ResourceQuotaSpec = {},
): ResourceQuota => ({
  metadata: { name: 'q' },
  spec: { hard, ...spec },
  status: { hard, used },
});
const write = (resource: string, object: object, more: Partial<QuotaWrite> = {}): QuotaWrite => {
  const [group = '', plural = ''] = resource.includes('/') ? resource.split('/') : ['', resource];
  const evaluator = evaluatorOf(group, plural);
  if (evaluator === undefined) throw new Error(`${resource} does not count`);
  return { evaluator, subresource: '', object, old: undefined, nowMs: 0, ...more };
};
const pod = (...resources: object[]): Pod => ({
  metadata: { name: 'p' },
  spec: { containers: resources.map((own, i) => ({ name: `c${i}`, resources: own })) },
});
const small = pod({ requests: { cpu: '100m', memory: '10Mi' }, limits: { cpu: '200m' } });

const refused: [title: string, quota: ResourceQuota, write: QuotaWrite, refusal: string][] = [
  [
    'one pod more than there may be',
    quota({ pods: '1' }, { pods: '1' }),
    write('pods', small),
    'exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
  ],
  [
    'all names that are exceeded, and only these',
    quota(
      { 'requests.cpu': '150m', 'limits.cpu': '1', memory: '15Mi' },
      { 'requests.cpu': '100m', 'limits.cpu': '0', memory: '10Mi' },
    ),
    write('pods', small),
    'exceeded quota: q, requested: memory=10Mi,requests.cpu=100m, used: memory=10Mi,requests.cpu=100m, limited: memory=15Mi,requests.cpu=150m',
  ],
  [
    'containers that do not say what they need',
    quota({ 'limits.cpu': '1', 'requests.cpu': '1' }, { 'limits.cpu': '0', 'requests.cpu': '0' }),
    write('pods', pod({}, { requests: { cpu: '1m' } })),
    'failed quota: q: must specify limits.cpu for: c0,c1; requests.cpu for: c0',
  ],
  [
    'before anybody has counted',
    quota({ pods: '1', cpu: '1' }, {}),
    write('pods', small),
    'status unknown for quota: q, resources: cpu,pods',
  ],
  [
    'node ports and load balancers',
    quota(
      { 'services.nodeports': '1', 'services.loadbalancers': '0' },
      { 'services.nodeports': '0', 'services.loadbalancers': '0' },
    ),
    write('services', { spec: { type: 'LoadBalancer', ports: [{ port: 1 }, { port: 2 }] } }),
    'exceeded quota: q, requested: services.loadbalancers=1,services.nodeports=2, used: services.loadbalancers=0,services.nodeports=0, limited: services.loadbalancers=0,services.nodeports=1',
  ],
  [
    'storage of a class',
    quota(
      { 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' },
      { 'gold.storageclass.storage.k8s.io/requests.storage': '0' },
    ),
    write('persistentvolumeclaims', {
      spec: { storageClassName: 'gold', resources: { requests: { storage: '2Gi' } } },
    }),
    'exceeded quota: q, requested: gold.storageclass.storage.k8s.io/requests.storage=2Gi, used: gold.storageclass.storage.k8s.io/requests.storage=0, limited: gold.storageclass.storage.k8s.io/requests.storage=1Gi',
  ],
  [
    'objects of any kind',
    quota({ 'count/deployments.apps': '0' }, { 'count/deployments.apps': '0' }),
    write('apps/deployments', {}),
    'exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
  ],
  [
    'extended resources',
    quota({ 'requests.example.com/gpu': '1' }, { 'requests.example.com/gpu': '0' }),
    write('pods', pod({ requests: { 'example.com/gpu': '2' }, limits: { 'example.com/gpu': '2' } })),
    'exceeded quota: q, requested: requests.example.com/gpu=2, used: requests.example.com/gpu=0, limited: requests.example.com/gpu=1',
  ],
];

void t.test('checkQuota refuses', (t) => {
  for (const [title, own, asked, refusal] of refused) t.same(checkQuota(own, asked), { refusal }, title);
  t.end();
});

void t.test('checkQuota adds what is requested to what is used', (t) => {
  const own = quota(
    { pods: '5', 'requests.memory': '1Gi', secrets: '1' },
    { pods: '1', 'requests.memory': '10Mi', secrets: '0' },
  );
  const verdict = checkQuota(own, write('pods', small));
  t.same('used' in verdict && quantityTexts(verdict.used), { pods: '2', 'requests.memory': '20Mi', secrets: '0' });
  t.same(checkQuota(quota({ secrets: '1' }, { secrets: '0' }), write('pods', small)), { unchanged: true });
  t.end();
});

void t.test('checkQuota charges an update by what it adds', (t) => {
  const own = quota({ 'services.nodeports': '1', services: '1' }, { 'services.nodeports': '0', services: '1' });
  const old = { spec: { type: 'ClusterIP', ports: [{ port: 1 }] } };
  const verdict = checkQuota(own, write('services', { spec: { type: 'NodePort', ports: [{ port: 1 }] } }, { old }));
  t.same('used' in verdict && quantityTexts(verdict.used), { services: '1', 'services.nodeports': '1' });
  t.end();
});

const scoped: [title: string, spec: ResourceQuotaSpec, pod: Pod, counts: boolean][] = [
  ['BestEffort, without requests', { scopes: ['BestEffort'] }, pod({}), true],
  ['BestEffort, with requests', { scopes: ['BestEffort'] }, small, false],
  ['NotBestEffort', { scopes: ['NotBestEffort'] }, small, true],
  ['Terminating', { scopes: ['Terminating'] }, { spec: { containers: [], activeDeadlineSeconds: 5 } }, true],
  ['NotTerminating', { scopes: ['NotTerminating'] }, { spec: { containers: [], activeDeadlineSeconds: 5 } }, false],
  [
    'a class that is named',
    { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['a'] }] } },
    { spec: { containers: [], priorityClassName: 'a' } },
    true,
  ],
  [
    'another class',
    { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['a'] }] } },
    { spec: { containers: [], priorityClassName: 'b' } },
    false,
  ],
  ['no class', { scopes: ['PriorityClass'] }, small, false],
];

void t.test('a quota counts what is in its scopes', (t) => {
  for (const [title, spec, own, counts] of scoped) {
    const verdict = checkQuota(quota({ pods: '5' }, { pods: '0' }, spec), write('pods', own));
    t.equal('used' in verdict, counts, title);
  }
  t.end();
});

void t.test('usageOf counts pods that live, and all of them as objects', (t) => {
  const evaluator = evaluatorOf('', 'pods');
  if (evaluator === undefined) return t.end();
  const overdue = { deletionTimestamp: '1970-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 };
  const pods = [small, { ...small, status: { phase: 'Failed' } }, { ...small, metadata: overdue }];
  const own = quota({ pods: '9', 'count/pods': '9', cpu: '1', 'limits.cpu': '1', memory: '1Gi' }, {});
  t.same(quantityTexts(usageOf(own, evaluator, pods, 31_000)), {
    'count/pods': '3',
    cpu: '100m',
    'limits.cpu': '200m',
    memory: '10Mi',
    pods: '1',
  });
  t.equal(quantityTexts(usageOf(own, evaluator, pods, 30_000))['pods'], '2', 'its grace is not over');
  return t.end();
});
