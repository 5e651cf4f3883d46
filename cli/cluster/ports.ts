import { createServer } from 'node:net';
import { CliError } from '../cli-error.ts';
import type { Layout } from './layout.ts';
import { stateOf } from './processes.ts';

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** Refuses to start where another program listens on a port that a component of ours, not yet running, will need. */
export async function checkPorts(layout: Layout, hasData: boolean): Promise<void> {
  const wanted: [string, string, number][] = [
    ['front', 'the kubeconfig', layout.config.port],
    ...layout.replicas.flatMap((r): [string, string, number][] => [
      [r.name, `${r.name}'s API server`, r.apiPort],
      [r.name, `${r.name}'s etcd clients`, r.clientPort],
      [r.name, `${r.name}'s etcd peers`, r.peerPort],
    ]),
  ];
  const taken: string[] = [];
  for (const [component, purpose, port] of wanted) {
    if (stateOf(layout, component).pid !== undefined) continue;
    if (!(await portIsFree(port))) taken.push(`port ${port} (${purpose})`);
  }
  if (taken.length > 0) {
    const last = layout.config.port + 10 * layout.replicas.length + 2;
    const advice = hasData
      ? `Stop that program: the ports of a cluster that has data are fixed (${layout.config.port} to ${last})`
      : `Choose other ports with --port (a cluster takes port to port + ${last - layout.config.port}), or stop that program`;
    throw new CliError(`in use by another program: ${taken.join(', ')}. ${advice}`);
  }
}
