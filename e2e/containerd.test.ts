/** A cluster whose node runs real containers: `nodes.runtime` names the socket of a containerd of the test's own. */
import { createKubeClient } from '../client/kube-client.ts';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import type { Deployment } from '../api/types/apps-v1.ts';
import type { Node, Pod } from '../api/types/core-v1.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { deployments, nodes, pods } from '../client/resources.ts';
import { containerdMissing, startContainerd, testImage } from '../node/kubelet/testing/containerd.ts';
import { pause, placeCluster } from './testing/local-cluster.ts';

async function eventually<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await pause(100);
  }
}

const fetchText = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('end', () => resolve(body));
    }).on('error', reject);
  });

const web = (image: string): Deployment => ({
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'httpd',
            image,
            imagePullPolicy: 'Never',
            command: [
              'sh',
              '-c',
              'mkdir -p /www && echo "I am $NAME" > /www/index.html && exec httpd -f -p 8080 -h /www',
            ],
            env: [{ name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
});

void t.test('a node on containerd runs real containers', { skip: containerdMissing() ?? false }, async (t) => {
  const containerd = await startContainerd();
  t.teardown(() => containerd.close());
  const cluster = await placeCluster(1);
  t.teardown(() => cluster.destroy());
  const file = join(cluster.dataDir, 'cluster.yaml');
  writeFileSync(file, `replicas: 1\nport: ${cluster.port}\nnodes: { count: 1, runtime: '${containerd.endpoint}' }\n`);
  await cluster.run('up', '--detach', '-f', file);
  const client = createKubeClient(loadKubeconfig(cluster.kubeconfig));
  t.teardown(() => client.close());

  const node = await client.resource<Node>(nodes).get('node-1');
  t.match(node.status?.nodeInfo?.containerRuntimeVersion, /^containerd:\/\//, 'the node says what runs its pods');

  await client.resource<Deployment>(deployments).create(web(testImage), 'default');
  const ready = await eventually('two ready pods', async () => {
    const { items } = await client.resource<Pod>(pods).list({ namespace: 'default', labelSelector: 'app=web' });
    const isReady = (pod: Pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
    return items.length === 2 && items.every(isReady) ? items : undefined;
  });
  for (const pod of ready) {
    const body = await fetchText(`http://${pod.status?.podIP ?? ''}:8080/`);
    t.equal(body.trim(), `I am ${pod.metadata?.name ?? ''}`, 'each pod answers at its own address');
  }

  const job: Pod = {
    metadata: { name: 'fails' },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'c', image: testImage, imagePullPolicy: 'Never', command: ['sh', '-c', 'exit 7'] }],
    },
  };
  await client.resource<Pod>(pods).create(job, 'default');
  const ended = await eventually('a pod that fails', async () => {
    const pod = await client.resource<Pod>(pods).get('fails', 'default');
    return pod.status?.phase === 'Failed' ? pod : undefined;
  });
  t.equal(ended.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 7, 'a real exit code');

  await client.resource<Deployment>(deployments).delete('web', 'default', { propagationPolicy: 'Background' });
  await client.resource<Pod>(pods).delete('fails', 'default', { gracePeriodSeconds: 0 });
  await eventually('no pod is left', async () => {
    const { items } = await client.resource<Pod>(pods).list({ namespace: 'default' });
    return items.length === 0 ? true : undefined;
  });
});
