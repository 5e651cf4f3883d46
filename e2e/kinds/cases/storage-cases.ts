import { ResourceCases } from '../kind-case.ts';
import type { Changes, KindGroup } from '../kind-case.ts';

const volumes = new ResourceCases('/api/v1/persistentvolumes');
const claims = new ResourceCases('/api/v1/namespaces/{ns}/persistentvolumeclaims');
const limits = new ResourceCases('/api/v1/namespaces/{ns}/limitranges');
const quotas = new ResourceCases('/api/v1/namespaces/{ns}/resourcequotas');

const volume = { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } } };
const claim = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
const source = (name: string, value: object): Changes => ({ 'spec.hostPath': undefined, [`spec.${name}`]: value });
const item = (rest: object): Changes => ({ 'spec.limits': [{ type: 'Container', ...rest }] });
const affinity = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }] },
};

export const storageGroup: KindGroup = {
  name: 'volumes',
  cases: [
    volumes.create('volume', volume),
    ...volumes.creates(volume, {
      'volume: no capacity': { 'spec.capacity': undefined },
      'volume: other capacity': { 'spec.capacity': { cpu: '1' } },
      'volume: capacity 0': { 'spec.capacity': { storage: '0' } },
      'volume: negative capacity': { 'spec.capacity': { storage: '-1Gi' } },
      'volume: no modes': { 'spec.accessModes': [] },
      'volume: unknown mode': { 'spec.accessModes': ['X'] },
      'volume: one pod and others': { 'spec.accessModes': ['ReadWriteOncePod', 'ReadOnlyMany'] },
      'volume: unknown reclaim': { 'spec.persistentVolumeReclaimPolicy': 'X' },
      'volume: recycle warns': { 'spec.persistentVolumeReclaimPolicy': 'Recycle' },
      'volume: recycle the root': { 'spec.persistentVolumeReclaimPolicy': 'Recycle', 'spec.hostPath.path': '/a/..' },
      'volume: no source': { 'spec.hostPath': undefined },
      'volume: two sources': { 'spec.nfs': { server: 's', path: '/p' } },
      'volume: unknown volume mode': { 'spec.volumeMode': 'X' },
      'volume: bad class': { 'spec.storageClassName': 'A b' },
      'volume: empty attributes class': { 'spec.volumeAttributesClassName': '' },
      'volume: backsteps': { 'spec.hostPath.path': '../x' },
      'volume: unknown host path type': { 'spec.hostPath.type': 'X' },
      'volume: local without affinity': source('local', { path: '/x' }),
      'volume: local': { ...source('local', { path: '/x' }), 'spec.nodeAffinity': affinity },
      'volume: affinity without terms': { 'spec.nodeAffinity': {} },
      'volume: nfs relative': source('nfs', { server: '', path: 'x' }),
      'volume: csi': source('csi', { driver: 'd.example.com', volumeHandle: 'h', fsType: 'ext4' }),
      'volume: csi empty': source('csi', { driver: '', volumeHandle: '', nodePublishSecretRef: {} }),
      'volume: iscsi': source('iscsi', { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:s', lun: 0 }),
      'volume: iscsi bad': source('iscsi', { targetPortal: '', iqn: 'x', lun: 300, chapAuthSession: true }),
      'volume: fc empty': source('fc', {}),
      'volume: fc both': source('fc', { targetWWNs: ['a'], wwids: ['b'] }),
      'volume: azure disk': source('azureDisk', { diskName: 'd', diskURI: 'u' }),
      'volume: azure disk bad': source('azureDisk', { diskName: '', diskURI: 'u', kind: 'Managed', cachingMode: 'X' }),
      'volume: azure file': source('azureFile', { secretName: '', shareName: '' }),
      'volume: rbd': source('rbd', { monitors: [], image: '' }),
      'volume: rbd warns': source('rbd', { monitors: ['m'], image: 'i' }),
      'volume: cephfs': source('cephfs', { monitors: [] }),
      'volume: glusterfs': source('glusterfs', { endpoints: '', path: '', endpointsNamespace: '' }),
      'volume: quobyte': source('quobyte', { registry: 'x', volume: '' }),
      'volume: flocker': source('flocker', { datasetName: 'a/b', datasetUUID: 'u' }),
      'volume: flex': source('flexVolume', { driver: '', options: { 'kubernetes.io/x': 'y' } }),
      'volume: cinder': source('cinder', { volumeID: '', secretRef: {} }),
      'volume: gce': source('gcePersistentDisk', { pdName: '', partition: 300 }),
      'volume: aws': source('awsElasticBlockStore', { volumeID: '', partition: 300 }),
      'volume: vsphere': source('vsphereVolume', { volumePath: '' }),
      'volume: scaleio': source('scaleIO', { gateway: '', system: '', secretRef: {} }),
      'volume: scaleio defaults': source('scaleIO', {
        gateway: 'g',
        system: 's',
        volumeName: 'v',
        secretRef: { name: 'n' },
      }),
      'volume: storageos': source('storageos', { volumeName: 'A', secretRef: {} }),
      'volume: portworx and photon': {
        ...source('portworxVolume', { volumeID: '' }),
        'spec.photonPersistentDisk': { pdID: '' },
      },
      'volume: old mount options': { 'metadata.annotations': { 'volume.beta.kubernetes.io/mount-options': 'ro' } },
      'volume: claimed': { 'spec.claimRef': { name: 'c', namespace: 'n' }, 'spec.mountOptions': ['ro'] },
    }),
    ...volumes.puts('volume', {
      'volume: source changes': { 'spec.hostPath.path': '/other' },
      'volume: capacity changes': { 'spec.capacity.storage': '2Gi' },
      'volume: mode changes': { 'spec.volumeMode': 'Block' },
      'volume: status is not for this': { 'status.phase': 'Bound' },
    }),
    volumes.put('volume: phase changes', 'volume', { 'status.phase': 'Available' }, 'status'),
    volumes.table('volume as a table', 'volume'),
    claims.create('claim', claim),
    ...claims.creates(claim, {
      'claim: no modes': { 'spec.accessModes': undefined },
      'claim: unknown mode': { 'spec.accessModes': ['X', 'ReadWriteOncePod', 'ReadWriteMany'] },
      'claim: no size': { 'spec.resources': undefined },
      'claim: size 0': { 'spec.resources.requests.storage': '0' },
      'claim: half a byte': { 'spec.resources.requests.storage': '1.5' },
      'claim: bad class': { 'spec.storageClassName': 'A b' },
      'claim: no class': { 'spec.storageClassName': '' },
      'claim: unknown volume mode': { 'spec.volumeMode': 'X' },
      'claim: bad selector': { 'spec.selector': { matchExpressions: [{ key: '', operator: 'In' }] } },
      'claim: source': { 'spec.dataSource': { kind: 'PersistentVolumeClaim', name: 'other' } },
      'claim: snapshot': {
        'spec.dataSource': { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
      },
      'claim: unknown source': { 'spec.dataSource': { apiGroup: 'x.io', kind: 'X', name: 'other' } },
      'claim: unknown source ref': { 'spec.dataSourceRef': { apiGroup: 'x.io', kind: 'X', name: 'other' } },
      'claim: bad source ref': { 'spec.dataSourceRef': { kind: 'X', name: '' } },
      'claim: sources differ': {
        'spec.dataSource': { kind: 'PersistentVolumeClaim', name: 'a' },
        'spec.dataSourceRef': { kind: 'PersistentVolumeClaim', name: 'b' },
      },
      'claim: old annotation': { 'metadata.annotations': { 'volume.beta.kubernetes.io/storage-class': 'x' } },
      'claim: comes with a status': { status: { phase: 'Bound' } },
    }),
    ...claims.puts('claim', {
      'claim: size changes': { 'spec.resources.requests.storage': '2Gi' },
      'claim: modes change': { 'spec.accessModes': ['ReadOnlyMany'] },
      'claim: volume comes': { 'spec.volumeName': 'v' },
      'claim: class comes': { 'spec.volumeName': 'v', 'spec.storageClassName': 's' },
      'claim: volume changes': { 'spec.volumeName': 'w', 'spec.storageClassName': 's' },
    }),
    claims.put('claim: is bound', 'claim: class comes', { 'metadata.name': 'claim' }, 'status'),
    claims.patch('claim: status', 'claim', { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }, 'status'),
    claims.patch('claim: status negative', 'claim', { status: { capacity: { storage: '-1' } } }, 'status'),
    claims.patch(
      'claim: status resizes',
      'claim',
      { status: { allocatedResourceStatuses: { storage: 'X' } } },
      'status',
    ),
    claims.patch('claim: bound grows', 'claim', { spec: { resources: { requests: { storage: '3Gi' } } } }),
    claims.patch('claim: bound shrinks', 'claim', { spec: { resources: { requests: { storage: '1Gi' } } } }),
    claims.table('claims as a table'),
    limits.create('limit', { spec: { limits: [] } }),
    ...limits.creates({ spec: { limits: [] } }, {
      'limit: of containers': item({ max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' }, default: { memory: '2Mi' } }),
      'limit: backwards': item({ max: { cpu: '1' }, min: { cpu: '2' } }),
      'limit: default above max': item({ max: { cpu: '1' }, default: { cpu: '2' }, defaultRequest: { cpu: '3' } }),
      'limit: default below min': item({ min: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
      'limit: ratio below 1': item({ maxLimitRequestRatio: { cpu: '500m' } }),
      'limit: ratio above': item({ min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } }),
      'limit: unknown resource': item({ max: { pods: '1' } }),
      'limit: unknown type': { 'spec.limits': [{ type: 'X' }] },
      'limit: no type': { 'spec.limits': [{}] },
      'limit: twice': { 'spec.limits': [{ type: 'Pod' }, { type: 'Pod' }] },
      'limit: default of a pod': { 'spec.limits': [{ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }] },
      'limit: of claims': { 'spec.limits': [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] },
      'limit: of claims without storage': { 'spec.limits': [{ type: 'PersistentVolumeClaim' }] },
      'limit: huge pages': item({ default: { 'hugepages-2Mi': '2Mi' }, defaultRequest: { 'hugepages-2Mi': '4Mi' } }),
    }), // prettier-ignore
    limits.put('limit: changes', 'limit', { 'spec.limits': [{ type: 'Pod', max: { cpu: '1' } }] }),
    limits.table('limits as a table'),
    quotas.create('quota', { spec: { hard: { pods: '10', 'requests.cpu': '1', 'count/jobs.batch': '5' } } }),
    ...quotas.creates({ spec: { hard: { pods: '10' } } }, {
      'quota: unknown resource': { 'spec.hard': { foo: '1' } },
      'quota: negative': { 'spec.hard': { pods: '-1' } },
      'quota: half a pod': { 'spec.hard': { pods: '500m' } },
      'quota: storage classes': { 'spec.hard': { 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' } },
      'quota: extended': { 'spec.hard': { 'requests.example.com/gpu': '1' } },
      'quota: scope': { 'spec.scopes': ['BestEffort'] },
      'quota: unknown scope': { 'spec.scopes': ['X'] },
      'quota: scopes against each other': { 'spec.scopes': ['BestEffort', 'NotBestEffort'] },
      'quota: scope of another resource': { 'spec.hard': { services: '1' }, 'spec.scopes': ['Terminating'] },
      'quota: selector': {
        'spec.scopeSelector': { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
      },
      'quota: selector without values': {
        'spec.scopeSelector': { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] },
      },
      'quota: selector with values': {
        'spec.scopeSelector': { matchExpressions: [{ scopeName: 'Terminating', operator: 'Exists', values: ['x'] }] },
      },
      'quota: selector of a plain scope': {
        'spec.scopeSelector': { matchExpressions: [{ scopeName: 'Terminating', operator: 'In', values: ['x'] }] },
      },
      'quota: unknown operator': { 'spec.scopeSelector': { matchExpressions: [{ scopeName: 'X', operator: 'Y' }] } },
      'quota: requests above limits warn': { 'spec.hard': { 'requests.cpu': '2', 'limits.cpu': '1' } },
    }), // prettier-ignore
    ...quotas.puts('quota', {
      'quota: hard changes': { 'spec.hard.pods': '11' },
      'quota: scopes change': { 'spec.scopes': ['Terminating'] },
      'quota: status is not for this': { 'status.hard.pods': '1' },
    }),
    quotas.put('quota: status', 'quota', { 'status.hard': { pods: '10' }, 'status.used': { pods: '1' } }, 'status'),
    quotas.put('quota: status bad', 'quota', { 'status.hard': { foo: '10' }, 'status.used': { pods: '-1' } }, 'status'),
    quotas.table('quotas as a table'),
  ],
};
