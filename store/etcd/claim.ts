import { sleep } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/message-of.ts';
import { GrpcError, grpcCode } from '../../grpc/server.ts';
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
  /** of a member made of a backup: the cluster that the flags describe, while its own is `clusterId` */
  readonly restoredFor?: string;
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

/** One that is slow may be a member, and know what this one must know: patience with it is worth more than a quick start. */
const slowAttempts = 5;

const joins = ({ initialClusterState: state = memberDefaults.initialClusterState }: EtcdMemberOptions): boolean =>
  state !== 'new';

const claimOf = ({ memberId, clusterId, joined }: Identity, bootstrap: Bootstrap): Claim => ({
  memberId,
  clusterId,
  members: joined ? new Map(joined.map(({ id, ...record }) => [id, record])) : bootstrap.members,
  initialState: joined ? 'existing' : 'new',
});

const sameUrls = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();

/** Refuses the data of another cluster. Of which member it is only the store behind it can tell: see `checkOwner`. */
function checkFound(found: Identity, bootstrap: Bootstrap, options: EtcdMemberOptions): void {
  if (joins(options) || (found.restoredFor ?? found.clusterId) === bootstrap.clusterId) return;
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
  if (joins(options)) return;
  const flags = bootstrapOf(options).memberId;
  const own = members.get(memberId);
  if (flags === memberId || own === undefined || sameUrls(own.peerUrls, options.initialAdvertisePeerUrls)) return;
  throw new Error(
    `${options.dataDir} holds data of member ${memberId}, and ${options.name} is ${flags}: ` +
      'each member needs a data directory of its own',
  );
}

/** undefined: nobody is there, or starts itself at this moment. One that is only slow is asked again. */
async function infoFrom(peerUrls: readonly string[], callPeer: CallPeer): Promise<ClusterInfo | undefined> {
  for (let attempt = 0; attempt < slowAttempts; attempt++) {
    let slow = false;
    for (const url of peerUrls) {
      try {
        return (await callPeer(url, membersPath, {}, askTimeoutMs)) as ClusterInfo;
      } catch (error) {
        slow ||= error instanceof GrpcError && error.code === grpcCode.deadlineExceeded;
      }
    }
    if (!slow) break;
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
function ownPlace(info: ClusterInfo, options: EtcdMemberOptions): string {
  const { initialCluster, initialClusterState, initialAdvertisePeerUrls: own } = options;
  const described = Object.values(initialCluster);
  const urls = info.members.map(({ peerUrls }) => peerUrls);
  const text = `error validating peerURLs ${urls.map((u) => u.join()).join(' ')}`;
  if (initialClusterState === 'existing' && described.length !== urls.length) {
    throw new Error(`${text}: member count is unequal: --initial-cluster names ${described.length} of ${urls.length}`);
  }
  const stranger = urls.find((one) => !described.some((other) => sameUrls(one, other)));
  if (stranger !== undefined) throw new Error(`${text}: --initial-cluster has no member with ${stranger.join()}`);
  const place = info.members.find(({ peerUrls }) => sameUrls(peerUrls, own));
  if (place === undefined) throw new Error(`${text}: none of them is ${own.join()}`);
  return place.id;
}

/** A member that ran before must not come back with empty hands: it would vote again, and forget what it promised. */
function checkNeverRan(infos: readonly ClusterInfo[], memberId: string, { name, dataDir }: EtcdMemberOptions): void {
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

/** Finds identity and cluster among the members that are there, as one that was added to them. */
async function findPlace(parts: ClaimParts): Promise<Identity> {
  const { options, clock } = parts;
  let trouble: unknown;
  for (let attempt = 0; attempt < joinAttempts; attempt++) {
    if (attempt > 0) await sleep(joinPauseMs, clock);
    const infos = await askOthers(parts);
    trouble = infos.length > 0 ? trouble : new Error('could not retrieve cluster information from the given URLs');
    for (const info of infos) {
      try {
        return { memberId: ownPlace(info, options), clusterId: info.clusterId, joined: info.members };
      } catch (error) {
        trouble = error;
      }
    }
  }
  throw new Error(`cannot fetch cluster info from peer urls: ${messageOf(trouble)}`);
}

async function claimFresh(parts: ClaimParts, bootstrap: Bootstrap): Promise<Identity> {
  if (joins(parts.options)) return join(parts);
  checkNeverRan(await askOthers(parts), bootstrap.memberId, parts.options);
  return { memberId: bootstrap.memberId, clusterId: bootstrap.clusterId };
}

async function join(parts: ClaimParts): Promise<Identity> {
  const identity = await findPlace(parts);
  checkNeverRan(
    [{ clusterId: identity.clusterId, members: identity.joined ?? [], removed: [] }],
    identity.memberId,
    parts.options,
  );
  return identity;
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
