import { serveGrpcJs } from '../../grpc/grpc-js-server.ts';
import type { EtcdMemberOptions } from './member-options.ts';
import { systemMemberPlatform } from './member-platform.ts';
import type { MemberPlatform } from './member-platform.ts';
import { openMember } from './open-member.ts';
import type { EtcdMember } from './open-member.ts';

export type { EtcdMemberOptions } from './member-options.ts';
export type { EtcdMember } from './open-member.ts';
export type { MemberDescription } from './describe.ts';
export { etcdVersion } from './version.ts';

/** A member of a store cluster in this process: Raft, the store, and the etcd v3 API on the client URLs. */
export const startEtcdMember = (
  options: EtcdMemberOptions,
  platform: MemberPlatform = systemMemberPlatform,
): Promise<EtcdMember> =>
  openMember(options, options.grpcServer === 'grpc-js' ? { ...platform, serve: serveGrpcJs } : platform);
