import t from 'tap';
import type { Pod } from '../../api/types/core-v1.ts';
import type { KubeObject } from '../pipeline.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { priority } from './priority.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

function storeWith(...classes: KubeObject[]): FakeStore {
  const store = new FakeStore();
  store.objects.set('scheduling.k8s.io/priorityclasses', classes);
  return store;
}
const high = { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' };
const usual = { metadata: { name: 'usual' }, value: 10, globalDefault: true };

async function settled(spec: object, ...classes: KubeObject[]): Promise<Pod['spec']> {
  const request = admissionRequest('pods', { metadata: { name: 'p' }, spec });
  await admit(priority(storeWith(...classes)), request);
  return (request.object as unknown as Pod).spec;
}

void t.test('Priority: value and policy are those of the class', async (t) => {
  t.match(await settled({ priorityClassName: 'high' }, high, usual), { priority: 1000, preemptionPolicy: 'Never' });
  t.match(await settled({}, high, usual), {
    priorityClassName: 'usual',
    priority: 10,
    preemptionPolicy: 'PreemptLowerPriority',
  });
  t.match(await settled({}), { priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
});

void t.test('Priority refuses what the class does not say', async (t) => {
  const head = 'pods "p" is forbidden: ';
  await t.rejects(settled({ priorityClassName: 'who' }), {
    message: `${head}no PriorityClass with name who was found`,
  });
  await t.rejects(settled({ priority: 5 }), {
    message:
      `${head}the integer value of priority (5) must not be provided in pod spec; ` +
      'priority admission controller computed 0 from the given PriorityClass name',
  });
  await t.rejects(settled({ preemptionPolicy: 'Never' }), {
    message:
      `${head}the string value of PreemptionPolicy (Never) must not be provided in pod spec; ` +
      'priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
  });
});

void t.test('Priority keeps what was settled over updates that leave it out', async (t) => {
  const old = { metadata: { name: 'p' }, spec: { priority: 7, preemptionPolicy: 'Never' } };
  const request = admissionRequest('pods', { metadata: { name: 'p' }, spec: {} }, { old });
  await admit(priority(storeWith()), request);
  t.same(request.object['spec'], old.spec);
});

void t.test('Priority: there is one default class', async (t) => {
  const another = admissionRequest('scheduling.k8s.io/priorityclasses', {
    metadata: { name: 'x' },
    globalDefault: true,
  });
  await t.rejects(admit(priority(storeWith(usual)), another), {
    code: 403,
    message:
      'priorityclasses.scheduling.k8s.io "x" is forbidden: PriorityClass usual is already marked as default. ' +
      'Only one default can exist',
  });
  const itself = admissionRequest('scheduling.k8s.io/priorityclasses', usual, { old: usual });
  await t.resolves(admit(priority(storeWith(usual)), itself));
});
