import t from 'tap';
import type { Pod } from '../../api/types/core-v1.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { limitRanger } from './limit-ranger.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

async function run(limits: object[], object: object, resource = 'pods'): Promise<Pod> {
  const store = new FakeStore();
  await store.ensure('', 'limitranges', { metadata: { name: 'l', namespace: 'default' }, spec: { limits } });
  const request = admissionRequest(resource, object);
  await admit(limitRanger(store), request);
  return request.object;
}

const pod = (...resources: object[]) => ({
  metadata: { name: 'p' },
  spec: { containers: resources.map((own, i) => ({ name: `c${i}`, resources: own })) },
});

void t.test('LimitRanger fills in what containers leave out and says so', async (t) => {
  const limits = [
    { type: 'Container', default: { cpu: '500m', memory: '1Gi' }, defaultRequest: { cpu: '100m', memory: '200Mi' } },
  ];
  const { metadata, spec } = await run(limits, pod({}, { requests: { cpu: '150m' }, limits: { memory: '2Gi' } }));
  t.same(spec?.containers[0]?.resources, {
    requests: { cpu: '100m', memory: '200Mi' },
    limits: { cpu: '500m', memory: '1Gi' },
  });
  t.same(spec?.containers[1]?.resources, {
    requests: { cpu: '150m', memory: '200Mi' },
    limits: { cpu: '500m', memory: '2Gi' },
  });
  t.equal(
    metadata?.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu, memory request for container c0; cpu, memory limit for container c0; ' +
      'memory request for container c1; cpu limit for container c1',
  );
});

const cpu = (request: string | undefined, limit?: string) => ({
  ...(request && { requests: { cpu: request } }),
  ...(limit && { limits: { cpu: limit } }),
});

const refused: [title: string, limits: object[], object: object, why: string][] = [
  [
    'less than the minimum',
    [{ type: 'Container', min: { cpu: '50m' } }],
    pod(cpu('10m')),
    'minimum cpu usage per Container is 50m, but request is 10m',
  ],
  [
    'no request where there is a minimum',
    [{ type: 'Container', min: { cpu: '50m' } }],
    pod({}),
    'minimum cpu usage per Container is 50m.  No request is specified',
  ],
  [
    'more than the maximum',
    [{ type: 'Container', max: { cpu: '1' } }],
    pod(cpu('1', '2')),
    'maximum cpu usage per Container is 1, but limit is 2',
  ],
  [
    'no limit where there is a maximum',
    [{ type: 'Container', max: { memory: '1Gi' } }],
    pod({}),
    'maximum memory usage per Container is 1Gi.  No limit is specified',
  ],
  [
    'a limit far above the request',
    [{ type: 'Container', maxLimitRequestRatio: { cpu: '2' } }],
    pod(cpu('100m', '300m')),
    'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
  ],
  [
    'a pod whose containers are too much together',
    [{ type: 'Pod', max: { cpu: '3' } }],
    pod(cpu('1', '2'), cpu('1', '2')),
    'maximum cpu usage per Pod is 3, but limit is 4',
  ],
  [
    'all that is wrong, each once',
    [{ type: 'Container', min: { cpu: '50m' }, max: { cpu: '1' } }],
    pod(cpu('10m'), cpu('10m')),
    '[minimum cpu usage per Container is 50m, but request is 10m, maximum cpu usage per Container is 1.  No limit is specified]',
  ],
];

void t.test('LimitRanger refuses', async (t) => {
  for (const [title, limits, object, why] of refused) {
    await t.rejects(run(limits, object), { code: 403, message: `pods "p" is forbidden: ${why}` }, title);
  }
});

void t.test('LimitRanger keeps claims within their bounds', async (t) => {
  const limits = [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } }];
  const claim = (storage: string) => ({ metadata: { name: 'c' }, spec: { resources: { requests: { storage } } } });
  await t.resolves(run(limits, claim('2Gi'), 'persistentvolumeclaims'));
  await t.rejects(run(limits, claim('3Gi'), 'persistentvolumeclaims'), {
    message:
      'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
  });
  await t.rejects(run(limits, claim('1Mi'), 'persistentvolumeclaims'), {
    message:
      'persistentvolumeclaims "c" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi',
  });
});
