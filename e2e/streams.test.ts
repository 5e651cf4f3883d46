/** exec, attach and port-forward through the API server and the kubelet, as kubectl asks for them in both of its ways. */
import { spawn } from 'node:child_process';
import { get } from 'node:http';
import t from 'tap';
import type { Test } from 'tap';
import { containerdMissing, startContainerd, testImage } from '../node/kubelet/testing/containerd.ts';
import { kubectlBinaries } from './testing/local-cluster.ts';
import { startOneNode } from './testing/one-node.ts';
import type { OneNode } from './testing/one-node.ts';

t.setTimeout(240_000);
const noKubectl = kubectlBinaries().length === 0 && 'kubectl is not installed';

/** kubectl speaks WebSocket since 1.31, and SPDY before. */
const ways: readonly (readonly [name: string, env: Readonly<Record<string, string>>])[] = [
  ['WebSocket', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'true' }],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
];

void t.test('the embedded runtime says that it runs no commands', { skip: noKubectl }, async (t) => {
  const node = await startOneNode(t);
  await node.run('web', {});
  await node.untilPhase('web', 'Running');
  for (const [name, env] of ways) {
    const exec = await node.kubectl(['exec', 'web', '--', 'ls'], '', env);
    t.match(
      exec,
      { code: 1, err: /exec is not supported, as the embedded runtime simulates containers and runs nothing/ },
      name,
    );
    const missing = await node.kubectl(['exec', 'web', '-c', 'x', '--', 'ls'], '', env);
    t.match(missing, { code: 1, err: /container x is not valid for pod web/ }, name);
  }
  await t.rejects(node.admin.request('POST', '/api/v1/namespaces/default/pods/web/exec?command=ls&stdout=true'), {
    code: 400,
    message: 'Upgrade request required',
  });
  await t.test('a WebSocket takes the right to create', (t) => onlyGet(t, node));
});

async function onlyGet(t: Test, node: OneNode): Promise<void> {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'looker' } };
  const rules = [{ apiGroups: [''], resources: ['pods', 'pods/exec'], verbs: ['get'] }];
  await node.admin.request('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { ...role, rules });
  await node.admin.request('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'looker' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'looker' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'looker' }],
  });
  const answer = await node.kubectl(['exec', 'web', '--as=looker', '--', 'ls'], '', ways[0]?.[1]);
  t.match(answer, { code: 1, err: /User "looker" cannot create resource "pods\/exec"/ });
}

const skip = noKubectl || (containerdMissing() ?? false);
void t.test('containers of containerd run commands and are reached', { skip }, async (t) => {
  const containerd = await startContainerd();
  t.teardown(() => containerd.close());
  const node = await startOneNode(t, containerd.endpoint);
  const script = 'mkdir -p /www && echo it works > /www/index.html && exec httpd -f -p 8080 -h /www';
  const web = { name: 'c', image: testImage, imagePullPolicy: 'Never', command: ['sh', '-c', script] };
  await node.run('web', { containers: [web] });
  const echo = { ...web, command: ['sh', '-c', 'while read line; do echo "got $line"; done'], stdin: true };
  await node.run('echo', { containers: [echo] });
  await node.untilPhase('web', 'Running');
  await node.untilPhase('echo', 'Running');
  for (const [name, env] of ways) {
    await t.test(name, async (t) => {
      const { kubectl } = node;
      t.match(await kubectl(['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2'], '', env), {
        code: 0,
        out: 'out\n',
        err: 'err\n',
      });
      const failed = await kubectl(['exec', 'web', '--', 'sh', '-c', 'exit 3'], '', env);
      t.match(failed, { code: 3, err: /command terminated with exit code 3/ });
      const text = 'x'.repeat(200_000);
      t.equal((await kubectl(['exec', '-i', 'web', '--', 'cat'], text, env)).out, text, 'input, and its end');
      t.match((await kubectl(['exec', 'web', '--', 'nothing'], '', env)).err, /executable file not found/);
      t.match(await attached(node, env), /got hello/);
      t.equal(await forwarded(node, env), 'it works\n');
    });
  }
});

/** The end of the input would detach at once: it comes after the answer. */
async function attached({ kubeconfig }: OneNode, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn('kubectl', ['attach', '-i', 'echo'], {
    env: { ...process.env, ...env, KUBECONFIG: kubeconfig },
    stdio: 'pipe',
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    child.stdin.end();
  });
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.write('hello\n');
  await new Promise<void>((resolve) => void child.once('close', () => resolve()));
  return text;
}

async function forwarded({ kubeconfig }: OneNode, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn('kubectl', ['port-forward', 'pod/web', ':8080', '--address=127.0.0.1'], {
    env: { ...process.env, ...env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const port = await new Promise<number>((resolve, reject) => {
      let text = '';
      child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /127\.0\.0\.1:(\d+) -> 8080/.exec(text)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
      child.once('close', () => reject(new Error(`kubectl port-forward ended: ${text}`)));
    });
    return await new Promise<string>((resolve, reject) => {
      const call = get({ host: '127.0.0.1', port, path: '/', agent: false }, (answer) => {
        let body = '';
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
        answer.on('end', () => resolve(body));
      });
      call.on('error', reject);
    });
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
