import { existsSync, renameSync } from 'node:fs';
import { rfc3339, systemClock } from '../../base/clock.ts';
import type { Member } from '../../proto/etcd-types.ts';
import { CliError } from '../cli-error.ts';
import { startOne } from '../cluster/start-one.ts';
import type { Layout, ReplicaPlace } from '../cluster/layout.ts';
import { stateOf, stopComponents } from '../cluster/processes.ts';
import { holdsMember } from '../../store/etcd/member.ts';
import { setReplicaRole } from './replica-roles.ts';
import { hexId, StoreAdmin } from './store-admin.ts';

export type Say = (line: string) => void;

export const memberOf = (members: readonly Member[], { peerUrl }: ReplicaPlace): Member | undefined =>
  members.find(({ peerURLs }) => peerURLs.includes(peerUrl));

/** `<dir>.<why>-20260102T030405Z` */
export function setAside(dir: string, why: string): string | undefined {
  if (!existsSync(dir)) return undefined;
  const stamp = rfc3339(systemClock.nowMs()).replace(/[-:]/g, '');
  for (let n = 0; ; n++) {
    const aside = `${dir}.${why}-${stamp}${n === 0 ? '' : `-${n}`}`;
    if (existsSync(aside)) continue;
    renameSync(dir, aside);
    return aside;
  }
}

/** The replica's member; added as a learner where there is none. */
export async function ensureMember(layout: Layout, replica: ReplicaPlace): Promise<Member> {
  const admin = new StoreAdmin(layout);
  const known = memberOf(await admin.list(), replica);
  if (known === undefined) return admin.addLearner(replica.peerUrl);
  if (known.name === '' || holdsMember(replica.dir)) return known;
  throw new CliError(
    `${replica.name} is a member, but its data is gone; put a new one in its place with \`kuorum replace ${replica.name}\``,
  );
}

/** Starts what is not running, waits until it is ready, and promotes a learner. Milliseconds until it was ready. */
async function startAndPromote(layout: Layout, { name }: ReplicaPlace, member: Member, say: Say): Promise<number> {
  // says to the process that it is to join, and to a later `up` what is left to do
  setReplicaRole(layout, name, 'joins');
  const ms = stateOf(layout, name).pid === undefined ? await startOne(layout, name) : 0;
  if (member.isLearner) {
    await new StoreAdmin(layout).promote(member.ID);
    say(`${name} caught up and was promoted`);
  }
  setReplicaRole(layout, name, undefined);
  return ms;
}

/** A replica that is no member becomes a learner, catches up, and is promoted. Milliseconds until it was ready. */
export async function joinReplica(layout: Layout, replica: ReplicaPlace, say: Say): Promise<number> {
  const member = await ensureMember(layout, replica);
  say(`${replica.name} is member ${hexId(member.ID)}${member.isLearner ? ', a learner' : ''}`);
  return startAndPromote(layout, replica, member, say);
}

/** Takes the replica out for good: its member is removed, its process ends, its data is set aside. Where that is. */
export async function removeReplica(layout: Layout, replica: ReplicaPlace, say: Say): Promise<string | undefined> {
  const admin = new StoreAdmin(layout);
  const member = memberOf(await admin.list(), replica);
  if (member !== undefined) {
    await admin.remove(member.ID, replica);
    say(`member ${hexId(member.ID)} removed`);
  }
  setReplicaRole(layout, replica.name, 'removed');
  await stopComponents(layout, [replica.name]);
  return setAside(replica.dir, 'removed');
}
