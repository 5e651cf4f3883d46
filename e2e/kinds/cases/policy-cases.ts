import { ResourceCases } from '../kind-case.ts';
import type { KindCase, KindGroup } from '../kind-case.ts';
import { podSpec, selector } from './pod-parts.ts';

const budgets = new ResourceCases('/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets');
const pods = new ResourceCases('/api/v1/namespaces/{ns}/pods');

const evict = (title: string, name: string, rest: object = {}, query = ''): KindCase => ({
  title,
  method: 'POST',
  path: `/api/v1/namespaces/{ns}/pods/${name}/eviction${query}`,
  body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, ...rest },
});
const pod = (title: string, app: string): KindCase =>
  pods.create(title, { metadata: { labels: { app } }, spec: { ...podSpec, nodeName: 'n' } });
const ready = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };

export const policyGroup: KindGroup = {
  name: 'policy',
  cases: [
    budgets.create('budget', { spec: { selector, minAvailable: 1 } }),
    ...budgets.creates({ spec: { selector } }, {
      'budget of nothing': {},
      'budget of all': { 'spec.selector': {} },
      'budget without selector': { 'spec.selector': undefined },
      'budget of both': { 'spec.minAvailable': 1, 'spec.maxUnavailable': 1 },
      'budget negative': { 'spec.minAvailable': -1 },
      'budget above all': { 'spec.maxUnavailable': '101%' },
      'budget of a word': { 'spec.maxUnavailable': 'some' },
      'budget of a percentage': { 'spec.maxUnavailable': '50%' },
      'budget unknown policy': { 'spec.unhealthyPodEvictionPolicy': 'X' },
      'budget of a bad selector': { 'spec.selector': { matchLabels: { 'a b': 'c d' } } },
    }), // prettier-ignore
    budgets.put('budget changes', 'budget', { 'spec.minAvailable': 2 }),
    budgets.patch('budget is patched', 'budget', { spec: { minAvailable: 3 } }),
    budgets.patch('budget status negative', 'budget', { status: { currentHealthy: -1, expectedPods: -2 } }, 'status'),
    budgets.patch('budget status bad condition', 'budget', { status: { conditions: [{ type: 'a b', status: 'X' }] } }, 'status'),
    pod('pod guarded', 'a'),
    pod('pod free', 'free'),
    evict('evict a pending one', 'pod-free'),
    evict('evict nobody', 'nobody'),
    { ...evict('evict another', 'pod-guarded'), body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'x' } } },
    evict('evict for the trial only', 'pod-guarded', {}, '?dryRun=All'),
    pods.patch('pod runs', 'pod-guarded', ready, 'status'),
    evict('evict from several budgets', 'pod-guarded'),
    budgets.delete('budget of all goes', 'budget-of-all'),
    budgets.delete('budget of nothing goes', 'budget-of-nothing'),
    budgets.delete('budget of a percentage goes', 'budget-of-a-percentage'),
    evict('evict while the budget is not known', 'pod-guarded'),
    budgets.patch('budget forbids', 'budget', { status: { observedGeneration: 2, desiredHealthy: 3, currentHealthy: 1, disruptionsAllowed: 0, expectedPods: 3 } }, 'status'),
    evict('evict against the budget', 'pod-guarded'),
    evict('evict against the budget, dry', 'pod-guarded', {}, '?dryRun=All'),
    budgets.patch('budget allows', 'budget', { status: { observedGeneration: 2, desiredHealthy: 0, currentHealthy: 1, disruptionsAllowed: 1, expectedPods: 3 } }, 'status'),
    evict('evict within the budget, dry', 'pod-guarded', {}, '?dryRun=All'),
    budgets.get('budget after a trial', 'budget'),
    evict('evict within the budget', 'pod-guarded'),
    pods.get('pod evicted', 'pod-guarded'),
    budgets.table('budgets as a table'),
  ],
}; // prettier-ignore
