import { ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const api = '/apis/admissionregistration.k8s.io/v1';
const validating = new ResourceCases(`${api}/validatingwebhookconfigurations`);
const mutating = new ResourceCases(`${api}/mutatingwebhookconfigurations`);
const policies = new ResourceCases(`${api}/validatingadmissionpolicies`);
const bindings = new ResourceCases(`${api}/validatingadmissionpolicybindings`);
const mutatingPolicies = new ResourceCases(`${api}/mutatingadmissionpolicies`);
const mutatingBindings = new ResourceCases(`${api}/mutatingadmissionpolicybindings`);

/** of a group that there is not: nothing is ever sent to them */
const rule = { operations: ['CREATE'], apiGroups: ['never.io'], apiVersions: ['v1'], resources: ['things'] };
const hook = {
  name: 'a.b.c',
  clientConfig: { url: 'https://127.0.0.1:1/x' },
  rules: [rule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const hooks = { webhooks: [hook] };
const at = 'webhooks.0';

const hookRows = {
  'without webhooks': { webhooks: undefined },
  'without a name': { [`${at}.name`]: '' },
  'with a short name': { [`${at}.name`]: 'a.b' },
  'with a bad name': { [`${at}.name`]: 'A_.b.c' },
  'with a name twice': { 'webhooks.1': hook },
  'with side effects': { [`${at}.sideEffects`]: 'Some' },
  'without a word of side effects': { [`${at}.sideEffects`]: undefined },
  'with an unknown policy': { [`${at}.failurePolicy`]: 'Hope', [`${at}.matchPolicy`]: 'Roughly' },
  'without a client': { [`${at}.clientConfig`]: {} },
  'with two clients': { [`${at}.clientConfig.service`]: { name: 's', namespace: 'n' } },
  'with a service': { [`${at}.clientConfig`]: { service: { name: 's', namespace: 'n', path: '/a' } } },
  'with a bad service': {
    [`${at}.clientConfig`]: { service: { name: '', namespace: '', path: 'a//b_', port: 70000 } },
  },
  'with a bad url': { [`${at}.clientConfig.url`]: 'http://u:p@h/x?q=1#f' },
  'with a url without a host': { [`${at}.clientConfig.url`]: 'https:///x' },
  'with a rule of nothing': { [`${at}.rules`]: [{}] },
  'with stars and more': {
    [`${at}.rules`]: [
      { operations: ['*', 'CREATE'], apiGroups: ['*', 'a'], apiVersions: ['*', 'v1'], resources: ['*', 'b', '*/*'] },
    ],
  },
  'with bad rules': {
    [`${at}.rules`]: [
      {
        operations: ['READ'],
        apiGroups: ['never.io'],
        apiVersions: [''],
        resources: ['a/*', 'a/b', '*/c', 'd/c', ''],
        scope: 'Planet',
      },
    ],
  },
  'with no time': { [`${at}.timeoutSeconds`]: 0 },
  'with much time': { [`${at}.timeoutSeconds`]: 31 },
  'without versions': { [`${at}.admissionReviewVersions`]: [] },
  'with unknown versions': { [`${at}.admissionReviewVersions`]: ['v2', 'v2', 'V'] },
  'with a bad selector': { [`${at}.namespaceSelector`]: { matchLabels: { 'a b': 'c d' } } },
  'with conditions': { [`${at}.matchConditions`]: [{ name: 'a', expression: 'object.metadata.name == "x"' }] },
  'with bad conditions': {
    [`${at}.matchConditions`]: [
      { name: '', expression: '' },
      { name: 'a b', expression: 'true' },
      { name: 'c', expression: 'true' },
      { name: 'c', expression: 'true' },
    ],
  },
};
const prefixed = (prefix: string) =>
  Object.fromEntries(Object.entries(hookRows).map(([title, changes]) => [`${prefix} ${title}`, changes]));

const hookCases = [
  validating.create('validating hooks', hooks),
  ...validating.creates(hooks, prefixed('validating hooks')),
  validating.put('validating hooks without a version', 'validating hooks', {}),
  validating.patch('validating hooks change', 'validating-hooks', { webhooks: [{ ...hook, timeoutSeconds: 5 }] }),
  validating.table('validating hooks as a table', 'validating-hooks'),
  mutating.create('mutating hooks', hooks),
  mutating.create('mutating hooks that are asked again', { webhooks: [{ ...hook, reinvocationPolicy: 'IfNeeded' }] }),
  mutating.create('mutating hooks that are asked for ever', { webhooks: [{ ...hook, reinvocationPolicy: 'Always' }] }),
  ...mutating.creates(hooks, prefixed('mutating hooks')),
  mutating.table('mutating hooks as a table', 'mutating-hooks'),
];

const policy = { spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'true' }] } };
const policyCases = [
  policies.create('policy', policy),
  ...policies.creates(policy, {
    'policy of nothing': { spec: {} },
    'policy without rules': { 'spec.matchConstraints.resourceRules': [] },
    'policy with an unknown failure': { 'spec.failurePolicy': 'Hope' },
    'policy with parameters': { 'spec.paramKind': { apiVersion: 'v1', kind: 'ConfigMap' } },
    'policy with bad parameters': { 'spec.paramKind': { apiVersion: 'A_/b/c', kind: 'a b' } },
    'policy with half parameters': { 'spec.paramKind': { apiVersion: 'A_/V_' } },
    'policy with bad variables': { 'spec.variables': [{ name: '', expression: '' }] },
    'policy with an empty validation': {
      'spec.validations': [{ expression: ' ', message: ' ', messageExpression: ' ', reason: 'Because' }],
    },
    'policy with a long message': { 'spec.validations': [{ expression: 'true', message: 'a\nb' }] },
    'policy with annotations': {
      'spec.validations': undefined,
      'spec.auditAnnotations': [{ key: 'k', valueExpression: "'v'" }],
    },
    'policy with bad annotations': {
      'spec.auditAnnotations': [
        { key: 'a b', valueExpression: '' },
        { key: 'c', valueExpression: "'v'" },
        { key: 'c', valueExpression: "'v'" },
      ],
    },
    'policy with bad names': { 'spec.matchConstraints.resourceRules.0.resourceNames': ['a/b', 'c', 'c'] },
    'policy with rules to leave out': { 'spec.matchConstraints.excludeResourceRules': [{ ...rule, operations: [] }] },
  }),
  policies.patch('policy changes', 'policy', { spec: { validations: [{ expression: 'false' }] } }),
  policies.patch(
    'policy gets a status',
    'policy',
    {
      metadata: { labels: { a: 'b' } },
      status: { observedGeneration: 2, typeChecking: { expressionWarnings: [{ fieldRef: 'spec', warning: 'w' }] } },
    },
    'status',
  ),
  policies.patch(
    'policy gets a bad status',
    'policy',
    {
      status: {
        conditions: [{ type: '', status: 'Maybe', reason: 'a b' }],
        typeChecking: { expressionWarnings: [{}] },
      },
    },
    'status',
  ),
  policies.table('policy as a table', 'policy'),
  bindings.create('binding', { spec: { policyName: 'policy', validationActions: ['Deny'] } }),
  ...bindings.creates(
    { spec: { policyName: 'p', validationActions: ['Audit'] } },
    {
      'binding of nothing': { spec: {} },
      'binding of a bad name': { 'spec.policyName': 'P_' },
      'binding with parameters': { 'spec.paramRef': { name: 'a', namespace: 'n', parameterNotFoundAction: 'Deny' } },
      'binding with bad parameters': {
        'spec.paramRef': { name: 'a/b', selector: {}, parameterNotFoundAction: 'Hope' },
      },
      'binding with empty parameters': { 'spec.paramRef': {} },
      'binding with actions that clash': { 'spec.validationActions': ['Deny', 'Warn', 'Warn', 'Sing'] },
      'binding with a match': { 'spec.matchResources': { resourceRules: [rule] } },
      'binding with a bad match': { 'spec.matchResources': { matchPolicy: 'Roughly', resourceRules: [{}] } },
    },
  ),
  bindings.table('binding as a table', 'binding'),
];

