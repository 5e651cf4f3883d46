import t from 'tap';
import { resourceFor, resources } from '../../api/schema/resources.ts';
import type { KubeObject, ResourceInfo } from '../pipeline.ts';
import { tablePrinter } from './table-printer.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');
const creationTimestamp = '2026-01-01T00:58:00Z';
const meta = { name: 'x', namespace: 'default', creationTimestamp };

function resource(group: string, version: string, name: string): ResourceInfo {
  const found = resourceFor(group, version, name);
  if (found === undefined) throw new Error(`no facts about ${name}`);
  return found;
}

const cellsOf = (of: ResourceInfo, object: object): unknown[] =>
  tablePrinter.table(of, [object as KubeObject], { includeObject: 'None', nowMs }).rows[0]?.cells ?? [];

interface Case {
  readonly name: string;
  readonly of: [string, string, string];
  readonly object: object;
  readonly cells: unknown[];
}

const container = (name: string, state: object, more: object = {}): object => ({
  name,
  ready: false,
  restartCount: 0,
  image: 'i',
  imageID: '',
  state,
  ...more,
});
const running = { running: { startedAt: creationTimestamp } };
const pod = (spec: object, status: object, metadata: object = {}): object => ({
  metadata: { ...meta, ...metadata },
  spec: { containers: [{ name: 'a' }, { name: 'b' }], nodeName: 'n1', ...spec },
  status,
});
const podTail = ['<none>', 'n1', '<none>', '<none>'];
const template = {
  spec: {
    containers: [
      { name: 'a', image: 'i:1' },
      { name: 'b', image: 'j' },
    ],
  },
};

const podCases: Case[] = [
  {
    name: 'a running pod, restarted once',
    of: ['', 'v1', 'pods'],
    object: pod(
      {},
      {
        phase: 'Running',
        podIPs: [{ ip: '10.1.2.3' }],
        containerStatuses: [
          container('a', running, { ready: true }),
          container('b', running, {
            ready: true,
            restartCount: 1,
            lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } },
          }),
        ],
      },
    ),
    cells: ['x', '2/2', 'Running', '1 (5m ago)', '2m', '10.1.2.3', 'n1', '<none>', '<none>'],
  },
  {
    name: 'a pod nobody has scheduled',
    of: ['', 'v1', 'pods'],
    object: { metadata: meta, spec: { containers: [{ name: 'a' }] }, status: { phase: 'Pending' } },
    cells: ['x', '0/1', 'Pending', '0', '2m', '<none>', '<none>', '<none>', '<none>'],
  },
  {
    name: 'a gated pod',
    of: ['', 'v1', 'pods'],
    object: pod(
      {},
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    ),
    cells: ['x', '0/2', 'SchedulingGated', '0', '2m', ...podTail],
  },
  {
    name: 'a crash loop',
    of: ['', 'v1', 'pods'],
    object: pod(
      {},
      {
        phase: 'Running',
        containerStatuses: [
          container('a', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 4 }),
          container('b', running, { ready: true }),
        ],
      },
    ),
    cells: ['x', '1/2', 'CrashLoopBackOff', '4', '2m', ...podTail],
  },
  {
    name: 'one container done, the other running and ready',
    of: ['', 'v1', 'pods'],
    object: pod(
      {},
      {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [
          container('a', { terminated: { exitCode: 0, reason: 'Completed' } }),
          container('b', running, { ready: true }),
        ],
      },
    ),
    cells: ['x', '1/2', 'Running', '0', '2m', ...podTail],
  },
  {
    name: 'killed by a signal, no reason given',
    of: ['', 'v1', 'pods'],
    object: pod(
      {},
      { phase: 'Failed', containerStatuses: [container('a', { terminated: { exitCode: 137, signal: 9 } })] },
    ),
    cells: ['x', '0/2', 'Signal:9', '0', '2m', ...podTail],
  },
  {
    name: 'the second init container at work',
    of: ['', 'v1', 'pods'],
    object: pod(
      { initContainers: [{ name: 'i1' }, { name: 'i2' }] },
      {
        phase: 'Pending',
        initContainerStatuses: [container('i1', { terminated: { exitCode: 0 } }), container('i2', running)],
        containerStatuses: [container('a', { waiting: { reason: 'PodInitializing' } })],
      },
    ),
    cells: ['x', '0/2', 'Init:1/2', '0', '2m', ...podTail],
  },
  {
    name: 'a failing init container',
    of: ['', 'v1', 'pods'],
    object: pod(
      { initContainers: [{ name: 'i1' }] },
      { phase: 'Pending', initContainerStatuses: [container('i1', { terminated: { exitCode: 3, reason: 'Error' } })] },
    ),
    cells: ['x', '0/2', 'Init:Error', '0', '2m', ...podTail],
  },
  {
    name: 'a sidecar counts as a container',
    of: ['', 'v1', 'pods'],
    object: pod(
      { initContainers: [{ name: 's', restartPolicy: 'Always' }] },
      {
        phase: 'Running',
        initContainerStatuses: [container('s', running, { ready: true, started: true, restartCount: 2 })],
        containerStatuses: [container('a', running, { ready: true }), container('b', running, { ready: true })],
      },
    ),
    cells: ['x', '3/3', 'Running', '2', '2m', ...podTail],
  },
  {
    name: 'a pod being deleted',
    of: ['', 'v1', 'pods'],
    object: pod({}, { phase: 'Running' }, { deletionTimestamp: creationTimestamp }),
    cells: ['x', '0/2', 'Terminating', '0', '2m', ...podTail],
  },
  {
    name: 'a pod being deleted on a lost node',
    of: ['', 'v1', 'pods'],
    object: pod({}, { phase: 'Running', reason: 'NodeLost' }, { deletionTimestamp: creationTimestamp }),
    cells: ['x', '0/2', 'Unknown', '0', '2m', ...podTail],
  },
];

