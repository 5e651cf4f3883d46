import { sleep } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/message-of.ts';
import type { Backend } from '../backend/backend.ts';
import { bootstrapOf, memberDefaults } from './member-options.ts';
import type { Bootstrap, EtcdMemberOptions } from './member-options.ts';
import { MemberRemovedError } from './membership.ts';
import { membersPath } from './peer-service.ts';
import type { CallPeer, ClusterInfo } from './peer-service.ts';
import { identityKey, jsonValue, parseJson, removedKey } from './records.ts';
import type { MemberRecord } from './store-state.ts';

/** Whose data a data directory holds. */
export interface Identity {
  readonly memberId: string;
  readonly clusterId: string;
  /** of a member that joined: whom it was told of, and that its log does not begin with the cluster */
  readonly joined?: readonly (MemberRecord & { readonly id: string })[];
}

/** What a member starts as. */
export interface Claim extends Bootstrap {
  readonly initialState: 'new' | 'existing';
}

export interface ClaimParts {
  readonly options: EtcdMemberOptions;
  readonly backend: Backend;
  readonly callPeer: CallPeer | undefined;
  readonly clock: Clock;
}

/** as etcd's --bootstrap-timeout */
const askTimeoutMs = 1000;
/** A peer may not know yet of a member that was added a moment ago. */
const joinAttempts = 10;
const joinPauseMs = 300;

const claimOf = ({ memberId, clusterId, joined }: Identity, bootstrap: Bootstrap): Claim => ({
  memberId,
  clusterId,
  members: joined ? new Map(joined.map(({ id, ...record }) => [id, record])) : bootstrap.members,
  initialState: joined ? 'existing' : 'new',
});

const sameUrls = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();

/** Refuses the data of another cluster. Of which member it is only the store behind it can tell: see `checkOwner`. */
function checkFound(found: Identity, bootstrap: Bootstrap, options: EtcdMemberOptions): void {
  if (options.initialClusterState === 'existing' || found.clusterId === bootstrap.clusterId) return;
  throw new Error(
    `${options.dataDir} holds data of cluster ${found.clusterId}, and the flags describe cluster ${bootstrap.clusterId}: ` +
      'use the data directory of this cluster, an empty one, the initial cluster that it was made with, ' +
      'or --initial-cluster-state existing where the membership has changed since',
  );
}

/** Refuses the data of another member, once the store tells where each member is. */
export function checkOwner(
  options: EtcdMemberOptions,
  { memberId }: Claim,
  members: ReadonlyMap<string, MemberRecord>,
): void {
  if (options.initialClusterState === 'existing') return;
  const flags = bootstrapOf(options).memberId;
  const own = members.get(memberId);
  if (flags === memberId || own === undefined || sameUrls(own.peerUrls, options.initialAdvertisePeerUrls)) return;
  throw new Error(
    `${options.dataDir} holds data of member ${memberId}, and ${options.name} is ${flags}: ` +
      'each member needs a data directory of its own',
  );
}

async function infoFrom(peerUrls: readonly string[], callPeer: CallPeer): Promise<ClusterInfo | undefined> {
  for (const url of peerUrls) {
    const answer = await callPeer(url, membersPath, {}, askTimeoutMs).catch(() => undefined);
    if (answer !== undefined) return answer as ClusterInfo;
  }
  return undefined;
}

/** What the other members of the initial cluster say; only those that answer. */
async function askOthers({ options, callPeer }: ClaimParts): Promise<ClusterInfo[]> {
  if (callPeer === undefined) return [];
  const others = Object.entries(options.initialCluster).filter(([name]) => name !== options.name);
  const answers = await Promise.all(others.map(([, urls]) => infoFrom(urls, callPeer)));
  return answers.filter((info) => info !== undefined);
}

