import { changed } from '../kind-case.ts';
import type { KindCase, KindGroup } from '../kind-case.ts';

type Json = Record<string, unknown>;
const applyType = 'application/apply-patch+yaml';
const mergeType = 'application/merge-patch+json';

/** Requests for the objects of one kind, by whom they come. */
class Writer {
  readonly #path: string;
  readonly #head: object;

  constructor(path: string, apiVersion: string, kind: string) {
    this.#path = path;
    this.#head = { apiVersion, kind };
  }

  #url(name: string, manager: string): string {
    return `${this.#path}${name && `/${name}`}${manager && `?fieldManager=${manager}`}`;
  }

  create(title: string, name: string, body: object, manager = 'creator'): KindCase {
    const metadata = { name, ...(body as { metadata?: object }).metadata };
    return { title, method: 'POST', path: this.#url('', manager), body: { ...this.#head, ...body, metadata } };
  }

  apply(title: string, name: string, body: object, manager = 'one'): KindCase {
    const [of = '', ...sub] = name.split('/');
    const metadata = { name: of, ...(body as { metadata?: object }).metadata };
    const path = this.#url([of, ...sub].join('/'), manager);
    return { title, method: 'PATCH', path, contentType: applyType, body: { ...this.#head, ...body, metadata } };
  }

  /** what is sent as it is: text */
  applyText(title: string, name: string, body: unknown, manager = 'one'): KindCase {
    return { title, method: 'PATCH', path: this.#url(name, manager), contentType: applyType, body };
  }

  patch(title: string, name: string, body: unknown, manager = 'patcher', contentType = mergeType): KindCase {
    return { title, method: 'PATCH', path: this.#url(name, manager), contentType, body };
  }

  put(title: string, name: string, of: string, changes: Readonly<Json>, manager = 'putter'): KindCase {
    const bodyOf: KindCase['bodyOf'] = (seen) =>
      changed(seen(of), { 'metadata.resourceVersion': undefined, ...changes });
    return { title, method: 'PUT', path: this.#url(name, manager), bodyOf };
  }

  get(title: string, name: string): KindCase {
    return { title, method: 'GET', path: this.#url(name, '') };
  }
}

const core = (resource: string, kind: string): Writer => new Writer(`/api/v1/namespaces/{ns}/${resource}`, 'v1', kind);
const configMaps = core('configmaps', 'ConfigMap');
const pods = core('pods', 'Pod');
const services = core('services', 'Service');
const secrets = core('secrets', 'Secret');
const endpoints = core('endpoints', 'Endpoints');
const events = core('events', 'Event');
const newEvents = new Writer('/apis/events.k8s.io/v1/namespaces/{ns}/events', 'events.k8s.io/v1', 'Event');
const deployments = new Writer('/apis/apps/v1/namespaces/{ns}/deployments', 'apps/v1', 'Deployment');
const nodes = new Writer('/api/v1/nodes', 'v1', 'Node');
const slices = new Writer(
  '/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices',
  'discovery.k8s.io/v1',
  'EndpointSlice',
);
const leases = new Writer('/apis/coordination.k8s.io/v1/namespaces/{ns}/leases', 'coordination.k8s.io/v1', 'Lease');
const roles = new Writer(
  '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles',
  'rbac.authorization.k8s.io/v1',
  'Role',
);

const labels = { app: 'x' };
const container = { name: 'c', image: 'i:1', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'a' }] };
const template = { metadata: { labels }, spec: { containers: [container] } };
const spec = { replicas: 1, selector: { matchLabels: labels }, template };
const richPod = {
  spec: {
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'k', operator: 'Exists' }],
    hostAliases: [{ ip: '10.9.9.9', hostnames: ['h'] }],
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: labels } },
    ],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
        },
      },
    },
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 'w', configMap: { name: 'cm', items: [{ key: 'a', path: 'b' }] } },
    ],
    containers: [
      {
        ...container,
        resources: { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: 1 } },
        ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP', name: 'udp' }],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
        livenessProbe: { httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'X', value: 'y' }] } },
        securityContext: { capabilities: { add: ['NET_ADMIN'] } },
        args: ['a', 'b'],
      },
    ],
    initContainers: [{ name: 'init', image: 'i' }],
  },
};

