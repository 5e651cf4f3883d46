/** What configures admission: webhooks, policies, their bindings, and expressions in them. */
import { changed, type KindCase, type KindGroup } from '../kind-case.ts';

const group = 'admissionregistration.k8s.io';
const base = `/apis/${group}/v1`;
const query = '?dryRun=All';

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] };

const webhook = (kind: string): object => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name: 'hooks' },
  webhooks: [
    {
      name: 'a.example.com',
      clientConfig: { url: 'https://example.com/hook' },
      rules: [rule],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
});

const policy = {
  apiVersion: `${group}/v1`,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'policy.example.com' },
  spec: {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: 'object.spec.replicas <= 5' }],
  },
};

const mutating = {
  apiVersion: `${group}/v1`,
  kind: 'MutatingAdmissionPolicy',
  metadata: { name: 'policy.example.com' },
  spec: {
    reinvocationPolicy: 'Never',
    matchConstraints: { resourceRules: [rule] },
    mutations: [
      { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 1}}' } },
    ],
  },
};

const binding = (kind: string): object => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name: 'binding' },
  spec: { policyName: 'policy.example.com', validationActions: ['Deny'] },
});

const post = (title: string, resource: string, body: object): KindCase => ({
  title,
  method: 'POST',
  path: `${base}/${resource}${query}`,
  body,
});

const first = 'webhooks.0';
const clientConfig = `${first}.clientConfig`;

