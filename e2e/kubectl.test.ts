import t from 'tap';
import { kubectlBinaries, startCluster } from './testing/local-cluster.ts';
import { discoverySteps, objectSteps } from './testing/kubectl-objects.ts';
import { deploymentSteps, nodeSteps, podSteps } from './testing/kubectl-workloads.ts';
import { mainFlow } from './testing/main-flow.ts';
import { ShellSession } from './testing/shell-session.ts';
import type { SessionOptions, Step } from './testing/shell-session.ts';

t.setTimeout(600_000);
const [kubectl] = kubectlBinaries();

const sections: readonly (readonly [namespace: string, steps: readonly Step[]])[] = [
  ['objects', objectSteps],
  ['discovery', discoverySteps],
  ['deployments', deploymentSteps],
  ['pods', podSteps],
  ['nodes', nodeSteps],
];

void t.test('kubectl drives a cluster', { skip: kubectl === undefined && 'kubectl is not installed' }, async (t) => {
  const cluster = await startCluster({ replicas: 1, nodes: 2 });
  t.teardown(() => cluster.destroy());
  const options: SessionOptions = {
    kubeconfig: cluster.kubeconfig,
    home: cluster.dataDir,
    kubectl: kubectl ?? '',
  };
  const session = new ShellSession(options);
  await t.test('a Deployment from creation to deletion', (t) => mainFlow(t, options));

  for (const [namespace, steps] of sections) {
    await t.test(namespace, async (t) => {
      await session.ok(`kubectl create namespace ${namespace}`);
      await session.with({ namespace }).play(t, steps);
      await session.ok(`kubectl delete namespace ${namespace} --wait=false`);
    });
  }
});
