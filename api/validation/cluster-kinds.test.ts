/** One row a rule: a kind that is fine, changed at one place, and what a real server says of it. */
import t from 'tap';
import { applyDefaults } from '../defaults/defaults.ts';
import { utf8ToBase64 } from '../meta/base64.ts';
import { errorText } from '../meta/field-error.ts';
import { validateCreate, validateStatusUpdate, validateSubresourceUpdate, validateUpdate } from './validate.ts';

const gvkOf = (apiVersion: string, kind: string) => {
  const [group = '', version = ''] = apiVersion.split('/');
  return { group, version, kind };
};
const storage = 'storage.k8s.io/v1';
const flow = 'flowcontrol.apiserver.k8s.io/v1';
const csr = 'certificates.k8s.io/v1';

const subjects = [{ kind: 'Group', group: { name: 'g' } }];
const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] };
const schema = (more: object) => ({ priorityLevelConfiguration: { name: 'l' }, ...more });
const limited = (more: object) => ({ type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...more } });
const queuing = (more: object) => limited({ limitResponse: { type: 'Queue', queuing: more } });
const request = (more: object) => ({ usages: ['client auth'], signerName: 'example.com/s', request: '', ...more });
const service = (more: object) => ({
  group: 'a.io',
  version: 'v1',
  groupPriorityMinimum: 1,
  versionPriority: 1,
  ...more,
});

