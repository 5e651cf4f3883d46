import type { Command } from 'commander';
import { resolve } from 'node:path';
import { etcdHelp } from '../etcd/help.ts';
import { addFlags } from './flags.ts';
import type { Flag, FlagValues } from './flags.ts';
import { apiserverFlags, controllerManagerFlags, kubeletFlags, schedulerFlags } from './component-flags.ts';

interface Component {
  readonly name: string;
  readonly text: string;
  readonly flags: readonly Flag[];
  readonly example: string;
  readonly run: (values: FlagValues) => Promise<void>;
}

/** Every component alone in its own process, with the real component's names for the flags it has. */
const components: readonly Component[] = [
  {
    name: 'apiserver',
    text: 'the Kubernetes API over any etcd v3 store',
    flags: apiserverFlags,
    example:
      'kuorum apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --tls-cert-file=api.crt \\\n  --tls-private-key-file=api.key --client-ca-file=ca.crt',
    run: async (values) => (await import('../components/apiserver.ts')).runApiserver(values),
  },
  {
    name: 'controller-manager',
    text: "the controllers, as kube-controller-manager's",
    flags: controllerManagerFlags,
    example: 'kuorum controller-manager --kubeconfig=.kuorum/kubeconfig --leader-elect=false',
    run: async (values) => (await import('../components/controllers.ts')).runControllerManager(values),
  },
  {
    name: 'scheduler',
    text: 'gives pods their nodes, as kube-scheduler',
    flags: schedulerFlags,
    example: 'kuorum scheduler --kubeconfig=.kuorum/kubeconfig',
    run: async (values) => (await import('../components/controllers.ts')).runScheduler(values),
  },
  {
    name: 'kubelet',
    text: 'a node: runs pods through a CRI runtime',
    flags: kubeletFlags,
    example:
      'kuorum kubelet --kubeconfig=node.kubeconfig --hostname-override=node-9 --root-dir=/tmp/node-9\nkuorum kubelet --kubeconfig=node.kubeconfig --container-runtime-endpoint=unix:///run/containerd/containerd.sock',
    run: async (values) => (await import('../components/kubelet.ts')).runKubelet(values),
  },
];

/** etcd's flags are Go's, and more than can be listed in the common way: the command reads and explains them itself. */
function registerEtcd(program: Command): void {
  const command = program.command('etcd [flags...]').description('a member of the store: the etcd v3 API over Raft');
  command.helpOption(false).allowUnknownOption().passThroughOptions();
  command.helpInformation = etcdHelp;
  command.action(async (args: string[]) => (await import('../components/etcd.ts')).runEtcd(args));
}

export function registerComponentCommands(program: Command): void {
  registerEtcd(program);
  for (const { name, text, flags, example, run } of components) {
    const command = program.command(name).description(text);
    const read = addFlags(command, flags);
    command.addHelpText('after', `\nExamples:\n${example.replace(/^/gm, '  ')}`);
    command.action(async () => run(read()));
  }
  program
    .command('component <name>', { hidden: true })
    .description('one component of a local cluster, as `kuorum up` starts it')
    .requiredOption('--data-dir <dir>', "the cluster's folder")
    .action(async (name: string, options: { dataDir: string }) => {
      await (await import('../components/local-component.ts')).runLocalComponent(resolve(options.dataDir), name);
    });
}
