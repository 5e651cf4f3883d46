import { flagLines, foreignNames } from '../commands/foreign-flag.ts';
import { apiserverFlagGroups } from './apiserver-flags.ts';
import { foreignFlags } from './foreign-flags.ts';

/** `kuorum apiserver --help` */
export function apiserverHelp(): string {
  const groups = apiserverFlagGroups.map(({ title, flags }) => `${title}:\n${flags.map(flagLines).join('\n')}\n`);
  return `Usage: kuorum apiserver [flags]

The Kubernetes API over any etcd v3 store, with the flags of kube-apiserver.

Options:
  --help, -h
      print this, and exit
  --version
      print the version and exit

${groups.join('\n')}
Taken without effect (the log says why):
  ${foreignNames(foreignFlags, (only) => only === undefined)}

Only with values that ask for nothing:
  ${foreignNames(foreignFlags, (only) => only !== undefined)}

Examples:
  kuorum apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --tls-cert-file=api.crt \\
    --tls-private-key-file=api.key --client-ca-file=ca.crt --service-account-signing-key-file=sa.key \\
    --service-account-key-file=sa.pub
`;
}