/** The member with our peer URLs; throws where the flags do not describe the cluster that is there. */
function ownPlace(info: ClusterInfo, { initialCluster, initialAdvertisePeerUrls }: EtcdMemberOptions): string {
  const described = Object.values(initialCluster);
  const urls = info.members.map(({ peerUrls }) => peerUrls);
  const text = `error validating peerURLs ${urls.map((u) => u.join()).join(' ')}`;
  if (described.length !== urls.length) {
    throw new Error(`${text}: member count is unequal: --initial-cluster names ${described.length} of ${urls.length}`);
  }
  const stranger = urls.find((one) => !described.some((other) => sameUrls(one, other)));
  if (stranger !== undefined) throw new Error(`${text}: --initial-cluster has no member with ${stranger.join()}`);
  return info.members.find(({ peerUrls }) => sameUrls(peerUrls, initialAdvertisePeerUrls))!.id;
}

/** Finds identity and cluster among the members that are there, as one that was added to them. */
async function join(parts: ClaimParts): Promise<Identity> {
  const { options, clock } = parts;
  let trouble: unknown;
  for (let attempt = 0; attempt < joinAttempts; attempt++) {
    if (attempt > 0) await sleep(joinPauseMs, clock);
    const [info] = await askOthers(parts);
    if (info === undefined) {
      trouble = new Error('could not retrieve cluster information from the given URLs');
      continue;
    }
    try {
      return { memberId: ownPlace(info, options), clusterId: info.clusterId, joined: info.members };
    } catch (error) {
      trouble = error;
    }
  }
  throw new Error(`cannot fetch cluster info from peer urls: ${messageOf(trouble)}`);
}

/** The place among members that run that waits for this one to be started for the first time. */
function vacancy(infos: readonly ClusterInfo[], { options }: ClaimParts, bootstrap: Bootstrap): Identity | undefined {
  for (const { clusterId, members } of infos) {
    const place = members.find(({ peerUrls }) => sameUrls(peerUrls, options.initialAdvertisePeerUrls));
    if (place !== undefined && place.clientUrls.length === 0 && place.id !== bootstrap.memberId) {
      return { memberId: place.id, clusterId, joined: members };
    }
  }
  return undefined;
}

/** A member that ran before must not come back with empty hands: it would vote again, and forget what it promised. */
function checkNeverRan(
  infos: readonly ClusterInfo[],
  bootstrap: Bootstrap,
  { name, dataDir }: EtcdMemberOptions,
): void {
  const { memberId } = bootstrap;
  const ran = infos.some(({ members, removed }) => {
    const known = members.find(({ id }) => id === memberId);
    return removed.includes(memberId) || (known !== undefined && known.clientUrls.length > 0);
  });
  if (!ran) return;
  throw new Error(
    `member ${memberId} has already been bootstrapped: ${name} was part of this cluster, and its data is not in ${dataDir}. ` +
      'Bring the data back, or remove the member and add a new one in its place',
  );
}

async function claimFresh(parts: ClaimParts, bootstrap: Bootstrap): Promise<Identity> {
  const state = parts.options.initialClusterState ?? memberDefaults.initialClusterState;
  if (state === 'existing') return join(parts);
  const infos = await askOthers(parts);
  const found = state === 'auto' ? vacancy(infos, parts, bootstrap) : undefined;
  if (found !== undefined) return found;
  checkNeverRan(infos, bootstrap, parts.options);
  return { memberId: bootstrap.memberId, clusterId: bootstrap.clusterId };
}

/** Finds out, and writes down, whose data this is. Refuses that of another cluster, and of a member that was removed. */
export async function claim(parts: ClaimParts): Promise<Claim> {
  const { options, backend } = parts;
  const bootstrap = bootstrapOf(options);
  const value = await backend.get(identityKey);
  if (value === undefined) {
    const identity = await claimFresh(parts, bootstrap);
    await backend.write([{ key: identityKey, value: jsonValue(identity) }]);
    await backend.sync();
    return claimOf(identity, bootstrap);
  }
  const found = parseJson<Identity>(value);
  if ((await backend.get(removedKey)) !== undefined) throw new MemberRemovedError(found.memberId, options.dataDir);
  checkFound(found, bootstrap, options);
  return claimOf(found, bootstrap);
}

/** From now on this data directory belongs to nobody. */
export async function keepRemoved(backend: Backend): Promise<void> {
  await backend.write([{ key: removedKey, value: jsonValue(true) }]);
  await backend.sync();
}
