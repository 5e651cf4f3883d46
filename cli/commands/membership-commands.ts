import type { Command } from 'commander';
import { dataDirOf } from './data-dir.ts';
import type * as MembershipActions from './membership-actions.ts';

interface MemberCommand {
  readonly usage: string;
  readonly text: string;
  readonly run: (actions: typeof MembershipActions, dataDir: string, replica: string) => Promise<void>;
}

const dataDirText = "the cluster's folder (default: .kuorum beside cluster.yaml)";
const replaceText = 'put a new member in the place of a replica: remove it, delete its data, add it, wait, promote it';

const memberCommands: readonly MemberCommand[] = [
  { usage: 'list', text: 'the members of the store', run: (actions, dataDir) => actions.memberList(dataDir) },
  {
    usage: 'add <replica>',
    text: 'add a replica that was removed: as a learner, promoted when it has caught up',
    run: (actions, dataDir, replica) => actions.memberAdd(dataDir, replica),
  },
  {
    usage: 'promote <replica>',
    text: 'make a learner a voter, as soon as it has caught up',
    run: (actions, dataDir, replica) => actions.memberPromote(dataDir, replica),
  },
  {
    usage: 'remove <replica>',
    text: 'remove a replica from the cluster for good; its data is moved aside',
    run: (actions, dataDir, replica) => actions.memberRemove(dataDir, replica),
  },
  {
    usage: 'replace <replica>',
    text: replaceText,
    run: (actions, dataDir, replica) => actions.replace(dataDir, replica),
  },
];

function register(parent: Command, { usage, text, run }: MemberCommand): Command {
  const command = parent.command(usage).description(text).option('--data-dir <dir>', dataDirText);
  return command.action(async (...parameters: unknown[]) => {
    const [replica, options] = typeof parameters[0] === 'string' ? parameters : ['', parameters[0]];
    const actions = await import('./membership-actions.ts');
    await run(actions, dataDirOf(options as { dataDir?: string }), replica as string);
  });
}

export function registerMembershipCommands(program: Command): void {
  const member = program.command('member').description("list and change the members of the cluster's store");
  for (const command of memberCommands) register(member, command);
  member.addHelpText('after', '\nExamples:\n  kuorum member list\n  kuorum member remove replica-3');
  const replace = memberCommands.find(({ usage }) => usage.startsWith('replace'))!;
  register(program, replace).addHelpText('after', '\nExamples:\n  kuorum replace replica-2');
  program
    .command('recover')
    .description('a quorum is lost for good: go on with the best of what is left; says what may be lost, and asks')
    .option(
      '--data-dir <dirs...>',
      `${dataDirText}, or the data directories of members of \`kuorum etcd\` that are left`,
    )
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExamples:\n  kuorum down && kuorum recover && kuorum up\n  kuorum recover --data-dir m1.etcd m2.etcd',
    )
    .action(async ({ dataDir, yes }: { dataDir?: string[]; yes?: boolean }) => {
      const { recover } = await import('../recovery/recover.ts');
      await recover(dataDir ?? [dataDirOf({})], yes === true);
    });
}
