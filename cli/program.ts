import { Command } from 'commander';
import { registerBackupCommands } from './commands/backup-commands.ts';
import { registerChaosCommand } from './commands/chaos-command.ts';
import { registerClusterCommands } from './commands/cluster-commands.ts';
import { registerComponentCommands } from './commands/component-commands.ts';
import { registerMembershipCommands } from './commands/membership-commands.ts';
import { version } from './version.ts';

/** The `kuorum` command line. It only wires: each command's work is loaded when it is used. */
export function createProgram(): Command {
  const program = new Command('kuorum')
    .description('A highly available Kubernetes control plane and node, on a Raft-replicated, etcd-compatible store')
    .version(`kuorum ${version}`, '-V, --version')
    // behind a command, --version is that command's: kuorum etcd --version answers as etcd does
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the options and examples)')
    .configureHelp({ sortSubcommands: false })
    .addHelpText('after', '\nExamples:\n  kuorum up\n  kuorum status\n  kuorum kill leader\n  kuorum up --help');
  registerClusterCommands(program);
  registerMembershipCommands(program);
  registerBackupCommands(program);
  registerComponentCommands(program);
  registerChaosCommand(program);
  return program;
}