const created: readonly KindCase[] = [
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

const data = (values: object): Json => ({ data: values });
const applied: readonly KindCase[] = [
  configMaps.apply('apply creates', 'cm', data({ a: '1', b: '1' })),
  configMaps.apply('apply of the same', 'cm', data({ a: '1', b: '1' })),
  configMaps.apply('apply of the same by another', 'cm', data({ a: '1' }), 'two'),
  configMaps.apply('apply of less', 'cm', data({ b: '1' })),
  configMaps.apply('apply of less by another', 'cm', data({}), 'two'),
  configMaps.apply('apply of a conflict', 'cm', data({ b: '2', c: '3' }), 'two'),
  configMaps.apply('apply with force', 'cm', data({ b: '2', c: '3' }), 'two&force=true'),
  configMaps.patch('a patch takes over', 'cm', data({ c: '4', b: '5' }), 'three'),
  configMaps.apply('apply of two conflicts', 'cm', data({ b: '2', c: '3' }), 'two'),
  configMaps.patch('a patch of the same changes nothing', 'cm', data({ c: '4' }), 'four'),
  configMaps.patch('a patch to null', 'cm', data({ c: null }), 'five'),
  configMaps.apply('apply as a dry run', 'cm', data({ b: '9' }), 'six&force=true&dryRun=All'),
  configMaps.get('after the dry run', 'cm'),
  configMaps.apply('apply of nothing but a name', 'cm', {}, 'seven'),
  configMaps.apply('apply of an empty map', 'cm', data({}), 'eight'),
  configMaps.apply(
    'apply of finalizers',
    'cm',
    { metadata: { finalizers: ['example.com/b', 'example.com/a'] } },
    'fin',
  ),
  configMaps.apply(
    'apply of other finalizers',
    'cm',
    { metadata: { finalizers: ['example.com/c', 'example.com/a'] } },
    'gar',
  ),
  configMaps.apply('apply of fewer finalizers', 'cm', { metadata: { finalizers: ['example.com/b'] } }, 'fin'),
  configMaps.apply(
    'apply of labels',
    'cm',
    { metadata: { labels: { a: 'b', c: 'd' }, annotations: { x: 'y' } } },
    'lab',
  ),
  configMaps.apply('apply of other labels', 'cm', { metadata: { labels: { c: 'd' } } }, 'lab'),
  configMaps.apply('apply of an old version', 'cm', { metadata: { resourceVersion: '1' }, ...data({ z: '1' }) }, 'ver'),
  configMaps.apply(
    'apply of a version that creates',
    'versioned',
    { metadata: { resourceVersion: '1' }, ...data({ z: '1' }) },
    'ver',
  ),
  configMaps.apply('apply of another uid', 'cm', { metadata: { uid: '8f5e2a9c-0000-4000-8000-000000000000' } }, 'uid'),
  configMaps.apply(
    'apply of a uid that is not there',
    'nouid',
    { metadata: { uid: '8f5e2a9c-0000-4000-8000-000000000000' } },
    'uid',
  ),
  configMaps.apply('apply of managed fields', 'cm', { metadata: { managedFields: [] } }, 'mf'),
  configMaps.patch('managed fields reset by an empty entry', 'cm', { metadata: { managedFields: [{}] } }),
  configMaps.get('after the reset', 'cm'),
  configMaps.apply('apply after a reset', 'cm', data({ q: '1' }), 'again'),
  configMaps.patch('managed fields reset by an empty list', 'cm', { metadata: { managedFields: [] } }),
  configMaps.patch('a patch after a reset', 'cm', data({ r: '1' })),
  configMaps.patch('bad managed fields are passed over', 'cm', {
    metadata: { managedFields: [{ manager: 'x', operation: 'Bad' }] },
    data: { s: '1' },
  }),
  configMaps.patch('managed fields of a patch are taken', 'anon', {
    metadata: {
      managedFields: [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:zz': {} } },
        },
      ],
    },
    data: { s: '1' },
  }),
  configMaps.patch('managed fields of a version that is not served', 'anon', {
    metadata: {
      managedFields: [
        {
          manager: 'x',
          operation: 'Update',
          apiVersion: 'v9',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { 'f:s': {} } },
        },
      ],
    },
    data: { t: '1' },
  }),
  configMaps.patch(
    'managed fields removed by a JSON patch',
    'owned',
    [
      { op: 'remove', path: '/metadata/managedFields' },
      { op: 'add', path: '/data', value: { a: 'b' } },
    ],
    'json',
    'application/json-patch+json',
  ),
];

