import { serveGrpcJs } from '../../grpc/grpc-js-server.ts';
import { forceNewCluster } from './force-new-cluster.ts';
import type { EtcdMemberOptions } from './member-options.ts';
import { systemMemberPlatform } from './member-platform.ts';
import type { MemberPlatform } from './member-platform.ts';
import { openMember } from './open-member.ts';
import type { EtcdMember } from './open-member.ts';
import { holdsMember } from './survivor.ts';

export type { EtcdMemberOptions } from './member-options.ts';
export type { EtcdMember } from './open-member.ts';
export { forceNewCluster } from './force-new-cluster.ts';
export { bestSurvivor, holdsMember, readSurvivor } from './survivor.ts';
export type { Survivor } from './survivor.ts';
export type { MemberDescription } from './describe.ts';
export { etcdVersion } from './version.ts';

/**
 * A member of a store cluster in this process: Raft, the store, and the etcd v3 API on the client URLs. A `platform` of
 * its own is for fault injection.
 */
export async function startEtcdMember(
  options: EtcdMemberOptions,
  platform: MemberPlatform = systemMemberPlatform,
): Promise<EtcdMember> {
  const { dataDir, forceNewCluster: alone = false, log } = options;
  if (alone && holdsMember(dataDir)) await forceNewCluster(dataDir, log);
  return openMember(options, options.grpcServer === 'grpc-js' ? { ...platform, serve: serveGrpcJs } : platform);
}
