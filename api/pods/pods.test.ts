import t from 'tap';
import type { Container, Node, Pod, PodSpec, Taint, Toleration } from '../types/core-v1.ts';
import { nodeSuitsPod } from './node-selection.ts';
import { assumedRequests, podRequests } from './pod-resources.ts';
import { qosClassOf } from './qos-class.ts';
import { untoleratedTaint } from './tolerations.ts';

const container = (name: string, requests?: Record<string, string>, limits?: Record<string, string>): Container => ({
  name,
  resources: { requests, limits },
});
const pod = (spec: Partial<PodSpec>): Pod => ({ spec: { containers: [], ...spec } });

void t.test('podRequests is the peak over the pod’s life', (t) => {
  const cases: [name: string, spec: Partial<PodSpec>, expected: Record<string, number>][] = [
    [
      'containers add up',
      { containers: [container('a', { cpu: '1' }), container('b', { cpu: '500m' })] },
      { cpu: 1500 },
    ],
    [
      'the largest init container counts alone',
      {
        initContainers: [container('i', { cpu: '3' }), container('j', { memory: '1Ki' })],
        containers: [container('a', { cpu: '1' })],
      },
      { cpu: 3000, memory: 1024 },
    ],
    [
      'a sidecar runs beside all that follow it',
      {
        initContainers: [{ ...container('s', { cpu: '1' }), restartPolicy: 'Always' }, container('i', { cpu: '3' })],
        containers: [container('a', { cpu: '1' })],
      },
      { cpu: 4000 },
    ],
    ['overhead comes on top', { containers: [container('a', { cpu: '1' })], overhead: { cpu: '250m' } }, { cpu: 1250 }],
  ];
  for (const [name, spec, expected] of cases) t.same(podRequests(pod(spec)), expected, name);
  t.same(podRequests(pod({ containers: [container('a')] }), assumedRequests), { cpu: 100, memory: 209715200 });
  t.end();
});

void t.test('qosClassOf follows requests and limits of cpu and memory', (t) => {
  const both = { cpu: '1', memory: '1Gi' };
  const cases: [string, Container[]][] = [
    ['BestEffort', [container('a')]],
    ['Burstable', [container('a', { cpu: '1' })]],
    ['Burstable', [container('a', both, both), container('b')]],
    ['Guaranteed', [container('a', undefined, both), container('b', { cpu: '1000m', memory: '1024Mi' }, both)]],
  ];
  for (const [expected, containers] of cases) t.equal(qosClassOf(pod({ containers })), expected);
  t.end();
});

void t.test('untoleratedTaint names the first taint that nothing tolerates', (t) => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  const cases: [name: string, toleration: Toleration, tolerated: boolean][] = [
    ['the same', { key: 'k', value: 'v', effect: 'NoSchedule' }, true],
    ['any effect', { key: 'k', value: 'v' }, true],
    ['any value', { key: 'k', operator: 'Exists' }, true],
    ['everything', { operator: 'Exists' }, true],
    ['another value', { key: 'k', value: 'w' }, false],
    ['another effect', { key: 'k', value: 'v', effect: 'NoExecute' }, false],
  ];
  for (const [name, toleration, tolerated] of cases) {
    t.equal(untoleratedTaint([taint], [toleration], ['NoSchedule', 'NoExecute']) === undefined, tolerated, name);
  }
  t.equal(untoleratedTaint([{ ...taint, effect: 'PreferNoSchedule' }], [], ['NoSchedule']), undefined);
  t.end();
});

void t.test('nodeSuitsPod joins nodeSelector and required affinity', (t) => {
  const node: Node = { metadata: { name: 'n1', labels: { zone: 'a', cpus: '8' } } };
  const affinity = (...terms: object[]): Partial<PodSpec> => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    },
  });
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });
  const cases: [name: string, spec: Partial<PodSpec>, suits: boolean][] = [
    ['nothing asked', {}, true],
    ['the label', { nodeSelector: { zone: 'a' } }, true],
    ['another value', { nodeSelector: { zone: 'b' } }, false],
    ['Gt', affinity(expression('cpus', 'Gt', '4')), true],
    ['terms are alternatives', affinity(expression('zone', 'In', 'x'), expression('zone', 'Exists')), true],
    ['NotIn', affinity(expression('zone', 'NotIn', 'a')), false],
    ['an empty term', affinity({}), false],
    ['by name', affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }), true],
    ['both must hold', { nodeSelector: { zone: 'b' }, ...affinity(expression('zone', 'Exists')) }, false],
  ];
  for (const [name, spec, suits] of cases) t.equal(nodeSuitsPod(node, pod(spec)), suits, name);
  t.end();
});
