import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type * as ClusterActions from './cluster-actions.ts';
import { dataDirOf } from './data-dir.ts';
import type { UpOptions } from './up.ts';

const wholeNumber = (name: string) => (value: string) => {
  if (!/^\d+$/.test(value)) throw new CliError(`${name} must be a whole number, not "${value}"`);
  return Number(value);
};

const examples = (command: Command, lines: string): Command =>
  command.addHelpText('after', `\nExamples:\n${lines.replace(/^/gm, '  ')}`);

const withDataDir = (command: Command): Command =>
  command.option('--data-dir <dir>', "the cluster's folder (default: .kuorum beside cluster.yaml)");

interface Simple {
  readonly usage: string;
  readonly text: string;
  readonly example: string;
  readonly run: (actions: typeof ClusterActions, dataDir: string, argument: string) => Promise<void>;
}

/** Commands that take nothing but a component and --data-dir. */
const simpleCommands: readonly Simple[] = [
  {
    usage: 'kill <replica>',
    text: 'SIGKILL a replica, a node, or whoever leads (kill leader)',
    example: 'kuorum kill leader\nkuorum kill replica-2',
    run: (actions, dataDir, target) => actions.kill(dataDir, target),
  },
  {
    usage: 'pause <replica>',
    text: 'SIGSTOP a component: it keeps its connections and answers nothing',
    example: 'kuorum pause leader',
    run: (actions, dataDir, target) => actions.pause(dataDir, target),
  },
  {
    usage: 'resume <replica>',
    text: 'SIGCONT a paused component',
    example: 'kuorum resume replica-1',
    run: (actions, dataDir, target) => actions.resume(dataDir, target),
  },
  {
    usage: 'stop <replica>',
    text: 'stop a component in good order',
    example: 'kuorum stop replica-3',
    run: (actions, dataDir, target) => actions.stop(dataDir, target),
  },
  {
    usage: 'start <replica>',
    text: 'start a component that was stopped or killed, and wait until it is ready',
    example: 'kuorum start replica-3',
    run: (actions, dataDir, target) => actions.start(dataDir, target),
  },
  {
    usage: 'down',
    text: 'stop the whole cluster; its data stays',
    example: 'kuorum down',
    run: (actions, dataDir) => actions.down(dataDir),
  },
  {
    usage: 'reset',
    text: 'stop the cluster and delete its folder: all data is lost',
    example: 'kuorum reset',
    run: (actions, dataDir) => actions.reset(dataDir),
  },
];

function registerUp(program: Command): void {
  const up = withDataDir(program.command('up'))
    .description('start the cluster that cluster.yaml describes, and stay in the foreground')
    .option('-f, --file <cluster.yaml>', 'the description (default: ./cluster.yaml)')
    .option('--replicas <n>', 'replicas of the control plane: 1, 3, 5 or 7', wholeNumber('--replicas'))
    .option('--nodes <n>', 'nodes', wholeNumber('--nodes'))
    .option('--port <port>', 'where kubectl connects', wholeNumber('--port'))
    .option('--detach', 'return when the cluster is ready, and leave it running')
    .action(async (options: UpOptions) => (await import('./up.ts')).up(options));
  examples(
    up,
    'kuorum up\nkuorum up --replicas 5 --nodes 3 --detach\nkuorum up -f ci.yaml --data-dir /tmp/ci --port 7443 --detach',
  );
}

function registerReading(program: Command): void {
  const status = withDataDir(program.command('status'))
    .description("show each replica's role, term, revision and health, the nodes, and who leads")
    .option('-o, --output <format>', 'json, or nothing for a table')
    .action(async (options: { dataDir?: string; output?: string }) => {
      await (await import('./cluster-actions.ts')).status(dataDirOf(options), options.output);
    });
  examples(status, 'kuorum status\nkuorum status -o json');
  const kubeconfig = withDataDir(program.command('kubeconfig'))
    .description("print the administrator's kubeconfig")
    .option('--path', 'print where it is instead')
    .action(async (options: { dataDir?: string; path?: boolean }) => {
      await (await import('./cluster-actions.ts')).kubeconfig(dataDirOf(options), options.path === true);
    });
  examples(kubeconfig, 'kuorum kubeconfig > ~/.kube/config\nexport KUBECONFIG=$(kuorum kubeconfig --path)');
  const logs = withDataDir(program.command('logs <component>'))
    .description('print the log of a replica, a node or the front')
    .option('-f, --follow', 'go on printing as it grows')
    .option('--tail <lines>', 'only the last lines', wholeNumber('--tail'))
    .action(async (component: string, options: { dataDir?: string; follow?: boolean; tail?: number }) => {
      await (await import('./logs.ts')).logs(dataDirOf(options), component, options);
    });
  examples(logs, 'kuorum logs replica-1 --tail 50\nkuorum logs node-2 -f');
}

export function registerClusterCommands(program: Command): void {
  registerUp(program);
  registerReading(program);
  for (const { usage, text, example, run } of simpleCommands) {
    const command = withDataDir(program.command(usage)).description(text);
    examples(command, example);
    command.action(async (...parameters: unknown[]) => {
      const [options, argument] =
        typeof parameters[0] === 'string' ? [parameters[1], parameters[0]] : [parameters[0], ''];
      await run(await import('./cluster-actions.ts'), dataDirOf(options as { dataDir?: string }), argument);
    });
  }
}