const refused: readonly KindCase[] = [
  configMaps.apply('no manager', 'bad', data({ a: '1' }), ''),
  configMaps.apply('a manager that is too long', 'bad', data({ a: '1' }), 'x'.repeat(129)),
  configMaps.apply('a manager with a line end', 'bad', data({ a: '1' }), 'a%0Ab'),
  configMaps.apply('a manager of a bell', 'bad', data({ a: '1' }), '%07'),
  configMaps.patch('force without apply', 'cm', data({}), 'x&force=true'),
  configMaps.patch('force false without apply', 'cm', data({}), 'x&force=false'),
  configMaps.apply('an unknown field', 'bad', { foo: 1 }),
  configMaps.apply('an unknown field of metadata', 'bad', { metadata: { foo: 1 } }),
  configMaps.apply('a value of another type', 'bad', data({ a: 1 })),
  configMaps.apply('a list for a map', 'bad', { data: ['a'] }),
  configMaps.apply('a map for a list', 'bad', { metadata: { finalizers: { a: 'b' } } }),
  configMaps.apply('a text for a boolean', 'bad', { immutable: 'x' }),
  configMaps.apply('a finalizer twice', 'bad', { metadata: { finalizers: ['example.com/a', 'example.com/a'] } }),
  configMaps.apply('a finalizer of null', 'bad', { metadata: { finalizers: [null] } }),
  configMaps.apply('another name', 'bad', { metadata: { name: 'other' } }),
  configMaps.apply('another namespace', 'bad', { metadata: { namespace: 'other' } }),
  configMaps.apply('a bad key', 'bad', data({ 'a b': '1' })),
  configMaps.applyText('no kind', 'bad', { apiVersion: 'v1', metadata: { name: 'bad' } }),
  configMaps.applyText('no version', 'bad', { kind: 'ConfigMap', metadata: { name: 'bad' } }),
  configMaps.applyText('another kind', 'bad', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad' } }),
  configMaps.applyText('another version', 'bad', {
    apiVersion: 'apps/v1',
    kind: 'ConfigMap',
    metadata: { name: 'bad' },
  }),
  configMaps.applyText('no name', 'bad', { apiVersion: 'v1', kind: 'ConfigMap' }),
  configMaps.applyText('nothing at all', 'bad', ''),
  configMaps.applyText('a list', 'bad', '[1]'),
  configMaps.applyText('a text', 'bad', 'abc'),
  configMaps.applyText('broken YAML', 'bad', 'a: [\n'),
  configMaps.applyText(
    'YAML with a key twice',
    'twice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: "1"\n  a: "2"\n',
    'm',
  ),
  configMaps.applyText(
    'YAML with a key twice, strictly',
    'thrice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: thrice\ndata:\n  a: "1"\n  a: "2"\n',
    'm&fieldValidation=Strict',
  ),
  configMaps.applyText(
    'YAML with a key twice, ignored',
    'thrice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: thrice\ndata:\n  a: "1"\n  a: "2"\n',
    'm&fieldValidation=Ignore',
  ),
  { ...configMaps.applyText('apply in CBOR', 'bad', 'x'), contentType: 'application/apply-patch+cbor' },
  { ...configMaps.applyText('a patch of no kind', 'bad', 'x'), contentType: 'application/x' },
  pods.apply('a container twice', 'bad', { spec: { containers: [container, container] } }),
  pods.apply('a container without a name', 'bad', { spec: { containers: [{ image: 'x' }] } }),
  pods.apply('a port that is a text', 'bad', {
    spec: { containers: [{ name: 'c', ports: [{ containerPort: 'x' }] }] },
  }),
  pods.apply('a bad quantity', 'bad', {
    spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: 'x' } } }] },
  }),
];

