import type { KindCase } from '../kind-case.ts';
import {
  configMaps,
  deployments,
  endpoints,
  events,
  labels,
  leases,
  newEvents,
  nodes,
  pods,
  richPod,
  roles,
  secrets,
  services,
  slices,
  spec,
} from './apply-writer.ts';

/** Whom creates, updates and patches make managers. */
export const created: readonly KindCase[] = [
  pods.create('a pod with much in it', 'rich', richPod),
  pods.patch(
    'its image by a strategic patch',
    'rich',
    { spec: { containers: [{ name: 'c', image: 'i:2' }] } },
    'setter',
    'application/strategic-merge-patch+json',
  ),
  pods.patch(
    'its status',
    'rich/status',
    { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], podIPs: [{ ip: '10.1.1.1' }] } },
    'kubelet',
    'application/strategic-merge-patch+json',
  ),
  deployments.create('a deployment', 'made', { spec, metadata: { labels, annotations: { note: 'n' } } }),
  deployments.put('its replicas by put', 'made', 'a deployment', { 'spec.replicas': 4 }),
  services.create('a service', 'svc', {
    spec: {
      selector: labels,
      ports: [{ port: 80 }, { port: 80, protocol: 'UDP', name: 'u', targetPort: 'x' }],
      externalIPs: ['1.2.3.4'],
    },
  }),
  secrets.create('a secret with stringData', 'sec', { stringData: { a: 'b' }, type: 'Opaque' }),
  endpoints.create('endpoints', 'ep', { subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80 }] }] }),
  slices.create('an endpoint slice', 'slice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.1.1'], conditions: { ready: true } }],
    ports: [{ name: 'p', port: 80 }],
  }),
  leases.create('a lease', 'lease', {
    spec: { holderIdentity: 'me', leaseDurationSeconds: 3, renewTime: '2026-01-01T00:00:00.000000Z' },
  }),
  roles.create('a role', 'role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  nodes.create('a node', 'apply-node', {
    metadata: { labels: { a: 'b' } },
    spec: { podCIDR: '10.2.0.0/24', taints: [{ key: 'a', effect: 'NoSchedule' }] },
    status: { capacity: { cpu: '1' } },
  }),
  nodes.patch('its status by a patch', 'apply-node/status', {
    status: {
      capacity: { cpu: '2' },
      addresses: [{ type: 'Hostname', address: 'h' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }),
  events.create('an event', 'ev', {
    involvedObject: { kind: 'Pod', namespace: 'k-apply', name: 'p' },
    reason: 'R',
    message: 'm',
    count: 1,
    source: { component: 'c' },
    metadata: { namespace: 'k-apply' },
  }),
  newEvents.patch('the same event by another group', 'ev', { metadata: { labels: { a: 'b' } } }, 'newer'),
  events.get('an event that two groups wrote', 'ev'),
  configMaps.create(
    'a config map by nobody named',
    'anon',
    { data: { 'a.b': '1' }, binaryData: { c: 'eA==' }, immutable: false },
    '',
  ),
  configMaps.create('a config map with owners and finalizers', 'owned', {
    metadata: {
      finalizers: ['example.com/a'],
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: '8f5e2a9c-0000-4000-8000-000000000000' },
      ],
      annotations: { a: 'b' },
    },
  }),
  configMaps.create('a config map with managed fields of its own', 'claimed', {
    metadata: {
      managedFields: [
        {
          manager: 'm',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:z': {} } },
        },
      ],
    },
    data: { a: '1' },
  }),
  configMaps.create('a config map with bad managed fields', 'misclaimed', {
    metadata: { managedFields: [{ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsV1: {} }] },
    data: { a: '1' },
  }),
];
