import t from 'tap';
import type { ContainerState, ContainerStatus, Pod } from '../../../api/types/core-v1.ts';
import { logContainerId } from './log-container.ts';

function podWith(status: Partial<ContainerStatus>): Pod {
  const whole = { name: 'c', image: '', imageID: '', ready: false, restartCount: 0, ...status };
  return { metadata: { name: 'web' }, status: { containerStatuses: [whole] } };
}
const ended = (containerID: string): ContainerState => ({ terminated: { containerID, exitCode: 0 } });

void t.test('logContainerId names the container whose log is meant', async (t) => {
  const running = podWith({
    containerID: 'containerd://now',
    state: { running: {} },
    lastState: ended('containerd://before'),
  });
  t.equal(logContainerId(running, 'c', false), 'now');
  t.equal(logContainerId(running, 'c', true), 'before');
  t.equal(logContainerId(podWith({ state: ended('x://end') }), 'c', false), 'end');
  const backOff = podWith({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended('x://last') });
  t.equal(logContainerId(backOff, 'c', false), 'last');
});

void t.test('logContainerId says why there is none, in the words of Kubernetes', async (t) => {
  const cases: [Partial<ContainerStatus>, string][] = [
    [{ state: { waiting: { reason: 'ContainerCreating' } } }, 'is waiting to start: ContainerCreating'],
    [{ state: { waiting: { reason: 'ErrImagePull' } } }, "is waiting to start: image can't be pulled"],
    [{ state: { waiting: { reason: 'ImagePullBackOff' } } }, 'is waiting to start: trying and failing to pull image'],
    [{}, 'is waiting to start - no logs yet'],
    [{ state: ended('') }, 'is terminated'],
  ];
  for (const [status, words] of cases) {
    t.throws(() => logContainerId(podWith(status), 'c', false), { message: `container "c" in pod "web" ${words}` });
  }
  t.throws(() => logContainerId(podWith({}), 'c', true), {
    message: 'previous terminated container "c" in pod "web" not found',
  });
  t.throws(() => logContainerId(podWith({}), 'x', false), { message: 'container "x" in pod "web" is not available' });
});
