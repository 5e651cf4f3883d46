import type { Command } from 'commander';
import { resolve } from 'node:path';
import { apiserverHelp } from '../apiserver/help.ts';
import { etcdHelp } from '../etcd/help.ts';
import { addFlags } from './flags.ts';
import type { Flag, FlagValues } from './flags.ts';
import { controllerManagerFlags, kubeletFlags, schedulerFlags } from './component-flags.ts';

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

interface OwnReader {
  readonly name: string;
  readonly text: string;
  readonly help: () => string;
  readonly run: (args: string[]) => Promise<void>;
}

/** Flags that are read as Go reads them, and are more than can be listed in the common way: these read and explain them themselves. */
const ownReaders: readonly OwnReader[] = [
  {
    name: 'etcd',
    text: 'a member of the store: the etcd v3 API over Raft',
    help: etcdHelp,
    run: async (args) => (await import('../components/etcd.ts')).runEtcd(args),
  },
  {
    name: 'apiserver',
    text: 'the Kubernetes API over any etcd v3 store',
    help: apiserverHelp,
    run: async (args) => (await import('../components/apiserver.ts')).runApiserver(args),
  },
];

function registerOwnReader(program: Command, { name, text, help, run }: OwnReader): void {
  const command = program.command(`${name} [flags...]`).description(text);
  command.helpOption(false).allowUnknownOption().passThroughOptions();
  command.helpInformation = help;
  command.action(run);
}

export function registerComponentCommands(program: Command): void {
  for (const reader of ownReaders) registerOwnReader(program, reader);
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
