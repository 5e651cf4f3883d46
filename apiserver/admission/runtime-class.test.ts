import t from 'tap';
import type { Pod } from '../../api/types/core-v1.ts';
import { FakeStore } from '../testing/fake-context.ts';
import { runtimeClass } from './runtime-class.ts';
import { admissionRequest, admit } from './testing/admission-request.ts';

const plain = { metadata: { name: 'plain' }, handler: 'h' };
const vm = {
  metadata: { name: 'vm' },
  handler: 'h',
  overhead: { podFixed: { cpu: '250m', memory: '120Mi' } },
  scheduling: {
    nodeSelector: { vm: 'true' },
    tolerations: [
      { key: 'vm', operator: 'Exists' },
      { key: 'own', operator: 'Equal', value: 'x', effect: 'NoSchedule' },
    ],
  },
};

async function admitted(spec: object): Promise<Pod['spec']> {
  const store = new FakeStore();
  store.objects.set('node.k8s.io/runtimeclasses', [plain, vm]);
  const request = admissionRequest('pods', { metadata: { name: 'p' }, spec });
  await admit(runtimeClass(store), request);
  return (request.object as unknown as Pod).spec;
}

void t.test('RuntimeClass: overhead and scheduling come to the pod', async (t) => {
  const tolerations = [{ key: 'own', operator: 'Exists' }];
  t.same(await admitted({ runtimeClassName: 'vm', nodeSelector: { disk: 'ssd' }, tolerations }), {
    runtimeClassName: 'vm',
    overhead: { cpu: '250m', memory: '120Mi' },
    nodeSelector: { disk: 'ssd', vm: 'true' },
    tolerations: [
      { key: 'own', operator: 'Exists' },
      { key: 'vm', operator: 'Exists' },
    ],
  });
  t.same(await admitted({ runtimeClassName: 'plain' }), { runtimeClassName: 'plain' });
});

void t.test('RuntimeClass refuses', async (t) => {
  const head = 'pods "p" is forbidden: ';
  await t.rejects(admitted({ runtimeClassName: 'who' }), {
    message: `${head}pod rejected: RuntimeClass "who" not found`,
  });
  await t.rejects(admitted({ runtimeClassName: 'vm', nodeSelector: { vm: 'false' } }), {
    message: `${head}conflict: runtimeClass.scheduling.nodeSelector[vm] = true; pod.spec.nodeSelector[vm] = false`,
  });
  await t.rejects(admitted({ runtimeClassName: 'vm', overhead: { cpu: '1' } }), {
    message: `${head}pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
  });
  await t.rejects(admitted({ overhead: { cpu: '1' } }), {
    message: `${head}pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead`,
  });
});
