import { constants, cpSync, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { rfc3339, systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { forceNewCluster, holdsMember, readSurvivor } from '../../store/etcd/member.ts';
import type { Survivor } from '../../store/etcd/member.ts';
import { CliError, messageOf } from '../cli-error.ts';
import type { Layout } from '../cluster/layout.ts';
import { stateOf } from '../cluster/processes.ts';
import { findState } from '../cluster/state.ts';
import { setAside } from '../membership/join-replica.ts';
import { setReplicaRole } from '../membership/replica-roles.ts';
import { planRecovery } from './recovery-plan.ts';
import type { Finding } from './recovery-plan.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const unchanged = 'Nothing was changed';

async function finding(name: string, dataDir: string): Promise<Finding> {
  if (!holdsMember(dataDir)) return { name, found: `there is no data of a member in ${dataDir}` };
  return { name, found: await readSurvivor(dataDir, silentLog).catch((error: unknown) => messageOf(error)) };
}

async function confirm(yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new CliError(`${unchanged}: to go on, run this again with --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question('Go on? Type "recover": ');
    if (answer.trim() !== 'recover') throw new CliError(unchanged);
  } finally {
    terminal.close();
  }
}

/** Copies before anything is touched: whatever goes wrong, the old data is there. */
function keepCopy(dataDir: string): void {
  const stamp = rfc3339(systemClock.nowMs()).replace(/[-:]/g, '');
  let copy = `${dataDir}.before-recover-${stamp}`;
  for (let n = 1; existsSync(copy); n++) copy = `${dataDir}.before-recover-${stamp}-${n}`;
  cpSync(dataDir, copy, { recursive: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE });
  say(`copied ${dataDir} to ${copy}`);
}

async function decide(findings: readonly Finding[], yes: boolean): Promise<Survivor> {
  const { base, report } = planRecovery(findings);
  for (const line of report) say(line);
  if (base === undefined) throw new CliError(`${unchanged}: see above`);
  say('');
  await confirm(yes);
  return base;
}

const highestTerm = (findings: readonly Finding[]): number =>
  Math.max(0, ...findings.map(({ found }) => (typeof found === 'string' ? 0 : found.log.hardState.term)));

async function recoverCluster(layout: Layout, yes: boolean): Promise<void> {
  const running = layout.replicas.filter(({ name }) => stateOf(layout, name).pid !== undefined);
  if (running.length > 0) {
    const names = running.map(({ name }) => name).join(', ');
    throw new CliError(`${unchanged}: ${names} must not run meanwhile; stop the cluster first with \`kuorum down\``);
  }
  const findings = await Promise.all(layout.replicas.map(({ name, dir }) => finding(name, dir)));
  const base = await decide(findings, yes);
  keepCopy(base.dataDir);
  for (const { name, dir } of layout.replicas) {
    if (dir === base.dataDir) continue;
    setReplicaRole(layout, name, 'joins');
    const aside = setAside(dir, 'before-recover');
    if (aside !== undefined) say(`moved ${dir} to ${aside}`);
  }
  await forceNewCluster(base.dataDir, silentLog, highestTerm(findings));
  const name = layout.replicas.find(({ dir }) => dir === base.dataDir)!.name;
  setReplicaRole(layout, name, undefined);
  say(`${name} is the only member now. \`kuorum up\` starts it, and the other replicas join it with its data.`);
}

async function recoverMembers(dataDirs: readonly string[], yes: boolean): Promise<void> {
  const findings = await Promise.all(dataDirs.map((dir) => finding(dir, dir)));
  const base = await decide(findings, yes);
  keepCopy(base.dataDir);
  await forceNewCluster(base.dataDir, silentLog, highestTerm(findings));
  say(
    `${base.dataDir} holds a cluster of one now. Start it with its own flags and --initial-cluster-state existing, then ` +
      'add the others: `etcdctl member add`, with empty data directories.',
  );
}

/** `dataDirs`: the folder of a local cluster, or the data directories of the members that are left. */
export async function recover(dataDirs: readonly string[], yes: boolean): Promise<void> {
  const dirs = dataDirs.map((dir) => resolve(dir));
  const [first = ''] = dirs;
  const layout = dirs.length === 1 ? findState(first) : undefined;
  if (layout !== undefined) return recoverCluster(layout, yes);
  if (dirs.some((dir) => holdsMember(dir))) return recoverMembers(dirs, yes);
  throw new CliError(`${dirs.join(', ')}: there is neither a cluster of \`kuorum up\` nor a member's data`);
}
