import t from 'tap';
import type { Pod, Service } from '../../../api/types/core-v1.ts';
import { desiredEndpoints } from '../endpoints/plan.ts';
import { planSlices } from './plan.ts';
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts';

const service = (spec: Partial<NonNullable<Service['spec']>> = {}): Service => ({
  metadata: { name: 's', namespace: 'n', uid: 'u', labels: { team: 'x' } },
  spec: {
    selector: { app: 'a' },
    ipFamilies: ['IPv4'],
    ports: [{ name: 'web', port: 80, targetPort: 'http' }],
    ...spec,
  },
});

interface PodFacts {
  ready?: boolean;
  terminating?: boolean;
  port?: number;
  phase?: string;
  ip?: string;
}

const pod = (
  i: number,
  {
    ready = true,
    terminating = false,
    port = 8080,
    phase = 'Running',
    ip = `10.0.${i >> 8}.${i & 255}`,
  }: PodFacts = {},
): Pod => ({
  metadata: { name: `p${i}`, namespace: 'n', uid: `u${i}`, ...(terminating ? { deletionTimestamp: 'x' } : {}) },
  spec: { nodeName: 'node', containers: [{ name: 'c', ports: [{ name: 'http', containerPort: port }] }] },
  status: { phase, podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

const node = () => ({ metadata: { labels: { 'topology.kubernetes.io/zone': 'z1' } } });
const plan = (s: Service, pods: Pod[], existing: EndpointSlice[] = []) => planSlices(s, pods, existing, node);
const named = (slices: EndpointSlice[]): EndpointSlice[] =>
  slices.map((slice, i) => ({ ...slice, metadata: { ...slice.metadata, name: `s-${i}` } }));

void t.test('planSlices: conditions of endpoints', (test) => {
  const cases: [string, Service, Pod, object | undefined][] = [
    ['ready', service(), pod(1), { ready: true, serving: true, terminating: false }],
    ['not ready', service(), pod(1, { ready: false }), { ready: false, serving: false, terminating: false }],
    [
      'terminating and serving',
      service(),
      pod(1, { terminating: true }),
      { ready: false, serving: true, terminating: true },
    ],
    [
      'published although not ready',
      service({ publishNotReadyAddresses: true }),
      pod(1, { ready: false }),
      { ready: true, serving: false },
    ],
    ['finished', service(), pod(1, { phase: 'Succeeded' }), undefined],
    ['without an address', service(), pod(1, { ip: '' }), undefined],
    ['of another family', service(), pod(1, { ip: 'fd00::1' }), undefined],
  ];
  for (const [name, s, p, conditions] of cases) {
    const [slice] = plan(s, [p]).create;
    if (conditions)
      test.match(
        slice?.endpoints?.[0],
        { conditions, nodeName: 'node', zone: 'z1', targetRef: { kind: 'Pod', uid: 'u1' } },
        name,
      );
    else test.same(slice?.endpoints, [], name);
  }
  test.end();
});

void t.test('planSlices labels and owns what it creates', (test) => {
  const [slice] = plan(service({ clusterIP: 'None' }), [pod(1)]).create;
  test.match(slice?.metadata, {
    generateName: 's-',
    labels: {
      team: 'x',
      'kubernetes.io/service-name': 's',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      'service.kubernetes.io/headless': '',
    },
    ownerReferences: [{ kind: 'Service', uid: 'u', controller: true }],
  });
  test.end();
});

void t.test('planSlices fills slices to 100, groups by ports, and changes as little as it can', (test) => {
  const pods = Array.from({ length: 250 }, (_, i) => pod(i));
  const first = plan(service(), pods);
  test.same(
    first.create.map((s) => s.endpoints?.length),
    [100, 100, 50],
  );
  const existing = named(first.create);
  test.same(plan(service(), pods, existing), { create: [], update: [], remove: [] }, 'nothing to do');
  const grown = plan(service(), [...pods, pod(300)], existing);
  test.same(
    grown.update.map((s) => [s.metadata?.name, s.endpoints?.length]),
    [['s-2', 51]],
    'one more goes where there is room',
  );
  const shrunk = plan(service(), pods.slice(0, 200), existing);
  test.same([shrunk.update.length, shrunk.remove.map((s) => s.metadata?.name)], [0, ['s-2']], 'an empty slice goes');
  const mixed = plan(service(), [pod(1), pod(2, { port: 9090 })]);
  test.same(
    mixed.create.map((s) => s.ports?.[0]?.port),
    [8080, 9090],
    'a named port differs from pod to pod',
  );
  const none = plan(service(), [], named(plan(service(), [pod(1)]).create));
  test.same(
    [none.create.length, none.update[0]?.endpoints, none.remove.length],
    [0, [], 0],
    'the last slice is emptied, not removed',
  );
  test.end();
});

void t.test('planSlices makes a slice that would go into the one that would come', (test) => {
  const placeholder = named(plan(service(), []).create);
  const { create, update, remove } = plan(service(), [pod(1)], placeholder);
  test.same([create, remove], [[], []]);
  test.match(update, [
    { metadata: { name: 's-0' }, ports: [{ port: 8080 }], endpoints: [{ addresses: ['10.0.0.1'] }] },
  ]);
  test.end();
});

void t.test('desiredEndpoints', (test) => {
  const pods = [pod(2), pod(1), pod(3, { ready: false }), pod(4, { terminating: true }), pod(5, { phase: 'Failed' })];
  const { subsets, metadata } = desiredEndpoints(service(), pods, undefined);
  test.match(subsets, [
    {
      addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }],
      notReadyAddresses: [{ ip: '10.0.0.3' }],
      ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
    },
  ]);
  test.match(metadata?.labels, { team: 'x', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
  const many = desiredEndpoints(
    service(),
    Array.from({ length: 1200 }, (_, i) => pod(i, { ready: i >= 100 })),
    undefined,
  );
  test.equal(many.subsets?.[0]?.addresses?.length, 1000, 'ready ones first');
  test.equal(many.metadata?.annotations?.['endpoints.kubernetes.io/over-capacity'], 'truncated');
  test.equal(
    desiredEndpoints(service(), [pod(1, { port: 1 }), pod(2, { port: 2 })], undefined).subsets?.length,
    2,
    'a subset for each set of ports',
  );
  test.end();
});
