import { request } from 'node:https';
import t from 'tap';
import type { Test } from 'tap';
import type { KeyPair } from '../cli/pki/certificate.ts';
import { kubectlBinaries } from './testing/local-cluster.ts';
import { startOneNode } from './testing/one-node.ts';
import type { OneNode } from './testing/one-node.ts';

t.setTimeout(180_000);
const skip = kubectlBinaries().length === 0 && 'kubectl is not installed';
const shell = (script: string) => ({ name: 'c', image: 'app', command: ['sh', '-c', script] });

void t.test('kubectl logs shows what containers of the embedded runtime print', { skip }, async (t) => {
  const node = await startOneNode(t);
  const { kubectl } = node;
  await node.run('two', { containers: [shell('echo one; echo two; echo three')], restartPolicy: 'Never' });
  await node.run('again', { containers: [shell('echo first; exit 1')] });
  await node.run('mute', { containers: [{ name: 'c', image: 'nginx' }] });
  await node.run('slow', { containers: [shell('echo begun; sleep 2; echo ended')], restartPolicy: 'Never' });
  await node.run('pair', {
    containers: [
      { name: 'a', image: 'x' },
      { name: 'b', image: 'x' },
    ],
  });
  await node.run('stuck', { containers: [{ name: 'c', image: 'x' }], nodeName: '' });
  await node.untilPhase('slow', 'Running');

  const followed = await kubectl(['logs', '-f', 'slow']);
  t.equal(followed.out, 'begun\nended\n', '-f ends with the container, and has its last line');

  await node.untilPhase('two', 'Succeeded');
  t.equal((await kubectl(['logs', 'two'])).out, 'one\ntwo\nthree\n');
  t.equal((await kubectl(['logs', 'two', '--tail=1'])).out, 'three\n');
  t.equal((await kubectl(['logs', 'two', '--limit-bytes=5'])).out, 'one\nt');
  t.match((await kubectl(['logs', 'two', '--timestamps', '--tail=1'])).out, /^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/);
  t.equal((await kubectl(['logs', 'two', '--since-time=2099-01-01T00:00:00Z'])).out, '');
  await node.untilPhase('mute', 'Running');
  t.match(
    (await kubectl(['logs', 'mute'])).out,
    /this container is simulated, no process runs: the entry point of \S*nginx/,
  );
  t.equal((await kubectl(['logs', 'stuck'])).out, '', 'nobody runs it: nothing');
  await t.test('what is not there is said in the words of Kubernetes', async (t) => {
    t.match(
      (await kubectl(['logs', 'mute', '--previous'])).err,
      /previous terminated container "c" in pod "mute" not found/,
    );
    t.match((await kubectl(['logs', 'mute', '-c', 'x'])).err, /container x is not valid for pod mute/);
    t.match(
      await node.admin.request<string>('GET', '/api/v1/namespaces/default/pods/pair/log').catch(String),
      /a container name must be specified for pod pair, choose one of: \[a b\]/,
    );
    t.match((await kubectl(['logs', 'nobody'])).err, /\(NotFound\): pods "nobody" not found/);
  });
  await node.untilRestarted('again');
  t.equal((await kubectl(['logs', 'again', '--previous'])).out, 'first\n');
  await t.test('only who has the right may talk to the kubelet', (t) => strangers(t, node));
});

function ask(port: number, path: string, ca: string, identity?: KeyPair): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, ca, ...identity }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.on('error', reject).end();
  });
}

async function strangers(t: Test, { kubeletPort, ca, identity }: OneNode): Promise<void> {
  t.equal(await ask(kubeletPort, '/pods', ca.cert), 401, 'no certificate');
  t.equal(await ask(kubeletPort, '/pods', ca.cert, await identity('nobody')), 403, 'no right');
  t.equal(await ask(kubeletPort, '/pods', ca.cert, await identity('root', 'system:masters')), 200);
  t.equal(await ask(kubeletPort, '/nothing', ca.cert, await identity('root', 'system:masters')), 404);
}
