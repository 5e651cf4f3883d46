import t from 'tap';
import type { ClusterRole } from '../../../api/types/rbac-v1.ts';
import { aggregatedRules } from './plan.ts';

const role = (name: string, fields: object): ClusterRole => ({ metadata: { name, labels: { to: 'all' } }, ...fields });
const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { to: 'all' } }] };
const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

void t.test('aggregatedRules takes roles as a server may give them', (t) => {
  const all = [role('a', { rules: [rule] }), role('b', { rules: null }), role('c', { rules: [rule] })];
  t.same(aggregatedRules(role('sum', { aggregationRule, rules: null }), all), [rule], 'rules are null, and doubled');
  t.equal(aggregatedRules(role('sum', { aggregationRule, rules: [rule] }), all), undefined, 'it has them');
  t.equal(aggregatedRules(role('none', { aggregationRule, rules: null }), []), undefined, 'null and none are one');
  t.equal(aggregatedRules(role('plain', { rules: [rule] }), all), undefined);
  t.end();
});
