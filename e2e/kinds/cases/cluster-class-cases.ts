import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const storage = '/apis/storage.k8s.io/v1';
const storageClasses = new ResourceCases(`${storage}/storageclasses`);
const attributes = new ResourceCases(`${storage}/volumeattributesclasses`);
const drivers = new ResourceCases(`${storage}/csidrivers`);
const csiNodes = new ResourceCases(`${storage}/csinodes`);
const capacities = new ResourceCases(`${storage}/namespaces/{ns}/csistoragecapacities`);
const attachments = new ResourceCases(`${storage}/volumeattachments`);
const priorities = new ResourceCases('/apis/scheduling.k8s.io/v1/priorityclasses');
const runtimes = new ResourceCases('/apis/node.k8s.io/v1/runtimeclasses');

const attachment = { spec: { attacher: 'd.io', nodeName: 'n', source: { persistentVolumeName: 'pv' } } };
const node = { spec: { drivers: [{ name: 'd.io', nodeID: 'i', topologyKeys: ['zone'], allocatable: { count: 3 } }] } };
const topology = (...values: string[]) => ({ matchLabelExpressions: [{ key: 'zone', values }] });

const storageCases = [
  storageClasses.create('storage class minimal', { provisioner: 'a.io/b' }),
  storageClasses.create('storage class with all', {
    provisioner: 'a.io/b',
    parameters: { a: 'b' },
    reclaimPolicy: 'Retain',
    mountOptions: ['ro'],
    allowVolumeExpansion: true,
    volumeBindingMode: 'WaitForFirstConsumer',
    allowedTopologies: [topology('a', 'b')],
  }),
  ...storageClasses.creates(
    { provisioner: 'a.io/b' },
    {
      'storage class without a provisioner': { provisioner: undefined },
      'storage class with a bad provisioner': { provisioner: 'a b' },
      'storage class with an unknown policy': { reclaimPolicy: 'Recycle' },
      'storage class with an unknown mode': { volumeBindingMode: 'Later' },
      'storage class with an empty parameter': { parameters: { '': 'x' } },
      'storage class with bad topologies': {
        allowedTopologies: [topology('a', 'a'), topology(), topology('b'), topology('b')],
      },
      'storage class of an old label': {
        allowedTopologies: [
          { matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }] },
        ],
      },
    },
  ),
  ...storageClasses.puts('storage class minimal', {
    'storage class changes its provisioner': { provisioner: 'c' },
    'storage class changes its parameters': { parameters: { a: 'c' } },
    'storage class changes its policy': { reclaimPolicy: 'Retain' },
    'storage class may expand': { allowVolumeExpansion: true },
  }),
  storageClasses.table('storage class as a table', 'storage-class-with-all'),
  storageClasses.delete('storage class goes', 'storage-class-minimal'),
  attributes.create('attributes class', { driverName: 'd.io', parameters: { iops: '1' } }),
  attributes.create('attributes class of nothing', {}),
  attributes.put('attributes class changes', 'attributes class', { driverName: 'e.io', parameters: { iops: '2' } }),
  attributes.table('attributes class as a table', 'attributes-class'),
];

