import t from 'tap';
import { ObjectCache } from '../../client/lister.ts';
import type { ReplicaSet } from '../../api/types/apps-v1.ts';
import type { Namespace, Node, NodeSpec, Pod, PodSpec, Service } from '../../api/types/core-v1.ts';
import { seededRandom } from '../../base/random.ts';
import { chooseNode, feasibleEnough } from './choose-node.ts';
import { ClusterCache } from './cluster-cache.ts';
import { podInfoOf } from './pod-info.ts';

let uids = 0;
interface PodShape {
  labels?: Record<string, string>;
  requests?: Record<string, string>;
  spec?: Partial<PodSpec>;
}
const pod = ({ labels = { app: 'a' }, requests = {}, spec = {} }: PodShape = {}): Pod => ({
  metadata: { name: `p${++uids}`, namespace: 'default', uid: `u${uids}`, labels },
  spec: { containers: [{ name: 'c', image: 'app', resources: { requests } }], ...spec },
});
const on = (node: string, shape: PodShape = {}): Pod => pod({ ...shape, spec: { ...shape.spec, nodeName: node } });
const node = (name: string, labels: Record<string, string> = {}, spec: NodeSpec = {}, allocatable = {}): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec,
  status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } },
});

function cacheOf(nodes: Node[], pods: Pod[], services: Service[] = []): ClusterCache {
  const serviceLister = new ObjectCache<Service>();
  for (const service of services) serviceLister.set(service);
  const cache = new ClusterCache({
    services: serviceLister,
    replicaSets: new ObjectCache<ReplicaSet>(),
    namespaces: new ObjectCache<Namespace>(),
  });
  for (const n of nodes) cache.setNode(n);
  for (const p of pods) cache.setPod(p);
  return cache;
}
/** the nodes that may be chosen, over many throws of the dice; or the message */
function outcomesOf(cache: ClusterCache, wanted: Pod): string {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const outcome = chooseNode(podInfoOf(wanted), cache, { random: seededRandom(seed), startAt: seed });
    outcomes.add(outcome.node === undefined ? outcome.message : outcome.node.name);
  }
  return [...outcomes].sort().join(' ');
}

const zoned = (): Node[] => [
  node('a1', { 'topology.kubernetes.io/zone': 'a' }),
  node('a2', { 'topology.kubernetes.io/zone': 'a' }),
  node('b1', { 'topology.kubernetes.io/zone': 'b' }),
];
const spread = (topologyKey: string, whenUnsatisfiable: string, more = {}): Partial<PodSpec> => ({
  topologySpreadConstraints: [
    { topologyKey, maxSkew: 1, whenUnsatisfiable, labelSelector: { matchLabels: { app: 'a' } }, ...more },
  ],
});
const term = (topologyKey: string, app: string) => ({ topologyKey, labelSelector: { matchLabels: { app } } });
const required = (side: 'podAffinity' | 'podAntiAffinity', topologyKey: string, app: string): Partial<PodSpec> => ({
  affinity: { [side]: { requiredDuringSchedulingIgnoredDuringExecution: [term(topologyKey, app)] } },
});
const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';

