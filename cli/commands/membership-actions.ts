import { rmSync } from 'node:fs';
import { CliError } from '../cli-error.ts';
import { describeMember } from '../cluster/describe.ts';
import type { Layout, ReplicaPlace } from '../cluster/layout.ts';
import { stateOf } from '../cluster/processes.ts';
import { loadState } from '../cluster/state.ts';
import { alignColumns } from '../cluster/status-text.ts';
import { joinReplica, memberOf, removeReplica } from '../membership/join-replica.ts';
import { replicaRoles } from '../membership/replica-roles.ts';
import { hexId, StoreAdmin } from '../membership/store-admin.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `2` and `replica-2` */
function replicaNamed(layout: Layout, target: string): ReplicaPlace {
  const name = /^\d+$/.test(target) ? `replica-${target}` : target;
  const replica = layout.replicas.find((r) => r.name === name);
  if (replica !== undefined) return replica;
  const known = layout.replicas.map((r) => r.name).join(', ');
  throw new CliError(`there is no replica "${target}"; there are: ${known}`);
}

async function roleOf(layout: Layout, replica: ReplicaPlace): Promise<string> {
  const state = stateOf(layout, replica.name);
  if (state.state !== 'running') return state.state;
  const member = await describeMember(layout, replica).catch(() => undefined);
  return member?.role ?? 'unreachable';
}

export async function memberList(dataDir: string): Promise<void> {
  const layout = loadState(dataDir);
  const members = await new StoreAdmin(layout).list();
  const roles = replicaRoles(layout);
  const rows = await Promise.all(
    layout.replicas.map(async (replica) => {
      const member = memberOf(members, replica);
      if (member === undefined) return [replica.name, '-', roles[replica.name] ?? 'no member', '-', replica.peerUrl];
      const kind = member.isLearner ? 'learner' : 'voter';
      return [replica.name, hexId(member.ID), kind, await roleOf(layout, replica), replica.peerUrl];
    }),
  );
  const strangers = members
    .filter((member) => !layout.replicas.some((replica) => memberOf([member], replica)))
    .map(({ ID, name, peerURLs, isLearner }) => [
      name,
      hexId(ID),
      isLearner ? 'learner' : 'voter',
      '-',
      peerURLs.join(),
    ]);
  for (const line of alignColumns([['REPLICA', 'MEMBER', 'KIND', 'ROLE', 'PEER URL'], ...rows, ...strangers]))
    say(line);
}

export async function memberAdd(dataDir: string, target: string): Promise<void> {
  const layout = loadState(dataDir);
  const replica = replicaNamed(layout, target);
  if (memberOf(await new StoreAdmin(layout).list(), replica)?.isLearner === false) {
    throw new CliError(`${replica.name} is a member already; see \`kuorum member list\``);
  }
  const ms = await joinReplica(layout, replica, say);
  say(`${replica.name} ready after ${(ms / 1000).toFixed(2)} s`);
}

export async function memberPromote(dataDir: string, target: string): Promise<void> {
  const layout = loadState(dataDir);
  const replica = replicaNamed(layout, target);
  const admin = new StoreAdmin(layout);
  const member = memberOf(await admin.list(), replica);
  if (member === undefined) throw new CliError(`${replica.name} is no member; see \`kuorum member add\``);
  await admin.promote(member.ID);
  say(`${replica.name} was promoted`);
}

export async function memberRemove(dataDir: string, target: string): Promise<void> {
  const layout = loadState(dataDir);
  const replica = replicaNamed(layout, target);
  const aside = await removeReplica(layout, replica, say);
  say(`${replica.name} is out of the cluster${aside === undefined ? '' : `; its data was moved to ${aside}`}`);
}

/** A new member in the place of one whose disk or machine is gone, or that should begin anew. */
export async function replace(dataDir: string, target: string): Promise<void> {
  const layout = loadState(dataDir);
  const replica = replicaNamed(layout, target);
  const aside = await removeReplica(layout, replica, say);
  const ms = await joinReplica(layout, replica, say);
  // the new member holds all of it
  if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
  say(`${replica.name} replaced; ready after ${(ms / 1000).toFixed(2)} s`);
}
