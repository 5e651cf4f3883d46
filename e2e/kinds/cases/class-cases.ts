import { changed, ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const pods = new ResourceCases('/api/v1/namespaces/{ns}/pods');
const claims = new ResourceCases('/api/v1/namespaces/{ns}/persistentvolumeclaims');
const volumes = new ResourceCases('/api/v1/persistentvolumes');
const accounts = new ResourceCases('/api/v1/namespaces/{ns}/serviceaccounts');
const ingresses = new ResourceCases('/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses');
const nodes = new ResourceCases('/api/v1/nodes');
const namespaces = new ResourceCases('/api/v1/namespaces');
const priorities = new ResourceCases('/apis/scheduling.k8s.io/v1/priorityclasses');
const runtimes = new ResourceCases('/apis/node.k8s.io/v1/runtimeclasses');
const storages = new ResourceCases('/apis/storage.k8s.io/v1/storageclasses');
const ingressClasses = new ResourceCases('/apis/networking.k8s.io/v1/ingressclasses');

const pod = { spec: { containers: [{ name: 'c', image: 'i' }] } };
const claim = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };
const backend = { service: { name: 's', port: { number: 80 } } };
const mount = { name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
const enforced = { 'kubernetes.io/enforce-mountable-secrets': 'true' };
const mirror = { 'kubernetes.io/config.mirror': 'x' };

/** Classes, accounts, taints and finalizers that admission adds, and what it refuses. */
export const classGroup: KindGroup = {
  name: 'classes',
  cases: [
    priorities.create('priority high', { value: 1000, preemptionPolicy: 'Never' }),
    priorities.create('priority usual', { value: 10, globalDefault: true }),
    priorities.create('priority another default', { value: 11, globalDefault: true }),
    priorities.patch('priority high becomes default', 'priority-high', { globalDefault: true }),
    pods.create('pod of the default class', pod),
    pods.create('pod of a class', changed(pod, { 'spec.priorityClassName': 'priority-high' })),
    ...pods.creates(pod, {
      'pod of a class that is not there': { 'spec.priorityClassName': 'who' },
      'pod with a number': { 'spec.priority': 7 },
      'pod with a policy': { 'spec.preemptionPolicy': 'Never' },
    }),
    priorities.delete('priority usual goes', 'priority-usual'),
    runtimes.create('runtime vm', {
      handler: 'h',
      overhead: { podFixed: { cpu: '250m', memory: '120Mi' } },
      scheduling: {
        nodeSelector: { vm: 'true' },
        tolerations: [{ key: 'vm', operator: 'Exists', effect: 'NoSchedule' }],
      },
    }),
    ...pods.creates(pod, {
      'pod in a vm': { 'spec.runtimeClassName': 'runtime-vm', 'spec.nodeSelector': { disk: 'ssd' } },
      'pod in a runtime that is not there': { 'spec.runtimeClassName': 'who' },
      'pod with another selector': { 'spec.runtimeClassName': 'runtime-vm', 'spec.nodeSelector': { vm: 'false' } },
      'pod with another overhead': { 'spec.runtimeClassName': 'runtime-vm', 'spec.overhead': { cpu: '1' } },
      'pod with an overhead of its own': { 'spec.overhead': { cpu: '1' } },
    }),
    claims.create('claim without any class', claim),
    storages.create('storage usual', {
      metadata: { name: 'storage-usual', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'p',
    }),
    claims.create('claim of the default class', claim),
    claims.create('claim of no class', changed(claim, { 'spec.storageClassName': '' })),
    claims.patch('claim grows before it is bound', 'claim-of-the-default-class', {
      spec: { resources: { requests: { storage: '2Gi' } } },
    }),
    claims.patch('claim is bound', 'claim-of-the-default-class', { status: { phase: 'Bound' } }, 'status'),
    claims.patch('claim grows', 'claim-of-the-default-class', {
      spec: { resources: { requests: { storage: '2Gi' } } },
    }),
    volumes.create('volume with its finalizer', {
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp/x' } },
    }),
    storages.delete('storage usual goes', 'storage-usual'),
    ingressClasses.create('ingress usual', {
      metadata: { name: 'ingress-usual', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
      spec: { controller: 'example.com/c' },
    }),
    ingresses.create('ingress of the default class', { spec: { defaultBackend: backend } }),
    ingresses.create('ingress of a class', { spec: { defaultBackend: backend, ingressClassName: 'own' } }),
    ingressClasses.delete('ingress usual goes', 'ingress-usual'),
    accounts.create('account quiet', { automountServiceAccountToken: false, imagePullSecrets: [{ name: 'pull' }] }),
    accounts.create('account strict', {
      metadata: { name: 'account-strict', annotations: enforced },
      secrets: [{ name: 'a' }],
    }),
    ...pods.creates(pod, {
      'pod of the default account': {},
      'pod of a quiet account': { 'spec.serviceAccountName': 'account-quiet' },
      'pod that wants a token': {
        'spec.serviceAccountName': 'account-quiet',
        'spec.automountServiceAccountToken': true,
      },
      'pod that wants none': { 'spec.automountServiceAccountToken': false },
      'pod with its own mount': {
        'spec.volumes': [{ name: 'own', emptyDir: {} }],
        'spec.containers.0.volumeMounts': [mount],
      },
      'pod with an init container': { 'spec.initContainers': [{ name: 'a', image: 'i' }] },
      'pod of an account that is not there': { 'spec.serviceAccountName': 'who' },
      'secret that the account does not name': {
        'spec.serviceAccountName': 'account-strict',
        'spec.volumes': [{ name: 'v', secret: { secretName: 'b' } }],
      },
      'variable that the account does not name': {
        'spec.serviceAccountName': 'account-strict',
        'spec.containers.0.env': [{ name: 'E', valueFrom: { secretKeyRef: { name: 'b', key: 'k' } } }],
      },
      'mirror pod with an account': {
        'metadata.annotations': mirror,
        'spec.nodeName': 'n',
        'spec.serviceAccountName': 'default',
      },
      'mirror pod with a secret': {
        'metadata.annotations': mirror,
        'spec.nodeName': 'n',
        'spec.volumes': [{ name: 'v', secret: { secretName: 'b' } }],
      },
      'pod that tolerates some': {
        'spec.tolerations': [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
      },
    }),
    nodes.create('node', {}),
    nodes.create('node with taints', { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
    namespaces.delete('namespace default goes', 'default'),
    namespaces.delete('namespace kube-system goes', 'kube-system'),
    {
      title: 'pod in a namespace that is not there',
      method: 'POST',
      path: '/api/v1/namespaces/nowhere/pods',
      body: changed(pod, { 'metadata.name': 'p' }),
    },
  ],
};
