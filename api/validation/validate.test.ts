import t from 'tap';
import { normalizeObject } from '../codec/body.ts';
import { applyDefaults } from '../defaults/defaults.ts';
import { clone } from '../meta/clone.ts';
import { errorText } from '../meta/field-error.ts';
import type { GroupVersionKind } from '../schema/schema.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from './validate.ts';

type Json = Record<string, unknown>;
const of = (kind: string, group = ''): GroupVersionKind => ({ group, version: 'v1', kind });
const pod = of('Pod');
const deployment = of('Deployment', 'apps');
const service = of('Service');

const meta = { name: 'x', namespace: 'default', uid: 'u', resourceVersion: '1' };
function object(gvk: GroupVersionKind, fields: Json, metadata: Json = meta): Json {
  return applyDefaults(normalizeObject({ metadata, ...fields }, gvk), gvk);
}
const podWith = (spec: Json): Json => object(pod, { spec: { containers: [{ name: 'c', image: 'i' }], ...spec } });
const container = (fields: Json): Json => podWith({ containers: [{ name: 'c', image: 'i', ...fields }] });
const texts = (gvk: GroupVersionKind, subject: Json): string[] => validateCreate(gvk, subject).map(errorText);

void t.test('pods on create', (t) => {
  const cases: [name: string, object: Json, errors: string[]][] = [
    ['fine', podWith({}), []],
    ['no image', podWith({ containers: [{ name: 'c' }] }), ['spec.containers[0].image: Required value']],
    [
      'image padded',
      container({ image: ' i' }),
      ['spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace'],
    ],
    ['no name', podWith({ containers: [{ image: 'i' }] }), ['spec.containers[0].name: Required value']],
    [
      'restart policy',
      podWith({ restartPolicy: 'Maybe' }),
      ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'pull policy',
      container({ imagePullPolicy: 'X' }),
      [
        'spec.containers[0].imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"',
      ],
    ],
    [
      'mount without volume',
      container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ],
    [
      'two volume types',
      podWith({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }),
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'twice the volume',
      podWith({ volumes: [{ name: 'v' }, { name: 'v' }] }),
      ['spec.volumes[1].name: Duplicate value: "v"'],
    ],
    [
      'request above limit',
      container({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'negative limit',
      container({ resources: { limits: { cpu: '-1' } } }),
      [
        'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
        'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    [
      'probe without handler',
      container({ livenessProbe: {} }),
      ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    ],
    [
      'probe port',
      container({ readinessProbe: { tcpSocket: { port: 0 } } }),
      ['spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive'],
    ],
    [
      'liveness threshold',
      container({ livenessProbe: { exec: { command: ['x'] }, successThreshold: 2 } }),
      ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
    ],
    [
      'env without source',
      container({ env: [{ name: 'A', valueFrom: {} }] }),
      [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ],
    ],
    [
      'env field',
      container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] }),
      [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      ],
    ],
    [
      'toleration',
      podWith({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }),
      ['spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\''],
    ],
    [
      'host ports taken twice',
      podWith({
        containers: [
          { name: 'a', image: 'i', ports: [{ containerPort: 1, hostPort: 80 }] },
          { name: 'b', image: 'i', ports: [{ containerPort: 2, hostPort: 80 }] },
        ],
      }),
      ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
    ],
    ['grace of null', { ...podWith({}), metadata: { ...meta, namespace: '' } }, ['metadata.namespace: Required value']],
    [
      'ephemeral containers',
      podWith({ ephemeralContainers: [{ name: 'e', image: 'i' }] }),
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
    [
      'probe of an init container',
      podWith({ initContainers: [{ name: 'i', image: 'i', livenessProbe: { exec: { command: ['x'] } } }] }),
      [
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'node affinity',
      podWith({
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
      }),
      [
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
      ],
    ],
  ];
  for (const [name, subject, errors] of cases) t.same(texts(pod, subject), errors, name);
  t.end();
});

void t.test('pod updates may change little', (t) => {
  const old = podWith({ tolerations: [{ key: 'a', operator: 'Exists' }] });
  const changed = (change: (spec: Json) => void): string[] => {
    const now = clone(old);
    change(now['spec'] as Json);
    return validateUpdate(pod, now, old).map((e) => errorText(e).split('\n')[0] as string);
  };
  t.same(
    changed(() => undefined),
    [],
  );
  t.same(
    changed((spec) => ((spec['containers'] as Json[])[0]!['image'] = 'j')),
    [],
    'the image',
  );
  t.same(
    changed((spec) => (spec['tolerations'] as Json[]).push({ key: 'b', operator: 'Exists' })),
    [],
    'a new toleration',
  );
  t.same(
    changed((spec) => (spec['activeDeadlineSeconds'] = 5)),
    [],
    'a deadline',
  );
  t.match(
    changed((spec) => (spec['nodeName'] = 'n')),
    [/^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/],
  );
  t.same(
    changed((spec) => (spec['tolerations'] = [])),
    ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
  );
  t.same(
    changed((spec) => (spec['containers'] as Json[]).push({ name: 'd', image: 'i' })).at(-1),
    'spec.containers: Forbidden: pod updates may not add or remove containers',
  );
  t.end();
});

void t.test('deployments', (t) => {
  const spec = (labels: Json, selector: Json | null, more: Json = {}): Json =>
    object(deployment, {
      spec: {
        selector,
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
        ...more,
      },
    });
  const fine = spec({ a: 'b' }, { matchLabels: { a: 'b' } });
  const cases: [name: string, object: Json, errors: string[]][] = [
    ['fine', fine, []],
    [
      'no selector',
      spec({ a: 'b' }, null),
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: map[string]string{"a":"b"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'labels that do not fit',
      spec({ a: 'c' }, { matchLabels: { a: 'b' } }),
      [
        'spec.template.metadata.labels: Invalid value: map[string]string{"a":"c"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'surge of 150%',
      spec({ a: 'b' }, { matchLabels: { a: 'b' } }, { strategy: { rollingUpdate: { maxUnavailable: '150%' } } }),
      [
        'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"150%"}: must not be greater than 100%',
      ],
    ],
    [
      'recreate with parameters',
      spec({ a: 'b' }, { matchLabels: { a: 'b' } }, { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'deadline',
      spec({ a: 'b' }, { matchLabels: { a: 'b' } }, { progressDeadlineSeconds: 5, minReadySeconds: 5 }),
      ['spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds'],
    ],
  ];
  for (const [name, subject, errors] of cases) t.same(texts(deployment, subject), errors, name);
  const other = spec({ a: 'c' }, { matchLabels: { a: 'c' } });
  t.same(validateUpdate(deployment, other, fine).map(errorText), [
    'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"a":"c"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
  ]);
  const status = { ...fine, status: { replicas: 1, readyReplicas: 2 } };
  t.same(validateStatusUpdate(deployment, status, fine).map(errorText), [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
  ]);
  t.end();
});

void t.test('services', (t) => {
  const spec = (more: Json): Json =>
    object(service, { spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ port: 80 }], ...more } });
  const cases: [name: string, object: Json, errors: string[]][] = [
    ['fine', spec({}), []],
    ['headless without ports', spec({ clusterIP: 'None', clusterIPs: ['None'], ports: [] }), []],
    ['no ports', spec({ ports: [] }), ['spec.ports: Required value']],
    [
      'unnamed ports',
      spec({ ports: [{ port: 1 }, { port: 2 }] }),
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    [
      'type',
      spec({ type: 'X' }),
      ['spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
    ],
    [
      'node port of a ClusterIP',
      spec({ ports: [{ port: 1, nodePort: 30000 }] }),
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'two v4 addresses',
      spec({ clusterIPs: ['10.0.0.1', '10.0.0.2'] }),
      [
        'spec.clusterIPs: Invalid value: []string{"10.0.0.1", "10.0.0.2"}: may specify no more than one IP for each IP family',
      ],
    ],
    [
      'traffic policy',
      spec({ externalTrafficPolicy: 'Local' }),
      ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
    ],
  ];
  for (const [name, subject, errors] of cases) t.same(texts(service, subject), errors, name);
  t.same(validateUpdate(service, spec({ clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9'] }), spec({})).map(errorText), [
    'spec.clusterIPs[0]: Invalid value: []string{"10.0.0.9"}: may not change once set',
  ]);
  t.end();
});

void t.test('configuration', (t) => {
  const secret = of('Secret');
  const config = of('ConfigMap');
  const tls = object(secret, { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } });
  t.same(texts(secret, tls), ['data[tls.key]: Required value']);
  t.same(
    texts(secret, object(secret, { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'eA==' } }))
      .length,
    1,
  );
  t.same(texts(config, object(config, { data: { '..a': '', b: '' }, binaryData: { b: '' } })), [
    'data[..a]: Invalid value: "..a": must not start with \'..\'',
    'data[b]: Invalid value: "b": duplicate of key present in binaryData',
  ]);
  const big = object(config, { data: { a: 'x'.repeat(1024 * 1024 + 1) } });
  t.same(texts(config, big), ['[]: Too long: may not be more than 1048576 bytes']);
  const opaque = object(secret, { data: { a: 'YQ==' }, immutable: true });
  const changed = object(secret, { data: { a: 'Yg==' }, immutable: true, type: 'x/y' });
  t.same(validateUpdate(secret, changed, opaque).map(errorText), [
    'type: Invalid value: "x/y": field is immutable',
    'data: Forbidden: field is immutable when `immutable` is set',
  ]);
  t.end();
});

void t.test('metadata on create and update', (t) => {
  const config = of('ConfigMap');
  const withMeta = (metadata: Json): Json => object(config, {}, metadata);
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true };
  const cases: [name: string, metadata: Json, errors: string[]][] = [
    ['no name', { namespace: 'n' }, ['metadata.name: Required value: name or generateName is required']],
    [
      'two controllers',
      { ...meta, ownerReferences: [owner, { ...owner, name: 'q' }] },
      [
        'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Pod","name":"p","uid":"u","controller":true},{"apiVersion":"v1","kind":"Pod","name":"q","uid":"u","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q',
      ],
    ],
    [
      'owner without uid',
      { ...meta, ownerReferences: [{ ...owner, uid: '' }] },
      ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
    ],
    [
      'finalizer',
      { ...meta, finalizers: ['x'] },
      [
        'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      'annotations too large',
      { ...meta, annotations: { a: 'x'.repeat(256 * 1024) } },
      ['metadata.annotations: Too long: may not be more than 262144 bytes'],
    ],
  ];
  for (const [name, metadata, errors] of cases) t.same(texts(config, withMeta(metadata)), errors, name);
  const now = withMeta({ ...meta, name: 'y', resourceVersion: '', finalizers: ['a/b'] });
  const old = withMeta({ ...meta, deletionTimestamp: '2026-01-01T00:00:00Z' });
  t.same(validateUpdate(config, now, old).map(errorText), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a/b"}',
    'metadata.resourceVersion: Invalid value: "": must be specified for an update',
    'metadata.name: Invalid value: "y": field is immutable',
    'metadata.deletionTimestamp: Invalid value: "": field is immutable',
  ]);
  t.end();
});

void t.test('endpoints, leases, events, nodes and namespaces', (t) => {
  const cases: [name: string, gvk: GroupVersionKind, object: Json, errors: string[]][] = [
    [
      'slice without address',
      of('EndpointSlice', 'discovery.k8s.io'),
      object(of('EndpointSlice', 'discovery.k8s.io'), { addressType: 'IPv4', endpoints: [{ addresses: [] }] }),
      ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    ],
    [
      'slice of the wrong family',
      of('EndpointSlice', 'discovery.k8s.io'),
      object(of('EndpointSlice', 'discovery.k8s.io'), { addressType: 'IPv4', endpoints: [{ addresses: ['::2'] }] }),
      ['endpoints[0].addresses: Invalid value: "::2": must be an IPv4 address'],
    ],
    [
      'loopback endpoint',
      of('Endpoints'),
      object(of('Endpoints'), { subsets: [{ addresses: [{ ip: '127.0.0.1' }] }] }),
      [
        'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
    [
      'lease',
      of('Lease', 'coordination.k8s.io'),
      object(of('Lease', 'coordination.k8s.io'), { spec: { leaseDurationSeconds: 0 } }),
      ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    ],
    [
      'event',
      of('Event'),
      object(of('Event'), { involvedObject: { namespace: 'other' } }),
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [
      'node taints',
      of('Node'),
      object(of('Node'), { spec: { taints: [{ key: 'a', effect: 'X' }] } }, { name: 'n' }),
      [
        'metadata.taints[0].effect: Unsupported value: "X": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
    [
      'namespace with a namespace',
      of('Namespace'),
      object(of('Namespace'), {}, { name: 'n', namespace: 'm' }),
      ['metadata.namespace: Forbidden: not allowed on this type'],
    ],
  ];
  for (const [name, gvk, subject, errors] of cases) t.same(texts(gvk, subject), errors, name);
  t.end();
});