const mutation = {
  patchType: 'JSONPatch',
  jsonPatch: { expression: '[JSONPatch{op: "add", path: "/x", value: "y"}]' },
};
const mutatingPolicy = {
  spec: { matchConstraints: { resourceRules: [rule] }, mutations: [mutation], reinvocationPolicy: 'Never' },
};
const mutatingCases = [
  mutatingPolicies.create('mutating policy', mutatingPolicy),
  ...mutatingPolicies.creates(mutatingPolicy, {
    'mutating policy of nothing': { spec: {} },
    'mutating policy of deletions': { 'spec.matchConstraints.resourceRules.0.operations': ['DELETE'] },
    'mutating policy without a type': { 'spec.mutations': [{}] },
    'mutating policy of an unknown type': { 'spec.mutations': [{ patchType: 'Magic' }] },
    'mutating policy with the other patch': {
      'spec.mutations': [{ patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }],
    },
    'mutating policy with an empty patch': {
      'spec.mutations': [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: ' ' } }],
    },
    'mutating policy that is asked for ever': { 'spec.reinvocationPolicy': 'Always' },
  }),
  mutatingPolicies.table('mutating policy as a table', 'mutating-policy'),
  mutatingBindings.create('mutating binding', { spec: { policyName: 'mutating-policy' } }),
  mutatingBindings.create('mutating binding of nothing', { spec: {} }),
  mutatingBindings.create('mutating binding of deletions', {
    spec: { policyName: 'p', matchResources: { resourceRules: [{ ...rule, operations: ['DELETE'] }] } },
  }),
  mutatingBindings.table('mutating binding as a table', 'mutating-binding'),
];

export const registrationGroup: KindGroup = {
  name: 'registration',
  cases: [...hookCases, ...policyCases, ...mutatingCases],
};
