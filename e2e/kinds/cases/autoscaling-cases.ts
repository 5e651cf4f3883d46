import { ResourceCases } from '../kind-case.ts';
import type { Changes, KindGroup } from '../kind-case.ts';

const v1 = new ResourceCases('/apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers');
const v2 = new ResourceCases('/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers');
const base = { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 5 } };
const metric = (value: object): Changes => ({ 'spec.metrics': [value] });
const utilization = { type: 'Utilization', averageUtilization: 50 };
const average = { type: 'AverageValue', averageValue: '10' };

const metrics = [
  { type: 'Resource', resource: { name: 'memory', target: average } },
  { type: 'Resource', resource: { name: 'cpu', target: utilization } },
  { type: 'Pods', pods: { metric: { name: 'rps' }, target: average } },
  { type: 'Object', object: { describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' }, metric: { name: 'q' }, target: { type: 'Value', value: '3' } } },
  { type: 'External', external: { metric: { name: 'e', selector: { matchLabels: { a: 'b' } } }, target: average } },
  { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: utilization } },
]; // prettier-ignore
const behavior = { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } };

export const autoscalingGroup: KindGroup = {
  name: 'autoscaling',
  cases: [
    v2.create('v2', base),
    v2.create('v2 full', { spec: { ...base.spec, minReplicas: 2, metrics, behavior } }),
    v1.get('v2 full as v1', 'v2-full'),
    v1.create('v1', base),
    v1.create('v1 with utilization', { spec: { ...base.spec, targetCPUUtilizationPercentage: 70, minReplicas: 2 } }),
    v2.get('v1 as v2', 'v1'),
    v2.get('v1 with utilization as v2', 'v1-with-utilization'),
    v1.put('v2 full written back as v1', 'v2 full as v1', { 'metadata.name': 'v2-full', 'metadata.labels': { a: 'b' } }),
    ...v2.creates(base, {
      'v2: no maximum': { 'spec.maxReplicas': 0 },
      'v2: negative maximum': { 'spec.maxReplicas': -1 },
      'v2: minimum 0': { 'spec.minReplicas': 0 },
      'v2: minimum above': { 'spec.minReplicas': 9 },
      'v2: no target': { 'spec.scaleTargetRef': { kind: '', name: '' } },
      'v2: target without group': { 'spec.scaleTargetRef.apiVersion': '' },
      'v2: bad target': { 'spec.scaleTargetRef': { kind: 'a/b', name: '..', apiVersion: 'a/b/c' } },
      'v2: metric of no type': metric({}),
      'v2: metric of an unknown type': metric({ type: 'X' }),
      'v2: metric of another source': metric({ type: 'Resource', pods: { metric: { name: 'x' }, target: average } }),
      'v2: metric of two sources': metric({
        type: 'Resource', resource: { name: 'cpu', target: utilization }, pods: { metric: { name: 'x' }, target: average },
      }),
      'v2: resource of nothing': metric({ type: 'Resource', resource: { name: '', target: { type: '' } } }),
      'v2: resource of both': metric({ type: 'Resource', resource: { name: 'cpu', target: { ...utilization, averageValue: '1' } } }),
      'v2: utilization 0': metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0 } } }),
      'v2: pods without value': metric({ type: 'Pods', pods: { metric: { name: '' }, target: { type: 'Value', value: '1' } } }),
      'v2: external of both': metric({ type: 'External', external: { metric: { name: 'a/b' }, target: { ...average, value: '1' } } }),
      'v2: object of nothing': metric({ type: 'Object', object: { describedObject: { kind: '', name: '' }, metric: { name: 'q' }, target: { type: 'X' } } }),
      'v2: container of nothing': metric({ type: 'ContainerResource', containerResource: { name: 'x', container: 'A', target: utilization } }),
      'v2: negative value': metric({ type: 'Pods', pods: { metric: { name: 'x' }, target: { type: 'AverageValue', averageValue: '-1' } } }),
      'v2: behavior out of bounds': {
        'spec.behavior': { scaleUp: { stabilizationWindowSeconds: 3601, policies: [{ type: 'X', value: 0, periodSeconds: 1801 }] } },
      },
      'v2: behavior negative': { 'spec.behavior': { scaleDown: { stabilizationWindowSeconds: -1, selectPolicy: 'X' } } },
      'v2: behavior of tolerance': { 'spec.behavior': { scaleDown: { tolerance: '0.1' } } },
    }),
    ...v1.creates(base, {
      'v1: no maximum': { 'spec.maxReplicas': undefined },
      'v1: utilization negative': { 'spec.targetCPUUtilizationPercentage': -1 },
    }),
    ...v2.puts('v2', {
      'v2: maximum changes': { 'spec.maxReplicas': 7 },
      'v2: metrics change': { 'spec.metrics': metrics },
      'v2: status is not for this': { 'status.currentReplicas': 3 },
    }),
    v2.patch('v2: status', 'v2-full', { status: { currentReplicas: 3, desiredReplicas: 4, conditions: [{ type: 'AbleToScale', status: 'True', reason: 'r' }],
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '100m' } } }] } }, 'status'),
    v2.patch('v2: status negative', 'v2-full', { status: { currentReplicas: -3 } }, 'status'),
    v1.get('v2 status as v1', 'v2-full'),
    v1.patch('v1: status', 'v1', { status: { currentReplicas: 3, desiredReplicas: 4, currentCPUUtilizationPercentage: 60 } }, 'status'),
    v2.get('v1 status as v2', 'v1'),
    v1.table('v1 as a table'),
    v2.table('v2 as a table'),
  ],
}; // prettier-ignore