const webhookChanges: Readonly<Record<string, Record<string, unknown>>> = {
  plain: {},
  'no name': { [`${first}.name`]: '' },
  'short name': { [`${first}.name`]: 'a.b' },
  'bad name': { [`${first}.name`]: 'A.b.c' },
  'twice the same name': { 'webhooks.1': { ...rule, name: 'a.example.com' } },
  'no rules fields': { [`${first}.rules`]: [{}] },
  'wildcards and others': {
    [`${first}.rules`]: [
      { apiGroups: ['*', 'a'], apiVersions: ['*', 'v1'], operations: ['*', 'CREATE'], resources: ['*/*', 'pods'] },
    ],
  },
  'resources that others cover': {
    [`${first}.rules.0.resources`]: ['pods/*', 'pods/status', '*/scale', 'x/scale', '*', 'a', ''],
  },
  'bad operation and scope': { [`${first}.rules.0.operations`]: ['GET'], [`${first}.rules.0.scope`]: 'x' },
  'empty version': { [`${first}.rules.0.apiVersions`]: [''] },
  'bad policies': { [`${first}.failurePolicy`]: 'x', [`${first}.matchPolicy`]: 'y' },
  'no side effects': { [`${first}.sideEffects`]: undefined },
  'unknown side effects': { [`${first}.sideEffects`]: 'Some' },
  'long timeout': { [`${first}.timeoutSeconds`]: 31 },
  'no timeout': { [`${first}.timeoutSeconds`]: 0 },
  'bad selectors': { [`${first}.namespaceSelector`]: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
  'no client config': { [clientConfig]: {} },
  'two client configs': { [clientConfig]: { url: 'https://a', service: { name: 'a', namespace: 'b' } } },
  'http url': { [`${clientConfig}.url`]: 'http://user:pw@host/path?a=b#c' },
  'url without host': { [`${clientConfig}.url`]: 'https:///path' },
  service: { [clientConfig]: { service: { name: 'a', namespace: 'b' } } },
  'empty service': { [clientConfig]: { service: { name: '', namespace: '', port: 70_000, path: 'a//B' } } },
  'no review versions': { [`${first}.admissionReviewVersions`]: [] },
  'odd review versions': { [`${first}.admissionReviewVersions`]: ['1', 'v2', 'v2'] },
  'match conditions': {
    [`${first}.matchConditions`]: [
      { name: 'a', expression: 'true' },
      { name: 'a', expression: '' },
      { name: '', expression: 'object.x +' },
      { name: 'b!', expression: '1' },
      { name: 'p', expression: 'params.x == 1' },
      { name: 'ok', expression: "authorizer.group('').resource('pods').check('get').allowed()" },
    ],
  },
};

const spec = 'spec';
const validation = `${spec}.validations.0`;

const policyChanges: Readonly<Record<string, Record<string, unknown>>> = {
  plain: {},
  'no spec': { spec: {} },
  'bad failure policy': { [`${spec}.failurePolicy`]: 'x' },
  'no rules': { [`${spec}.matchConstraints`]: {} },
  'bad rules': {
    [`${spec}.matchConstraints.resourceRules.0.operations`]: [],
    [`${spec}.matchConstraints.resourceRules.0.resourceNames`]: ['a', 'a', 'a/b'],
    [`${spec}.matchConstraints.matchPolicy`]: 'x',
  },
  'empty expression': { [`${validation}.expression`]: ' ' },
  'blank messages': { [`${validation}.message`]: ' ', [`${validation}.messageExpression`]: ' ' },
  'message of two lines': { [`${validation}.message`]: 'a\nb' },
  'message expression that is no text': { [`${validation}.messageExpression`]: '1 + 1' },
  'message expression with authorizer': {
    [`${validation}.messageExpression`]: "authorizer.path('/x').check('get').reason()",
  },
  'bad reason': { [`${validation}.reason`]: 'x' },
  'unauthorized reason': { [`${validation}.reason`]: 'Unauthorized' },
  'bad param kind': { [`${spec}.paramKind`]: { apiVersion: 'A/B/C', kind: 'a b' } },
  'empty param kind': { [`${spec}.paramKind`]: {} },
  'params without kind': { [`${validation}.expression`]: 'params.x == 1' },
  variables: {
    [`${spec}.variables`]: [
      { name: 'a', expression: '1' },
      { name: 'b', expression: 'variables.a + 1' },
      { name: 'c', expression: 'variables.later' },
      { name: 'in', expression: 'true' },
      { name: '', expression: '' },
    ],
    [`${validation}.expression`]: 'variables.b == 2 && variables.none',
  },
  'audit annotations': {
    [`${spec}.auditAnnotations`]: [
      { key: 'a', valueExpression: "'x'" },
      { key: 'a', valueExpression: '1' },
      { key: 'b!', valueExpression: '' },
    ],
  },
};

const expressions: Readonly<Record<string, string>> = {
  'undeclared variable': 'objct.x == 1',
  'undeclared function': 'foo(object)',
  'unknown field of the request': 'request.foo == 1',
  'unfinished comparison': 'object.x ==',
  'unfinished call': 'object.x.foo(',
  'unfinished list': '[1, 2',
  'unfinished map': '{',
  'unfinished group': '(1 + 2',
  'two operators': '1 + + 2',
  'two values': 'true false',
  'lone ampersand': 'true & false',
  'lone pipe': 'a | b',
  'single equals': 'object.x = 1',
  'strange character': 'true # comment',
  'string without end': "'abc",
  'keyword as name': 'for == 1',
  'keyword as loop variable': '[1].all(var, true)',
  'number too large': '9223372036854775808 == 1',
  'not a bool': '1',
  'a list': '[1]',
  'bool or int': 'true ? 1 : 2',
  'int and string': "1 + 'a' == 2",
  'mixed list': "[1, 'a'] == []",
  'mixed map': "{'a': 1, 'b': 'c'} == {}",
  'mixed branches': "(true ? 1 : 'a') == 1",
  'condition that is no bool': '(1 ? true : false)',
  'wrong receiver': '1.startsWith("a")',
  'wrong argument': '"a".startsWith(1)',
  'int and int of logic': '1 && 2',
  'loop over an int': '1.all(x, x > 0)',
  'loop without name': '[1].all(1, true)',
  'has of a variable': 'has(object)',
  'field of an int': '(1).a == 2',
  'bad duration': "duration('x') == duration('1s')",
  'bad timestamp': "timestamp('x') == timestamp('y')",
  'bad pattern': "'a'.matches('(')",
  'optional where a value is asked for': 'object.?x',
  quantities: "quantity('1Gi').isGreaterThan(1)",
  'several errors': 'foo && bar && baz.qux',
  'on the second line': 'true &&\n  foo',
  'wide characters': "'é' == 1",
  'cross-type numbers': '1 == 1.0',
  'unknown type': 'Foo{a: 1} == 1',
  backquotes: 'object.`a-b` == 1',
  'double negation': '--1 == 1',
  'ip and cidr': "ip('10.0.0.1') == cidr('10.0.0.0/8').ip() && isIP('x') && cidr('10.0.0.0/8').containsIP('10.1.1.1')",
  'named formats': "format.dns1123Label().validate('a b').hasValue() && format.named('uuid').hasValue()",
  semver: "semver('1.2.3').isGreaterThan(semver('1.0.0')) && isSemver('1') && semver('1.2.3').major() == 1",
  'sets and lists': 'sets.contains([1], [1]) && [1, 2].sum() == 3 && [[1]].flatten() == [1] && [3, 1].sort() == [1, 3]',
  strings: "'a b'.split(' ').join('-').upperAscii().reverse() == 'B-A'",
  'two variables': "{'a': 1}.all(k, v, k == 'a' && v == 1) && [1].transformList(i, v, i + v) == [1]",
  url: "url('https://a:80/b?c=d').getPort() == '80' && isURL('x')",
};

const mutation = `${spec}.mutations.0`;

const mutatingChanges: Readonly<Record<string, Record<string, unknown>>> = {
  plain: {},
  'no spec': { spec: {} },
  'no mutations': { [`${spec}.mutations`]: [] },
  'bad patch type': { [`${mutation}.patchType`]: 'x' },
  'no patch type': { [`${mutation}.patchType`]: '' },
  'patch of the other type': { [`${mutation}.patchType`]: 'JSONPatch' },
  'both patches': { [`${mutation}.jsonPatch`]: { expression: '[]' } },
  'bad reinvocation policy': { [`${spec}.reinvocationPolicy`]: 'x' },
  deletes: { [`${spec}.matchConstraints.resourceRules.0.operations`]: ['DELETE'] },
  'not an object': { [`${mutation}.applyConfiguration.expression`]: "{'a': 1}" },
  'a JSON patch': {
    [mutation]: {
      patchType: 'JSONPatch',
      jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/a/' + jsonpatch.escapeKey('b/c'), value: 1}]" },
    },
  },
  'a JSON patch of something else': { [mutation]: { patchType: 'JSONPatch', jsonPatch: { expression: '[1]' } } },
  'a JSON patch with an unknown field': {
    [mutation]: { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{foo: 1}]' } },
  },
  'a JSON patch with a wrong type': {
    [mutation]: { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: 1}]' } },
  },
};

