import type { Command } from 'commander';
import { resolve } from 'node:path';
import type { RestoreFlags } from '../backup/snapshot-actions.ts';
import type { StoreAddress, StoreOptions } from '../backup/store-connection.ts';
import { CliError } from '../cli-error.ts';
import { dataDirOf } from './data-dir.ts';
import { readDuration } from './flags.ts';

/** what Kubernetes' clients saw since the backup is surely less */
const bumpDefault = 1_000_000_000;

const wholeNumber =
  (flag: string) =>
  (text: string): number => {
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
      throw new CliError(`${flag} must be a whole number, not "${text}"`);
    }
    return Number(text);
  };

const dataDirText = "the cluster's folder (default: .kuorum beside cluster.yaml)";

/** etcdctl's names */
const withStore = (command: Command): Command =>
  command
    .option('--endpoints <urls>', 'client URLs, tried in turn (default: the local cluster, else http://127.0.0.1:2379)')
    .option('--cacert <file>', "the store's authority")
    .option('--cert <file>', 'our certificate')
    .option('--key <file>', 'our key')
    .option('--user <name>', 'name:password, or with --password the name; it must have the role root')
    .option('--password <password>', "the user's password")
    .option('--data-dir <dir>', `the local cluster to ask: ${dataDirText}`);

async function addressOf(options: StoreOptions): Promise<StoreAddress> {
  const { storeAddress } = await import('../backup/store-connection.ts');
  return storeAddress(options, options.endpoints === undefined ? dataDirOf(options) : '');
}

function untilSignal(): AbortSignal {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => abort.abort());
  return abort.signal;
}

function registerSnapshot(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description('save, inspect and restore snapshots of a store: ours and those of etcd')
    .addHelpText('after', '\nExamples:\n  kuorum snapshot save backup.db\n  kuorum snapshot status backup.db -w table');
  withStore(snapshot.command('save <file>'))
    .description('save what a member holds, as `etcdctl snapshot save` does; also where there is no leader')
    .addHelpText(
      'after',
      '\nExamples:\n  kuorum snapshot save backup.db\n  kuorum snapshot save backup.db --endpoints http://127.0.0.1:2379',
    )
    .action(async (file: string, options: StoreOptions) => {
      const address = await addressOf(options);
      await (await import('../backup/snapshot-actions.ts')).save(file, address);
    });
  snapshot
    .command('status <file>')
    .description('read a snapshot whole, and say what is in it')
    .option('-w, --write-out <format>', 'simple, table or json', 'simple')
    .addHelpText('after', '\nExamples:\n  kuorum snapshot status backup.db -w table')
    .action(async (file: string, { writeOut }: { writeOut: string }) => {
      await (await import('../backup/snapshot-actions.ts')).status(file, writeOut);
    });
  snapshot
    .command('restore <file>')
    .description(
      'make the data directory of a member of `kuorum etcd` out of a snapshot; each member of the new cluster is made of the same file',
    )
    .option('--name <name>', "the member's name", 'default')
    .option('--data-dir <dir>', 'where it will be; must not exist (default: <name>.etcd)')
    .option('--initial-cluster <members>', 'name=peerURL,... of all members (default: this one alone)')
    .option('--initial-cluster-token <token>', 'keeps clusters apart', 'etcd-cluster')
    .option('--initial-advertise-peer-urls <urls>', 'where its peers reach it', 'http://localhost:2380')
    .option('--skip-hash-check', 'also a file without the SHA-256 that a saved one ends with, or with a wrong one')
    .option(
      '--bump-revision <n>',
      'add to the revision, beyond what clients have seen',
      wholeNumber('--bump-revision'),
      0,
    )
    .option('--mark-compacted', 'with --bump-revision: all before it is compacted, so that watches begin anew')
    .addHelpText(
      'after',
      '\nExamples:\n  kuorum snapshot restore backup.db --data-dir m1.etcd\n  kuorum etcd --data-dir m1.etcd',
    )
    .action(async (file: string, options: RestoreFlags) => {
      await (await import('../backup/snapshot-actions.ts')).restore(file, options);
    });
}

interface BackupFlags extends StoreOptions {
  readonly every: number;
  readonly keep: number;
  readonly to: string;
  readonly once?: boolean;
}

function registerBackup(program: Command): void {
  withStore(program.command('backup'))
    .description('save a snapshot now and then, read each one whole, and keep the newest')
    .requiredOption('--to <dir>', 'where they are kept')
    .option('--every <duration>', 'between two', (text: string) => readDuration('every', text), 3_600_000)
    .option('--keep <n>', 'so many stay', wholeNumber('--keep'), 24)
    .option('--once', 'a single one, now; ends with 1 where that fails')
    .addHelpText(
      'after',
      '\nExamples:\n  kuorum backup --every 1h --keep 24 --to backups\n  kuorum backup --once --to backups --endpoints https://h1:2379,https://h2:2379 --cacert ca.crt --cert c.crt --key c.key',
    )
    .action(async ({ every, keep, to, once = false, ...store }: BackupFlags) => {
      if (keep < 1) throw new CliError('--keep must be at least 1');
      const { backUpEvery } = await import('../backup/backup-schedule.ts');
      const address = await addressOf(store);
      await backUpEvery({ address, directory: resolve(to), everyMs: every, keep, once, signal: untilSignal() });
    });
}

function registerRestore(program: Command): void {
  program
    .command('restore <file>')
    .description("put a snapshot in the place of a whole local cluster's store; the cluster must be down")
    .option('--data-dir <dir>', dataDirText)
    .option('-f, --file <cluster.yaml>', 'describes the cluster where its folder is lost (default: ./cluster.yaml)')
    .option(
      '--bump-revision <n>',
      'added to the revision, so that no client has seen a later one',
      wholeNumber('--bump-revision'),
      bumpDefault,
    )
    .option('--skip-hash-check', 'also a file without the SHA-256 that a saved one ends with, or with a wrong one')
    .addHelpText(
      'after',
      '\nExamples:\n  kuorum down && kuorum restore backups/kuorum-20260102T030405Z.db && kuorum up',
    )
    .action(async (file: string, options: { bumpRevision: number }) => {
      await (await import('../backup/restore-cluster.ts')).restoreCluster(file, options);
    });
}

function registerVerify(program: Command): void {
  program
    .command('verify [dir]')
    .description(
      `read all that a stopped cluster or member holds, and check log against store; changes nothing. ${dataDirText}`,
    )
    .addHelpText('after', '\nExamples:\n  kuorum verify\n  kuorum verify m1.etcd\n  kuorum verify m1.etcd/raft')
    .action(async (dir: string | undefined) => {
      await (await import('../backup/verify-actions.ts')).verify(dataDirOf({ dataDir: dir }));
    });
}

export function registerBackupCommands(program: Command): void {
  registerSnapshot(program);
  registerBackup(program);
  registerRestore(program);
  registerVerify(program);
}
