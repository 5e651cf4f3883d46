import { changed, ResourceCases } from '../kind-case.ts';
import type { KindGroup } from '../kind-case.ts';

const pods = new ResourceCases('/api/v1/namespaces/{ns}/pods');
const claims = new ResourceCases('/api/v1/namespaces/{ns}/persistentvolumeclaims');
const ranges = new ResourceCases('/api/v1/namespaces/{ns}/limitranges');

const pod = { spec: { containers: [{ name: 'c', image: 'i' }] } };
const claim = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } } };
const of = (resources: object): object => changed(pod, { 'spec.containers.0.resources': resources });
const requests = (name: string, amount: string): object => of({ requests: { [name]: amount } });

/** What LimitRanges fill in and refuse. */
export const limitGroup: KindGroup = {
  name: 'limits',
  cases: [
    ranges.create('range of containers', {
      spec: {
        limits: [
          {
            type: 'Container',
            min: { cpu: '50m', memory: '4Mi' },
            max: { cpu: '2', memory: '1Gi' },
            default: { cpu: '500m', memory: '512Mi' },
            defaultRequest: { cpu: '100m', memory: '64Mi' },
            maxLimitRequestRatio: { cpu: '10' },
          },
          { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } },
        ],
      },
    }),
    pods.create('pod that says nothing', pod),
    pods.create('pod with an init container', changed(pod, { 'spec.initContainers': [{ name: 'a', image: 'i' }] })),
    pods.create('pod that says some', of({ requests: { cpu: '200m' }, limits: { memory: '256Mi' } })),
    pods.create('cpu below the least', requests('cpu', '10m')),
    pods.create('cpu above the most', requests('cpu', '3')),
    pods.create('memory limit above the most', of({ limits: { memory: '2Gi' } })),
    pods.create(
      'several at once',
      of({ requests: { cpu: '10m', memory: '1Mi' }, limits: { cpu: '3', memory: '2Gi' } }),
    ),
    pods.create('ratio too large', of({ requests: { cpu: '50m' }, limits: { cpu: '1' } })),
    pods.create(
      'pod of a generated name',
      changed(requests('cpu', '10m'), { 'metadata.generateName': 'gen-', 'metadata.name': '' }),
    ),
    claims.create('claim within', claim),
    claims.create('claim too small', changed(claim, { 'spec.resources.requests.storage': '1Mi' })),
    claims.create('claim too large', changed(claim, { 'spec.resources.requests.storage': '11Gi' })),
    ranges.create('range of pods', { spec: { limits: [{ type: 'Pod', max: { cpu: '1' }, min: { memory: '8Mi' } }] } }),
    pods.create('pod within', pod),
    pods.create(
      'containers too much together',
      changed(pod, { 'spec.containers.1': { name: 'd', image: 'i' }, 'spec.containers.2': { name: 'e', image: 'i' } }),
    ),
    pods.create('dry run too much', requests('cpu', '3'), '?dryRun=All'),
  ],
};
