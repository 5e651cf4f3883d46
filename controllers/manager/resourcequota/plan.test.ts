import t from 'tap';
import { quantityList } from '../../../api/quota/quantity-list.ts';
import { countedResource, plannedStatus } from './plan.ts';

void t.test('plannedStatus', (t) => {
  const spec = { hard: { pods: '5', 'requests.cpu': '1' } };
  const counted = quantityList({ pods: '2', 'requests.cpu': '300m' });
  t.same(plannedStatus({ spec }, counted), { hard: spec.hard, used: { pods: '2', 'requests.cpu': '300m' } });
  const status = { hard: { pods: '5', 'requests.cpu': '1000m' }, used: { pods: '2', 'requests.cpu': '0.3' } };
  t.equal(plannedStatus({ spec, status }, counted), undefined, 'the same amounts in other words');
  const more = { hard: spec.hard, used: { pods: '1', 'requests.cpu': '1', secrets: '4' } };
  t.same(plannedStatus({ spec, status: more }, quantityList({ pods: '2' }))?.used, { pods: '2', 'requests.cpu': '1' });
  t.end();
});

void t.test('countedResource', (t) => {
  t.same(countedResource('count/deployments.apps'), { group: 'apps', resource: 'deployments' });
  t.same(countedResource('count/crontabs.stable.example.com'), { group: 'stable.example.com', resource: 'crontabs' });
  t.same(countedResource('count/secrets'), { group: '', resource: 'secrets' });
  t.same(countedResource('secrets'), { group: '', resource: 'secrets' });
  t.equal(countedResource('requests.cpu'), undefined);
  t.end();
});