const cases: [name: string, nodes: Node[], pods: Pod[], wanted: Pod, expected: string][] = [
  ['no nodes', [], [], pod(), 'no nodes available to schedule pods'],
  ['equal nodes are taken by chance', [node('n1'), node('n2')], [], pod(), 'n1 n2'],
  [
    'each node says why not',
    [node('n1', {}, { unschedulable: true }), node('n2', {}, {}, { cpu: '1' }), node('n3', {}, {}, { pods: '0' })],
    [],
    pod({ requests: { cpu: '2', memory: '1Gi' } }),
    '0/3 nodes are available: 1 Insufficient cpu, 1 Too many pods, 1 node(s) were unschedulable.',
  ],
  [
    'a node that lacks two things counts for both',
    [node('n1')],
    [],
    pod({ requests: { cpu: '5', 'nvidia.com/gpu': '1' } }),
    '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient nvidia.com/gpu.',
  ],
  [
    'bound pods use up the node',
    [node('n1'), node('n2')],
    [on('n1', { requests: { cpu: '3' } })],
    pod({ requests: { cpu: '2' } }),
    'n2',
  ],
  [
    'the emptier node is better',
    [node('n1'), node('n2')],
    [on('n1', { labels: {}, requests: { cpu: '1', memory: '2Gi' } })],
    pod({ requests: { cpu: '1', memory: '2Gi' } }),
    'n2',
  ],
  [
    'taints',
    [node('n1', {}, { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] })],
    [],
    pod(),
    '0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}.',
  ],
  [
    'a soft taint is avoided',
    [node('n1', {}, { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] }), node('n2')],
    [],
    pod(),
    'n2',
  ],
  [
    'nodeSelector',
    [node('n1'), node('n2', { disk: 'ssd' })],
    [],
    pod({ spec: { nodeSelector: { disk: 'ssd' } } }),
    'n2',
  ],
  [
    'nodeSelector that nothing has',
    [node('n1')],
    [],
    pod({ spec: { nodeSelector: { disk: 'ssd' } } }),
    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
  ],
  [
    'preferred node affinity',
    [node('n1'), node('n2', { disk: 'ssd' })],
    [],
    pod({
      spec: {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 100, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } },
            ],
          },
        },
      },
    }),
    'n2',
  ],
  [
    'host ports',
    [node('n1')],
    [
      on('n1', {
        spec: { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }] }] },
      }),
    ],
    pod({ spec: { containers: [{ name: 'c', ports: [{ containerPort: 8080, hostPort: 80 }] }] } }),
    "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  ],
  [
    'hard spreading over zones',
    zoned(),
    [on('a1'), on('a2'), on('b1')],
    pod({ spec: spread(zone, 'DoNotSchedule') }),
    'b1',
  ],
  [
    'hard spreading that cannot be met',
    [...zoned().slice(0, 1), node('b1', { [zone]: 'b' }, {}, { cpu: '100m' })],
    [on('a1')],
    pod({ requests: { cpu: '1' }, spec: spread(zone, 'DoNotSchedule') }),
    "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints.",
  ],
  [
    'spreading needs the label',
    [node('n1')],
    [],
    pod({ spec: spread(zone, 'DoNotSchedule') }),
    "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
  ],
  [
    'minDomains',
    [node('n1')],
    [on('n1')],
    pod({ spec: spread(host, 'DoNotSchedule', { minDomains: 2 }) }),
    "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.",
  ],
  ['soft spreading', [node('n1'), node('n2')], [on('n1')], pod({ spec: spread(host, 'ScheduleAnyway') }), 'n2'],
  [
    'affinity goes where the other is',
    zoned(),
    [on('b1', { labels: { app: 'db' } })],
    pod({ spec: required('podAffinity', zone, 'db') }),
    'b1',
  ],
  [
    'the first of a group that wants to be together',
    zoned(),
    [],
    pod({ spec: required('podAffinity', zone, 'a') }),
    'a1 a2 b1',
  ],
  [
    'affinity to what is nowhere',
    [node('n1')],
    [],
    pod({ spec: required('podAffinity', host, 'db') }),
    "0/1 nodes are available: 1 node(s) didn't match pod affinity rules.",
  ],
  ['anti-affinity', zoned(), [on('a1')], pod({ spec: required('podAntiAffinity', zone, 'a') }), 'b1'],
  [
    "others' anti-affinity",
    [node('n1')],
    [on('n1', { labels: { app: 'shy' }, spec: required('podAntiAffinity', host, 'a') })],
    pod(),
    "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  ],
];
for (const [name, nodes, pods, wanted, expected] of cases) {
  void t.test(`chooseNode: ${name}`, (t) => {
    t.equal(outcomesOf(cacheOf(nodes, pods), wanted), expected);
    t.end();
  });
}

void t.test('pods of a service spread over hosts by default', (t) => {
  const service: Service = { metadata: { name: 's', namespace: 'default' }, spec: { selector: { app: 'a' } } };
  // the other pods on n2 and n3 make them look no emptier than n1
  const pods = [on('n1'), on('n2', { labels: { app: 'x' } }), on('n3', { labels: { app: 'x' } })];
  t.equal(outcomesOf(cacheOf([node('n1'), node('n2'), node('n3')], pods, [service]), pod()), 'n2 n3');
  t.end();
});

void t.test('an assumed pod counts until it is forgotten', (t) => {
  const cache = cacheOf([node('n1')], []);
  const big = pod({ requests: { cpu: '3' } });
  cache.assume(big, 'n1');
  t.match(outcomesOf(cache, pod({ requests: { cpu: '2' } })), /Insufficient cpu/);
  cache.forget(big.metadata?.uid ?? '');
  t.equal(outcomesOf(cache, pod({ requests: { cpu: '2' } })), 'n1');
  cache.setPod({ ...big, spec: { ...big.spec, containers: big.spec?.containers ?? [], nodeName: 'n1' } });
  cache.forget(big.metadata?.uid ?? '');
  t.match(outcomesOf(cache, pod({ requests: { cpu: '2' } })), /Insufficient cpu/, 'a bound one is not forgotten');
  t.end();
});

void t.test('feasibleEnough asks a share of large clusters', (t) => {
  t.same([3, 100, 1000, 5000].map(feasibleEnough), [3, 100, 420, 500]);
  t.end();
});