const cases: [apiVersion: string, kind: string, object: object, errors: string[]][] = [
  [storage, 'StorageClass', { provisioner: 'a.io/b' }, []],
  [storage, 'StorageClass', {}, ['provisioner: Required value']],
  [
    storage,
    'StorageClass',
    { provisioner: 'a', reclaimPolicy: 'Recycle', volumeBindingMode: 'Later' },
    [
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
  ],
  [
    storage,
    'StorageClass',
    { provisioner: 'a', allowedTopologies: [{ matchLabelExpressions: [{ key: 'z', values: ['a', 'a'] }] }] },
    ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"'],
  ],
  [
    storage,
    'VolumeAttributesClass',
    { driverName: 'a' },
    ['parameters: Required value: must contain at least one key/value pair'],
  ],
  [storage, 'CSIDriver', {}, []],
  [
    storage,
    'CSIDriver',
    { spec: { volumeLifecycleModes: ['Never'], tokenRequests: [{ audience: 'a', expirationSeconds: 1 }] } },
    [
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      'spec.volumeLifecycleModes: Unsupported value: "Never": supported values: "Persistent", "Ephemeral"',
    ],
  ],
  [
    storage,
    'CSINode',
    { spec: { drivers: [{ name: 'd', nodeID: '', topologyKeys: ['k', 'k'] }] } },
    ['spec.drivers[0].nodeID: Required value', 'spec.drivers[0]: Duplicate value: "k"'],
  ],
  [
    storage,
    'VolumeAttachment',
    { spec: { attacher: 'a.io', nodeName: 'n', source: {} } },
    ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
  ],
  ['scheduling.k8s.io/v1', 'PriorityClass', { value: 1e9 }, []],
  [
    'scheduling.k8s.io/v1',
    'PriorityClass',
    { value: 1e9 + 1, preemptionPolicy: 'Always' },
    [
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
      'preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
    ],
  ],
  [
    'scheduling.k8s.io/v1',
    'PriorityClass',
    { metadata: { name: 'system-x' }, value: 1 },
    [
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
    ],
  ],
  ['node.k8s.io/v1', 'RuntimeClass', { handler: 'runc' }, []],
  ['node.k8s.io/v1', 'RuntimeClass', { handler: '' }, ['handler: Required value']],
  [flow, 'FlowSchema', { spec: schema({ rules: [{ subjects, resourceRules: [rule] }] }) }, []],
  [
    flow,
    'FlowSchema',
    { spec: { matchingPrecedence: 1, distinguisherMethod: { type: 'ByDay' }, rules: [{}] } },
    [
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      'spec.distinguisherMethod.type: Unsupported value: flowcontrol.FlowDistinguisherMethod{Type:"ByDay"}: supported values: "ByNamespace", "ByUser"',
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
  ],
  [
    flow,
    'FlowSchema',
    {
      spec: schema({
        rules: [{ subjects, nonResourceRules: [{ verbs: ['*', 'get'], nonResourceURLs: ['a', '/a*'] }] }],
      }),
    },
    [
      `spec.rules[0].nonResourceRules[0].verbs: Invalid value: []string{"*", "get"}: if '*' is present, must not specify other verbs`,
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a*": wildcard can only do suffix matching',
    ],
  ],
  [
    flow,
    'FlowSchema',
    { spec: schema({ rules: [{ subjects: [{ kind: 'User', group: { name: 'g' } }], resourceRules: [rule] }] }) },
    [
      "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
      "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
    ],
  ],
  [flow, 'PriorityLevelConfiguration', { spec: limited({}) }, []],
  [
    flow,
    'PriorityLevelConfiguration',
    { spec: { type: 'Exempt' } },
    [`spec.type: Invalid value: "Exempt": must be 'Exempt' if and only if \`name\` is 'exempt'`],
  ],
  [
    flow,
    'PriorityLevelConfiguration',
    { spec: queuing({ queues: 512, handSize: 8 }) },
    [
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60',
    ],
  ],
  [csr, 'CertificateSigningRequest', { spec: request({}) }, []],
  [
    csr,
    'CertificateSigningRequest',
    { spec: request({ usages: ['any', 'any'], signerName: 'example', expirationSeconds: 1 }) },
    [
      'spec.usages[1]: Duplicate value: "any"',
      `spec.signerName: Invalid value: "example": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
      'spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ],
  [
    csr,
    'CertificateSigningRequest',
    { spec: request({ usages: [], signerName: 'kubernetes.io/legacy-unknown' }) },
    [
      'spec.usages: Required value',
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
  ],
  ['apiregistration.k8s.io/v1', 'APIService', { metadata: { name: 'v1.a.io' }, spec: service({}) }, []],
  [
    'apiregistration.k8s.io/v1',
    'APIService',
    { metadata: { name: 'x' }, spec: service({ groupPriorityMinimum: 0, insecureSkipTLSVerify: true }) },
    [
      'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.a.io"',
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
    ],
  ],
];

void t.test('kinds of the whole cluster are refused in a real server’s words', (t) => {
  for (const [apiVersion, kind, object, errors] of cases) {
    const gvk = gvkOf(apiVersion, kind);
    const whole = applyDefaults({ metadata: { name: 'x' }, ...structuredClone(object) }, gvk);
    t.same(validateCreate(gvk, whole).map(errorText), errors, `${kind}: ${errors[0] ?? 'fine'}`);
  }
  t.end();
});

const metadata = { name: 'x', resourceVersion: '1' };

void t.test('what is fixed at creation stays', (t) => {
  const update = (apiVersion: string, kind: string, after: object, before: object): string[] =>
    validateUpdate(gvkOf(apiVersion, kind), { metadata, ...after }, { metadata, ...before }).map(errorText);
  t.same(update(storage, 'StorageClass', { provisioner: 'b' }, { provisioner: 'a' }), [
    'provisioner: Invalid value: "b": field is immutable',
  ]);
  t.same(update('scheduling.k8s.io/v1', 'PriorityClass', { value: 2 }, { value: 1 }), [
    'value: Forbidden: may not be changed in an update.',
  ]);
  t.same(update('node.k8s.io/v1', 'RuntimeClass', { handler: 'b' }, { handler: 'a' }), [
    'handler: Invalid value: "b": field is immutable',
  ]);
  const driver = (count: number, nodeID = 'a') => ({
    spec: { drivers: [{ name: 'd', nodeID, allocatable: { count } }] },
  });
  t.same(update(storage, 'CSINode', driver(2), driver(1)), [], 'but for how many volumes a node takes');
  t.equal(update(storage, 'CSINode', driver(1, 'b'), driver(1)).length, 1);
  t.end();
});

const pem = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';

void t.test('a signing request is approved through /approval, and issued through /status', (t) => {
  const gvk = gvkOf(csr, 'CertificateSigningRequest');
  const condition = (type: string) => ({ type, status: 'True' });
  const old = { metadata, spec: request({}), status: {} };
  const approved = { ...old, status: { conditions: [condition('Approved')] } };
  const issued = { ...approved, status: { ...approved.status, certificate: utf8ToBase64(pem) } };
  const through = (subresource: string, after: object, before: object): string[] =>
    (subresource === ''
      ? validateUpdate(gvk, after, before)
      : validateSubresourceUpdate(gvk, subresource, after, before)
    ).map(errorText);
  t.same(through('approval', approved, old), []);
  t.same(through('status', issued, approved), []);
  const noAdd = ['status.conditions: Forbidden: updates may not add a condition of type "Approved"'];
  t.same(through('status', approved, old), noAdd);
  t.same(through('', approved, old), noAdd);
  t.same(through('approval', issued, approved), [
    'status.certificate: Forbidden: updates may not set certificate content',
  ]);
  t.same(through('approval', old, approved), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]);
  const both = { ...old, status: { conditions: [condition('Approved'), condition('Denied')] } };
  t.same(through('approval', both, approved), [
    'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ]);
  t.end();
});

void t.test('a status is checked for itself', (t) => {
  const conditions = [{ type: 'a' }, { type: 'a' }];
  const object = { metadata, status: { conditions } };
  t.same(validateStatusUpdate(gvkOf(flow, 'FlowSchema'), object, { metadata }).map(errorText), [
    'status.conditions[1].type: Duplicate value: "a"',
  ]);
  t.end();
});
