import { changed, ResourceCases } from '../kind-case.ts';
import type { KindCase, KindGroup } from '../kind-case.ts';

const quotas = new ResourceCases('/api/v1/namespaces/{ns}/resourcequotas');
const pods = new ResourceCases('/api/v1/namespaces/{ns}/pods');
const services = new ResourceCases('/api/v1/namespaces/{ns}/services');
const claims = new ResourceCases('/api/v1/namespaces/{ns}/persistentvolumeclaims');
const configMaps = new ResourceCases('/api/v1/namespaces/{ns}/configmaps');
const secrets = new ResourceCases('/api/v1/namespaces/{ns}/secrets');
const deployments = new ResourceCases('/apis/apps/v1/namespaces/{ns}/deployments');

type List = Readonly<Record<string, string>>;

/** No controller runs: the status is written as it would write it. */
const counted = (name: string, hard: List, used: List = {}): KindCase => {
  const zero = Object.fromEntries(Object.keys(hard).map((key) => [key, '0']));
  return quotas.patch(`${name} counted`, name, { status: { hard, used: { ...zero, ...used } } }, 'status');
};
const quota = (name: string, hard: List, more: object = {}): KindCase =>
  quotas.create(`quota ${name}`, { metadata: { name }, spec: { hard, ...more } });

const pod = {
  spec: {
    containers: [
      { name: 'c', image: 'i', resources: { requests: { cpu: '100m', memory: '10Mi' }, limits: { cpu: '200m' } } },
    ],
  },
};
const service = { spec: { ports: [{ port: 80 }] } };
const claim = {
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'gold', resources: { requests: { storage: '2Gi' } } },
};
const compute = { pods: '3', 'requests.cpu': '250m', 'requests.memory': '1Gi', 'limits.cpu': '1' };
const other = {
  services: '2',
  'services.nodeports': '1',
  'services.loadbalancers': '0',
  secrets: '1',
  'count/deployments.apps': '0',
};
const storage = {
  persistentvolumeclaims: '2',
  'requests.storage': '3Gi',
  'gold.storageclass.storage.k8s.io/requests.storage': '5Gi',
};
const deployment = {
  spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: pod.spec } },
};

/** What ResourceQuotas refuse, and how they are charged. */
export const quotaGroup: KindGroup = {
  name: 'quota',
  cases: [
    quota('compute', compute),
    pods.create('pod before anybody has counted', pod),
    quotas.patch('compute without used', 'compute', { status: { hard: compute } }, 'status'),
    pods.create('pod while the use is unknown', pod),
    counted('compute', compute),
    pods.create('first pod', pod),
    quotas.get('compute after one', 'compute'),
    pods.create('pod without requests', {
      spec: {
        containers: [
          { name: 'a', image: 'i' },
          { name: 'b', image: 'i' },
        ],
      },
    }),
    pods.create('dry run', pod, '?dryRun=All'),
    quotas.get('compute after a dry run', 'compute'),
    pods.create('second pod', pod),
    pods.create('third pod', pod),
    pods.create('pod too large for two', changed(pod, { 'spec.containers.0.resources.limits.cpu': '2' })),
    pods.create('pod of a generated name', changed(pod, { 'metadata.generateName': 'gen-', 'metadata.name': '' })),
    quotas.get('compute at the end', 'compute'),
    quota('other', other),
    counted('other', other),
    services.create('service', service),
    services.create('service with a node port', changed(service, { 'spec.type': 'NodePort' })),
    services.create('third service', service),
    services.patch('service becomes a node port', 'service', { spec: { type: 'NodePort' } }),
    services.patch('service becomes a load balancer', 'service', { spec: { type: 'LoadBalancer' } }),
    secrets.create('secret', {}),
    secrets.create('secret too many', {}),
    deployments.create('deployment', deployment),
    configMaps.create('what no quota counts', {}),
    quotas.get('other at the end', 'other'),
    quota('storage', storage),
    counted('storage', storage),
    claims.create('claim', claim),
    claims.create('claim of no class', changed(claim, { 'spec.storageClassName': '' })),
    quotas.get('storage at the end', 'storage'),
    quotas.delete('compute goes', 'compute'),
    quota('best', { pods: '0' }, { scopes: ['BestEffort'] }),
    counted('best', { pods: '0' }),
    pods.create('pod of best effort', changed(pod, { 'spec.containers.0.resources': {} })),
    quota('terminating', { pods: '0' }, { scopes: ['Terminating'] }),
    counted('terminating', { pods: '0' }),
    pods.create('pod with a deadline', changed(pod, { 'spec.activeDeadlineSeconds': 5 })),
    pods.create('pod without a deadline', pod),
  ],
};
