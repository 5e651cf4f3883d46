import { ResourceCases } from '../kind-case.ts';
import type { KindCase, KindGroup } from '../kind-case.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const roles = new ResourceCases(`${rbac}/namespaces/{ns}/roles`);
const clusterRoles = new ResourceCases(`${rbac}/clusterroles`);
const bindings = new ResourceCases(`${rbac}/namespaces/{ns}/rolebindings`);
const clusterBindings = new ResourceCases(`${rbac}/clusterrolebindings`);

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const binding = { roleRef: { kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', name: 'u' }] };

const roleCases = [
  roles.create('role', { rules: [rule] }),
  roles.create('role minimal', {}),
  ...roles.creates(
    { rules: [rule] },
    {
      'role with an empty rule': { 'rules.0': {} },
      'role with paths': { 'rules.0': { verbs: ['get'], nonResourceURLs: ['/x'] } },
      'role with a path name': { 'metadata.name': 'a/b' },
      'role with a name of dots': { 'metadata.name': '..' },
      'role with a long name': { 'metadata.name': 'system:With Spaces' },
    },
  ),
  roles.table('roles as a table'),
  clusterRoles.create('cluster role', { rules: [rule, { verbs: ['get'], nonResourceURLs: ['/x/*'] }] }),
  clusterRoles.create('cluster role of both', { rules: [{ ...rule, nonResourceURLs: ['/x'] }] }),
  clusterRoles.create('cluster role that aggregates', {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  }),
  clusterRoles.create('cluster role that aggregates nothing', { aggregationRule: {} }),
  clusterRoles.create('cluster role that aggregates badly', {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'a b': 'c d' } }] },
  }),
  bindings.create('binding', binding),
  ...bindings.creates(binding, {
    'binding of nothing': { roleRef: {}, subjects: undefined },
    'binding of an account': {
      subjects: [
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
        { kind: 'Group', name: 'g' },
      ],
    },
    'binding of an account without namespace': { subjects: [{ kind: 'ServiceAccount', name: 's' }] },
    'binding of bad subjects': {
      subjects: [
        { kind: 'Robot', name: 'r' },
        { kind: 'User', name: '' },
        { kind: 'User', name: 'u', apiGroup: 'x' },
        { kind: 'ServiceAccount', name: 'S_', namespace: 'n', apiGroup: 'x' },
      ],
    },
    'binding of another group': { 'roleRef.apiGroup': 'x' },
    'binding of another kind': { 'roleRef.kind': 'Pod' },
    'binding of a bad name': { 'roleRef.name': 'a/b' },
  }),
  bindings.put('binding changes its role', 'binding', { 'roleRef.name': 'edit' }),
  bindings.put('binding changes', 'binding', { subjects: [] }),
  bindings.table('bindings as a table'),
  clusterBindings.create('cluster binding', binding),
  clusterBindings.create('cluster binding of a role', { ...binding, roleRef: { kind: 'Role', name: 'r' } }),
  clusterBindings.table('cluster binding as a table', 'cluster-binding'),
];

const review = (title: string, path: string, body: object): KindCase => ({ title, method: 'POST', path, body });
const auth = '/apis/authorization.k8s.io/v1';
const self = `${auth}/selfsubjectaccessreviews`;
const other = `${auth}/subjectaccessreviews`;
const local = `${auth}/namespaces/{ns}/localsubjectaccessreviews`;
const asked = { verb: 'get', resource: 'pods', namespace: 'default' };
const requirement = (key: string, operator: string, values?: string[]) => ({ key, operator, values });

const reviewCases = [
  review('self review', self, { spec: { resourceAttributes: asked } }),
  review('self review of a path', self, { spec: { nonResourceAttributes: { path: '/healthz', verb: 'get' } } }),
  review('self review of nothing', self, { spec: {} }),
  review('self review of both', self, {
    spec: { resourceAttributes: asked, nonResourceAttributes: { path: '/', verb: 'get' } },
  }),
  review('self review with selectors', self, {
    spec: {
      resourceAttributes: {
        ...asked,
        verb: 'list',
        fieldSelector: { requirements: [requirement('spec.nodeName', 'In', ['n'])] },
        labelSelector: { requirements: [requirement('a', 'Exists')] },
      },
    },
  }),
  review('self review with raw selectors', self, {
    spec: {
      resourceAttributes: { ...asked, fieldSelector: { rawSelector: 'a=b' }, labelSelector: { rawSelector: 'c' } },
    },
  }),
  review('self review with bad selectors', self, {
    spec: {
      resourceAttributes: {
        ...asked,
        fieldSelector: {
          rawSelector: 'a=b',
          requirements: [requirement('', 'In', []), requirement('a', 'Exists', ['x']), requirement('b', 'Near')],
        },
        labelSelector: {
          requirements: [
            requirement('a b', 'In', ['c d']),
            requirement('e', 'DoesNotExist', ['x']),
            requirement('f', 'NotIn'),
          ],
        },
      },
    },
  }),
  review('self review with empty selectors', self, {
    spec: { resourceAttributes: { ...asked, fieldSelector: {}, labelSelector: {} } },
  }),
  review('review of a stranger', other, { spec: { user: 'stranger', resourceAttributes: asked } }),
  review('review of a master', other, { spec: { user: 'x', groups: ['system:masters'], resourceAttributes: asked } }),
  review('review of nobody', other, { spec: { resourceAttributes: asked } }),
  review('review of nothing', other, { spec: { user: 'x' } }),
  review('review with metadata', other, { metadata: { name: 'x' }, spec: { user: 'x', resourceAttributes: asked } }),
  review('local review', local, { spec: { user: 'x', resourceAttributes: { ...asked, namespace: 'k-access' } } }),
  review('local review of elsewhere', local, { spec: { user: 'x', resourceAttributes: asked } }),
  review('local review of a path', local, { spec: { user: 'x', nonResourceAttributes: { path: '/', verb: 'get' } } }),
  review('rules review of nowhere', `${auth}/selfsubjectrulesreviews`, { spec: {} }),
  review('token review', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'x.y.z' } }),
  review('token review of nothing', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: {} }),
  review('token review with a name', '/apis/authentication.k8s.io/v1/tokenreviews', {
    metadata: { name: 'x' },
    spec: { token: 'x' },
  }),
  review('self subject review', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}),
  review('self subject review with a name', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    metadata: { name: 'x' },
  }),
];

export const accessGroup: KindGroup = { name: 'access', cases: [...roleCases, ...reviewCases] };