const csiCases = [
  drivers.create('driver minimal', {}),
  drivers.create('driver with all', {
    spec: {
      attachRequired: false,
      podInfoOnMount: true,
      volumeLifecycleModes: ['Persistent', 'Ephemeral'],
      storageCapacity: true,
      fsGroupPolicy: 'File',
      tokenRequests: [{ audience: 'a', expirationSeconds: 3600 }],
      requiresRepublish: true,
      seLinuxMount: true,
    },
  }),
  ...drivers.creates(
    {},
    {
      'driver with an unknown policy': { 'spec.fsGroupPolicy': 'Always' },
      'driver with an unknown mode': { 'spec.volumeLifecycleModes': ['Never'] },
      'driver with bad tokens': {
        'spec.tokenRequests': [
          { audience: 'a', expirationSeconds: 1 },
          { audience: 'a' },
          { audience: '', expirationSeconds: 5e9 },
        ],
      },
      'driver that looks too often': { 'spec.nodeAllocatableUpdatePeriodSeconds': 1 },
      'driver with secrets of nothing': { 'spec.serviceAccountTokenInSecrets': true },
    },
  ),
  ...drivers.puts('driver minimal', {
    'driver attaches no more': { 'spec.attachRequired': false },
    'driver changes its modes': { 'spec.volumeLifecycleModes': ['Ephemeral'] },
    'driver changes': { 'spec.podInfoOnMount': true },
  }),
  drivers.table('driver as a table', 'driver-with-all'),
  csiNodes.create('csi node', node),
  csiNodes.create('csi node minimal', { spec: {} }),
  ...csiNodes.creates(node, {
    'csi node without a driver name': { 'spec.drivers.0.name': '' },
    'csi node without an id': { 'spec.drivers.0.nodeID': '' },
    'csi node with bad keys': { 'spec.drivers.0.topologyKeys': ['a', 'a', '', 'b c'] },
    'csi node with a negative count': { 'spec.drivers.0.allocatable.count': -1 },
    'csi node with a driver twice': { 'spec.drivers.1': { name: 'd.io', nodeID: 'i', topologyKeys: null } },
  }),
  csiNodes.patch('csi node takes more', 'csi-node', {
    spec: { drivers: [{ name: 'd.io', nodeID: 'i', topologyKeys: ['zone'], allocatable: { count: 4 } }] },
  }),
  csiNodes.put('csi node without a version', 'csi node', {}),
  csiNodes.table('csi node as a table', 'csi-node'),
  capacities.create('capacity', { storageClassName: 'c', capacity: '1Gi', maximumVolumeSize: '1G' }),
  capacities.create('capacity of a bad class', { storageClassName: 'C_', capacity: '-1' }),
  capacities.patch('capacity changes its class', 'capacity', { storageClassName: 'd', nodeTopology: {} }),
  capacities.table('capacities as a table'),
  attachments.create('attachment', attachment),
  ...attachments.creates(attachment, {
    'attachment of nothing': { spec: {} },
    'attachment without a source': { 'spec.source': {} },
    'attachment of an empty name': { 'spec.source.persistentVolumeName': '' },
    'attachment by a bad driver': { 'spec.attacher': 'd_', 'spec.nodeName': 'N_' },
    'attachment that is attached': { status: { attached: true } },
  }),
  attachments.patch('attachment changes', 'attachment', { spec: { nodeName: 'm' } }),
  attachments.patch(
    'attachment gets its status',
    'attachment',
    { metadata: { labels: { a: 'b' } }, status: { attached: true, attachmentMetadata: { a: 'b' } } },
    'status',
  ),
  attachments.patch(
    'attachment gets a bad error',
    'attachment',
    { status: { attachError: { message: 'x'.repeat(1025), errorCode: -1 } } },
    'status',
  ),
  attachments.table('attachment as a table', 'attachment'),
  attachments.delete('attachment goes', 'attachment'),
];

const otherCases = [
  priorities.create('priority', { value: 1000 }),
  priorities.create('priority with all', { value: -5, description: 'd', preemptionPolicy: 'Never' }),
  ...priorities.creates(
    { value: 1 },
    {
      'priority without a value': { value: undefined },
      'priority too high': { value: 1_000_000_001 },
      'priority with an unknown policy': { preemptionPolicy: 'Always' },
      'priority of the system': { 'metadata.name': 'system-mine' },
      'priority of the critical': { 'metadata.name': 'system-cluster-critical' },
    },
  ),
  priorities.put('priority changes its value', 'priority', { value: 2 }),
  priorities.put('priority changes its policy', 'priority', { preemptionPolicy: 'Never' }),
  priorities.put('priority changes', 'priority', { description: 'x' }),
  priorities.table('priority as a table', 'priority'),
  priorities.table('system priority as a table', 'system-node-critical'),
  runtimes.create('runtime', { handler: 'runc' }),
  runtimes.create('runtime with all', {
    handler: 'h',
    overhead: { podFixed: { cpu: '10m', memory: '1Mi' } },
    scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'k', operator: 'Exists' }] },
  }),
  ...runtimes.creates(
    { handler: 'runc' },
    {
      'runtime without a handler': { handler: undefined },
      'runtime with a bad handler': { handler: 'A.b' },
      'runtime with a bad overhead': { overhead: { podFixed: { nonsense: '1' } } },
      'runtime with bad scheduling': {
        scheduling: { nodeSelector: { 'a b': 'c d' }, tolerations: [{ key: 'k', operator: 'Near' }] },
      },
      'runtime with a toleration twice': {
        scheduling: {
          tolerations: [
            { key: 'k', operator: 'Exists' },
            { key: 'k', operator: 'Exists' },
          ],
        },
      },
      'runtime of an old label': { scheduling: { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } } },
    },
  ),
  runtimes.patch('runtime changes its handler', 'runtime', { handler: 'crun' }),
  runtimes.put('runtime without a version', 'runtime', {}),
  runtimes.table('runtime as a table', 'runtime'),
];

export const clusterClassGroup: KindGroup = {
  name: 'cluster-classes',
  cases: [...storageCases, ...csiCases, ...otherCases],
};
