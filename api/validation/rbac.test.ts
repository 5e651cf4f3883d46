import t from 'tap';
import { applyDefaults } from '../defaults/defaults.ts';
import { errorText } from '../meta/field-error.ts';
import { validateCreate, validateUpdate } from './validate.ts';

const group = 'rbac.authorization.k8s.io';
const gvk = (kind: string): { group: string; version: string; kind: string } => ({ group, version: 'v1', kind });
const rule = (more: object): object => ({ verbs: ['get'], apiGroups: [''], resources: ['pods'], ...more });
const named = (more: object): object => ({ metadata: { name: 'system:x', namespace: 'n' }, ...more });
const cluster = (more: object): object => ({ metadata: { name: 'system:x' }, ...more });
const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'system:view' };
const user = { kind: 'User', apiGroup: group, name: 'u' };

const cases: { name: string; kind: string; object: object; errors: string[] }[] = [
  { name: 'a name with colons', kind: 'ClusterRole', object: cluster({ rules: [rule({})] }), errors: [] },
  { name: 'no rules at all', kind: 'ClusterRole', object: cluster({}), errors: [] },
  {
    name: 'a name that is no path segment',
    kind: 'ClusterRole',
    object: { metadata: { name: 'a/b' } },
    errors: [`metadata.name: Invalid value: "a/b": may not contain '/'`],
  },
  {
    name: 'a rule with nothing in it',
    kind: 'Role',
    object: named({ rules: [{ verbs: [] }] }),
    errors: [
      'rules[0].verbs: Required value: verbs must contain at least one value',
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
  },
  {
    name: 'paths in a namespace',
    kind: 'Role',
    object: named({ rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }),
    errors: [
      'rules[0].nonResourceURLs: Invalid value: []string{"/x"}: namespaced rules cannot apply to non-resource URLs',
    ],
  },
  {
    name: 'resources and paths in one rule',
    kind: 'ClusterRole',
    object: cluster({ rules: [rule({ nonResourceURLs: ['/x'] })] }),
    errors: [
      'rules[0].nonResourceURLs: Invalid value: []string{"/x"}: rules cannot apply to both regular resources and non-resource URLs',
    ],
  },
  {
    name: 'an aggregation of nothing',
    kind: 'ClusterRole',
    object: cluster({ aggregationRule: {} }),
    errors: [
      'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
    ],
  },
  { name: 'a good binding', kind: 'RoleBinding', object: named({ roleRef, subjects: [user] }), errors: [] },
  {
    name: 'a cluster binding of a namespaced role',
    kind: 'ClusterRoleBinding',
    object: cluster({ roleRef: { ...roleRef, kind: 'Role' } }),
    errors: ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
  },
  {
    name: 'a service account without a namespace, cluster-wide',
    kind: 'ClusterRoleBinding',
    object: cluster({ roleRef, subjects: [{ kind: 'ServiceAccount', name: 's' }] }),
    errors: ['subjects[0].namespace: Required value'],
  },
  {
    name: 'a subject of no known kind',
    kind: 'RoleBinding',
    object: named({ roleRef, subjects: [{ kind: 'Robot', name: 'r' }] }),
    errors: ['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"'],
  },
];

void t.test('roles and bindings are checked as Kubernetes checks them', (t) => {
  for (const { name, kind, object, errors } of cases) {
    t.same(validateCreate(gvk(kind), object).map(errorText), errors, name);
  }
  t.end();
});

void t.test('a binding keeps its role', (t) => {
  const old = named({ roleRef });
  const other = named({ roleRef: { ...roleRef, name: 'edit' } });
  const messages = validateUpdate(gvk('RoleBinding'), other, old).map(errorText);
  t.match(messages.at(-1), /^roleRef: Invalid value: .*: cannot change roleRef$/);
  t.end();
});

void t.test('defaults name the group of roles, users and groups', (t) => {
  const binding = {
    roleRef: { kind: 'Role', name: 'r' },
    subjects: [
      { kind: 'User', name: 'u' },
      { kind: 'ServiceAccount', name: 's' },
    ],
  };
  applyDefaults(binding, gvk('RoleBinding'));
  t.same(binding, {
    roleRef: { kind: 'Role', name: 'r', apiGroup: group },
    subjects: [
      { kind: 'User', name: 'u', apiGroup: group },
      { kind: 'ServiceAccount', name: 's' },
    ],
  });
  t.end();
});