const bindingChanges: Readonly<Record<string, Record<string, unknown>>> = {
  plain: {},
  'no policy': { [`${spec}.policyName`]: '' },
  'bad policy name': { [`${spec}.policyName`]: 'A B' },
  'no actions': { [`${spec}.validationActions`]: [] },
  'bad actions': { [`${spec}.validationActions`]: ['Deny', 'Deny', 'Warn', 'x'] },
  'empty param ref': { [`${spec}.paramRef`]: {} },
  'name and selector': { [`${spec}.paramRef`]: { name: 'a/b', selector: {}, parameterNotFoundAction: 'x' } },
  'match resources': { [`${spec}.matchResources`]: { resourceRules: [{}], matchPolicy: 'x' } },
};

const casesOf = (
  what: string,
  resource: string,
  object: object,
  changes: Readonly<Record<string, Record<string, unknown>>>,
): KindCase[] =>
  Object.entries(changes).map(([title, change]) => post(`${what}: ${title}`, resource, changed(object, change)));

const expressionChanges = Object.fromEntries(
  Object.entries(expressions).map(([title, expression]) => [title, { [`${validation}.expression`]: expression }]),
);

export const admissionGroup: KindGroup = {
  name: 'admission',
  cases: [
    ...casesOf(
      'validating',
      'validatingwebhookconfigurations',
      webhook('ValidatingWebhookConfiguration'),
      webhookChanges,
    ),
    ...casesOf('mutating', 'mutatingwebhookconfigurations', webhook('MutatingWebhookConfiguration'), {
      plain: {},
      'bad reinvocation policy': { [`${first}.reinvocationPolicy`]: 'x' },
      'no side effects': { [`${first}.sideEffects`]: undefined },
    }),
    ...casesOf('policy', 'validatingadmissionpolicies', policy, policyChanges),
    ...casesOf('expression', 'validatingadmissionpolicies', policy, expressionChanges),
    ...casesOf(
      'binding',
      'validatingadmissionpolicybindings',
      binding('ValidatingAdmissionPolicyBinding'),
      bindingChanges,
    ),
    ...casesOf('mutating policy', 'mutatingadmissionpolicies', mutating, mutatingChanges),
  ],
};