const otherCases: Case[] = [
  {
    name: 'a deployment',
    of: ['apps', 'v1', 'deployments'],
    object: {
      metadata: meta,
      spec: { replicas: 3, selector: { matchLabels: { app: 'a' } }, template },
      status: { readyReplicas: 1, updatedReplicas: 3, availableReplicas: 1 },
    },
    cells: ['x', '1/3', 3, 1, '2m', 'a,b', 'i:1,j', 'app=a'],
  },
  {
    name: 'a replica set with expressions',
    of: ['apps', 'v1', 'replicasets'],
    object: {
      metadata: meta,
      spec: {
        replicas: 2,
        selector: { matchExpressions: [{ key: 't', operator: 'In', values: ['y', 'x'] }] },
        template,
      },
    },
    cells: ['x', 2, 0, 0, '2m', 'a,b', 'i:1,j', 't in (x,y)'],
  },
  {
    name: 'a node port service',
    of: ['', 'v1', 'services'],
    object: {
      metadata: meta,
      spec: {
        type: 'NodePort',
        clusterIPs: ['10.0.0.1'],
        selector: { b: '2', a: '1' },
        ports: [
          { port: 80, nodePort: 30080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    },
    cells: ['x', 'NodePort', '10.0.0.1', '<none>', '80:30080/TCP,53/UDP', '2m', 'a=1,b=2'],
  },
  {
    name: 'a load balancer that waits for its address',
    of: ['', 'v1', 'services'],
    object: { metadata: meta, spec: { type: 'LoadBalancer', clusterIPs: ['10.0.0.1'] } },
    cells: ['x', 'LoadBalancer', '10.0.0.1', '<pending>', '<none>', '2m', '<none>'],
  },
  {
    name: 'an external name',
    of: ['', 'v1', 'services'],
    object: { metadata: meta, spec: { type: 'ExternalName', externalName: 'example.org' } },
    cells: ['x', 'ExternalName', '<none>', 'example.org', '<none>', '2m', '<none>'],
  },
  {
    name: 'endpoints beyond three',
    of: ['', 'v1', 'endpoints'],
    object: {
      metadata: meta,
      subsets: [{ addresses: [{ ip: '1.1.1.1' }, { ip: '1.1.1.2' }], ports: [{ port: 80 }, { port: 81 }] }],
    },
    cells: ['x', '1.1.1.1:80,1.1.1.2:80,1.1.1.1:81 + 1 more...', '2m'],
  },
  {
    name: 'endpoints of nothing',
    of: ['', 'v1', 'endpoints'],
    object: { metadata: meta },
    cells: ['x', '<none>', '2m'],
  },
  {
    name: 'an endpoint slice',
    of: ['discovery.k8s.io', 'v1', 'endpointslices'],
    object: { metadata: meta, addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['1.1.1.1'] }] },
    cells: ['x', 'IPv4', '80', '1.1.1.1', '2m'],
  },
  {
    name: 'a cordoned worker node',
    of: ['', 'v1', 'nodes'],
    object: {
      metadata: { ...meta, labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'app' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        nodeInfo: { kubeletVersion: 'v1.36.0', osImage: 'o', kernelVersion: 'k', containerRuntimeVersion: 'c://1' },
      },
    },
    cells: ['x', 'Ready,SchedulingDisabled', 'app,worker', '2m', 'v1.36.0', '127.0.0.1', '<none>', 'o', 'k', 'c://1'],
  },
  {
    name: 'a node that never reported',
    of: ['', 'v1', 'nodes'],
    object: { metadata: meta },
    cells: ['x', 'Unknown', '<none>', '2m', '', '<none>', '<none>', '<unknown>', '<unknown>', '<unknown>'],
  },
  {
    name: 'an event with a series',
    of: ['', 'v1', 'events'],
    object: {
      metadata: meta,
      involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec.containers{a}' },
      eventTime: '2026-01-01T00:59:00.000000Z',
      series: { count: 5, lastObservedTime: '2026-01-01T00:59:50.000000Z' },
      reportingComponent: 'kubelet',
      reportingInstance: 'n1',
      type: 'Normal',
      reason: 'Pulled',
      message: ' done\n',
    },
    cells: ['10s', 'Normal', 'Pulled', 'pod/p', 'spec.containers{a}', 'kubelet, n1', 'done', '60s', 5, 'x'],
  },
  {
    name: 'a config map with both kinds of data',
    of: ['', 'v1', 'configmaps'],
    object: { metadata: meta, data: { a: '1' }, binaryData: { b: 'AA==' } },
    cells: ['x', 2, '2m'],
  },
  {
    name: 'a lease without a holder',
    of: ['coordination.k8s.io', 'v1', 'leases'],
    object: { metadata: meta, spec: {} },
    cells: ['x', '', '2m'],
  },
  {
    name: 'a role shows when it was made',
    of: ['rbac.authorization.k8s.io', 'v1', 'roles'],
    object: { metadata: meta },
    cells: ['x', creationTimestamp],
  },
  {
    name: 'a role binding',
    of: ['rbac.authorization.k8s.io', 'v1', 'rolebindings'],
    object: {
      metadata: meta,
      roleRef: { kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'User', name: 'u1' },
        { kind: 'User', name: 'u2' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    },
    cells: ['x', 'ClusterRole/view', '2m', 'u1, u2', '', 'n/s'],
  },
];

void t.test('rows show what Kubernetes shows', async (t) => {
  for (const { name, of, object, cells } of [...podCases, ...otherCases]) {
    t.same(cellsOf(resource(...of), object), cells, name);
  }
});

void t.test('every resource has as many cells as columns, also for an object with nothing but a name', async (t) => {
  for (const of of resources.filter((r) => r.verbs.includes('list'))) {
    const table = tablePrinter.table(of, [{ metadata: { name: 'x' } }], { includeObject: 'None', nowMs });
    // the real server gives IPAddresses an age, and no column for it
    const more = of.resource === 'ipaddresses' ? 1 : 0;
    t.equal(table.rows[0]?.cells.length, table.columnDefinitions.length + more, `${of.resource}.${of.group}`);
    t.equal(table.rows[0]?.cells[table.columnDefinitions.findIndex((column) => column.name === 'Name')], 'x');
  }
});

void t.test('a table carries what was asked for', async (t) => {
  const pods = resource('', 'v1', 'pods');
  const object = { metadata: meta, spec: { containers: [] }, status: { phase: 'Succeeded' } };
  const metadata = tablePrinter.table(pods, [object], {
    includeObject: 'Metadata',
    resourceVersion: '7',
    continue: 'c',
    remainingItemCount: 0,
    nowMs,
  });
  t.same(metadata.metadata, { resourceVersion: '7', continue: 'c', remainingItemCount: 0 });
  t.match(metadata.rows[0]?.object, { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: meta });
  t.match(metadata.rows[0]?.conditions, [{ type: 'Completed', status: 'True', reason: 'Succeeded' }]);
  t.ok(
    metadata.columnDefinitions.every((column) => column.description !== ''),
    'pod columns are documented',
  );
  const whole = tablePrinter.table(pods, [object], { includeObject: 'Object', noHeaders: true, nowMs });
  t.match(whole.rows[0]?.object, { kind: 'Pod', apiVersion: 'v1', status: { phase: 'Succeeded' } });
  t.same(whole.columnDefinitions, []);
});
