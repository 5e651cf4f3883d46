import { flagLines, foreignNames } from '../commands/foreign-flag.ts';
import { etcdFlagGroups } from './etcd-flags.ts';
import { foreignFlags } from './foreign-flags.ts';

/** `kuorum etcd --help` */
export function etcdHelp(): string {
  const groups = etcdFlagGroups.map(({ title, flags }) => `${title}:\n${flags.map(flagLines).join('\n')}\n`);
  return `Usage: kuorum etcd [flags]

A member of the store: the etcd v3 API over Raft.

Every flag can also be given as an environment variable (--data-dir as ETCD_DATA_DIR), or in a file:
  --config-file <file>
      YAML with these names as keys; nothing else is looked at then
  --version
      print the version and exit

Options:

${groups.join('\n')}
Names of 3.4 and 3.5 (--experimental-corrupt-check-time) are read as those of today.

Taken without effect (the log says why):
  ${foreignNames(foreignFlags, (only) => only === undefined)}

Only with values that ask for nothing:
  ${foreignNames(foreignFlags, (only) => only !== undefined)}

Examples:
  kuorum etcd --name m1 --data-dir /tmp/m1 --listen-client-urls http://127.0.0.1:2379 \\
    --advertise-client-urls http://127.0.0.1:2379
  kuorum etcd --config-file /etc/kuorum/etcd.yaml
`;
}