const workloads: readonly KindCase[] = [
  deployments.apply('a deployment by apply', 'dep', { spec, metadata: { labels } }),
  deployments.apply('the same deployment', 'dep', { spec, metadata: { labels } }),
  deployments.apply('a container more', 'dep', {
    spec: changed(spec, { 'template.spec.containers': [{ name: 'first', image: 'f' }, container] }),
  }),
  deployments.apply(
    'a container of another',
    'dep',
    { spec: { template: { spec: { containers: [{ name: 'side', image: 's' }] } } } },
    'sidecar',
  ),
  deployments.apply('a container less', 'dep', { spec }),
  deployments.apply('another order', 'dep', {
    spec: changed(spec, {
      'template.spec.containers': [{ name: 'z', image: 'z' }, container, { name: 'a', image: 'a' }],
    }),
  }),
  deployments.apply('a port more, another env', 'dep', {
    spec: changed(spec, {
      'template.spec.containers': [
        {
          ...container,
          env: [{ name: 'B', value: 'b' }],
          ports: [{ containerPort: 80 }, { containerPort: 81, protocol: 'UDP' }],
        },
      ],
    }),
  }),
  deployments.apply('resources and the replicas left out', 'dep', {
    spec: changed(spec, {
      replicas: undefined,
      'template.spec.containers': [{ ...container, resources: { limits: { cpu: '1', memory: '1Gi' } } }],
    }),
  }),
  deployments.apply('a strategy', 'dep', {
    spec: { ...spec, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
  }),
  deployments.apply('another strategy', 'dep', { spec: { ...spec, strategy: { type: 'Recreate' } } }),
  deployments.apply(
    'status by apply to the object is passed over',
    'dep',
    { spec, status: { replicas: 3 } },
    'one&force=true',
  ),
  deployments.apply(
    'status by apply',
    'dep/status',
    { status: { replicas: 3, conditions: [{ type: 'Available', status: 'True' }] } },
    'ctl',
  ),
  deployments.apply(
    'status by apply with labels',
    'dep/status',
    { metadata: { labels: { z: 'z' }, annotations: { q: 'q' } }, status: { replicas: 4 } },
    'ctl',
  ),
  deployments.apply('status by apply, a conflict', 'dep/status', { status: { replicas: 5 } }, 'ctl2'),
  deployments.patch(
    'status by a patch',
    'dep/status',
    { status: { replicas: 6 }, metadata: { annotations: { w: 'w' } } },
    'upd',
  ),
  deployments.apply('status of what is not there', 'absent/status', { status: { replicas: 3 } }, 'ctl'),
  deployments.get('scale', 'dep/scale'),
  deployments.patch('scale by a patch', 'dep/scale', { spec: { replicas: 7 } }, 'scaler'),
  deployments.get('after scale by a patch', 'dep'),
  deployments.applyText(
    'scale by apply, a conflict',
    'dep/scale',
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'dep' }, spec: { replicas: 8 } },
    'hpa',
  ),
  deployments.applyText(
    'scale by apply with force',
    'dep/scale',
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'dep' }, spec: { replicas: 8 } },
    'hpa&force=true',
  ),
  deployments.get('after scale by apply', 'dep'),
  deployments.applyText(
    'scale by apply of a deployment',
    'dep/scale',
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'dep' }, spec: { replicas: 8 } },
    'hpa&force=true',
  ),
  deployments.applyText(
    'scale by apply of what is not there',
    'absent/scale',
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'absent' }, spec: { replicas: 8 } },
    'hpa&force=true',
  ),
  deployments.put('scale by put', 'dep/scale', 'scale', { 'spec.replicas': 2 }, 'scaleput'),
  deployments.get('after scale by put', 'dep'),
  deployments.apply('a conflict with scale', 'dep', { spec }),
  services.apply('a service by apply', 'svca', {
    spec: {
      selector: labels,
      ports: [
        { port: 80, name: 'a' },
        { port: 81, name: 'b' },
      ],
    },
  }),
  services.apply('a service with other ports', 'svca', {
    spec: {
      selector: labels,
      ports: [
        { port: 82, name: 'c' },
        { port: 81, name: 'b' },
      ],
    },
  }),
  services.apply(
    'a service by another',
    'svca',
    { spec: { ports: [{ port: 83, name: 'd' }], selector: { app: 'y' } } },
    'two',
  ),
  services.apply(
    'a service by another with force',
    'svca',
    { spec: { ports: [{ port: 83, name: 'd' }], selector: { app: 'y' } } },
    'two&force=true',
  ),
  services.apply(
    'a load balancer status',
    'svca/status',
    {
      status: {
        loadBalancer: { ingress: [{ ip: '1.1.1.1' }] },
        conditions: [
          { type: 'a', status: 'True', reason: 'r', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      },
    },
    'lb',
  ),
  pods.apply('a pod by apply', 'poda', richPod),
  pods.apply('a pod by apply with another image', 'poda', changed(richPod, { 'spec.containers.0.image': 'i:3' })),
  pods.apply(
    'a pod by apply with what cannot change',
    'poda',
    changed(richPod, { 'spec.nodeSelector': { other: 'x' } }),
  ),
  roles.apply('a role by apply', 'rolea', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  roles.apply(
    'a role by another',
    'rolea',
    { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] },
    'two',
  ),
  nodes.apply(
    'a node by apply',
    'apply-node',
    { metadata: { labels: { q: 'r' } }, spec: { taints: [{ key: 'b', effect: 'NoExecute' }] } },
    'one',
  ),
  nodes.apply(
    'node conditions by apply',
    'apply-node/status',
    {
      status: {
        conditions: [{ type: 'Disk', status: 'False' }],
        addresses: [{ type: 'InternalIP', address: '1.1.1.1' }],
      },
    },
    'npd',
  ),
  nodes.apply('a node by apply without taints', 'apply-node', {}, 'one'),
];

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
const others: readonly KindCase[] = [
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

const note = 'kubectl.kubernetes.io/last-applied-configuration';
const config = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'csa', namespace: 'k-apply' },
  data: { a: '1', b: '<x>' },
};
const migration: readonly KindCase[] = [
  configMaps.create(
    'client-side apply',
    'csa',
    { ...config, metadata: { ...config.metadata, annotations: { [note]: `${JSON.stringify(config)}\n` } } },
    'kubectl-client-side-apply',
  ),
  configMaps.apply('server-side apply after it', 'csa', { ...config, data: { a: '2', b: '<x>' } }, 'kubectl'),
  configMaps.patch('another writes in between', 'csa', data({ b: 'other' }), 'other'),
  configMaps.apply('server-side apply meets the other', 'csa', { ...config, data: { a: '3', b: '<x>' } }, 'kubectl'),
  configMaps.apply('server-side apply under another name', 'csa', { ...config, data: { a: '4' } }, 'tool'),
  configMaps.apply(
    'server-side apply with force keeps the note',
    'csa',
    { ...config, data: { b: 'é"' } },
    'kubectl&force=true',
  ),
];

/** Server-side apply and managedFields. */
export const applyGroup: KindGroup = {
  name: 'apply',
  managedFields: true,
  cases: [...created, ...applied, ...refused, ...workloads, ...others, ...migration],
};
